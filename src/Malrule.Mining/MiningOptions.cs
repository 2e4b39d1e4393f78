using Malrule.Inference;
using Malrule.Mining.Demonstrations;
using Malrule.Mining.Embeddings;
using Malrule.Mining.Generations;
using Malrule.Mining.Prompts;
using Malrule.Mining.Rankings;
using Malrule.Mining.Rankings.Lexical;
using Malrule.Mining.Rankings.Neighbours;

namespace Malrule.Mining;

/// <summary>A set of defaults for <see cref="MiningOptions"/>.</summary>
public enum MiningPreset
{
    /// <summary>What works best.</summary>
    Default,

    /// <summary>The tutorial Malrule started from, step for step, quirks included.</summary>
    Tutorial,
}

/// <summary>How misconceptions are ranked.</summary>
public enum MiningMethod
{
    /// <summary>A language model infers misconceptions from demonstrations, an embedder maps them onto the catalogue, the rankings are fused.</summary>
    Infer,

    /// <summary>By the words that names and question share; needs no model.</summary>
    Lexical,

    /// <summary>By the labels of similar distractors, beside a little of lexical; needs no model but labelled questions.</summary>
    Neighbours,
}

/// <summary>Everything a run depends on. What changes its results is stored in <c>run.json</c>; how it is computed is not.</summary>
public sealed record MiningOptions
{
    /// <summary>Folder with <c>misconception_mapping.csv</c>, <c>train.csv</c> and perhaps <c>test.csv</c>.</summary>
    public required string Data { get; init; }

    /// <summary>The run folder; made where it is absent, resumed where it holds the same run.</summary>
    public required string Output { get; init; }

    /// <summary>The questions to mine; null: <c>test.csv</c> of <see cref="Data"/> where it is there, else <c>train.csv</c>.</summary>
    public string? Questions { get; init; }

    /// <summary>The preset these options started from; stored, and of no other effect.</summary>
    public MiningPreset Preset { get; init; } = MiningPreset.Default;

    /// <summary>How misconceptions are ranked.</summary>
    public MiningMethod Method { get; init; } = MiningMethod.Infer;

    /// <summary>Mine this many questions only, the rows that pandas' <c>sample(n, random_state)</c> picks; null: all.</summary>
    public int? Sample { get; init; }

    /// <summary>pandas' <c>random_state</c>.</summary>
    public uint SampleSeed { get; init; }

    /// <summary>Mine this many distractors only, the first by question id and letter; null: all.</summary>
    public int? Limit { get; init; }

    /// <summary>The language model's folder or hub id; needed by <see cref="MiningMethod.Infer"/>.</summary>
    public string? Model { get; init; }

    /// <summary>The embedder's folder or hub id; needed by <see cref="MiningMethod.Infer"/>.</summary>
    public string? Embedder { get; init; }

    /// <summary>Seed of all that is random: sampling of tokens and, in the tutorial's rule, of demonstrations.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Whether an item's samples use seeds derived from <see cref="Seed"/> and its id (see <see cref="ItemSeed"/>), or all items the same (tutorial).</summary>
    public bool SeedPerItem { get; init; } = true;

    /// <summary>Which labelled questions stand in a prompt.</summary>
    public DemonstrationOptions Demonstrations { get; init; } = new();

    /// <summary>How a prompt is written.</summary>
    public PromptOptions Prompt { get; init; } = new();

    /// <summary>How hypotheses are sampled; <see cref="SamplingParams.N"/> is their number. Its seed is set from <see cref="Seed"/>.</summary>
    public SamplingParams Sampling { get; init; } = new() { N = 10, Temperature = 0.7, MaxTokens = 64, Stop = ["\n"] };

    /// <summary>How a generated text becomes an inferred misconception.</summary>
    public HypothesisOptions Hypotheses { get; init; } = new();

    /// <summary>How texts are embedded and compared.</summary>
    public EmbeddingOptions Embedding { get; init; } = new();

    /// <summary>How the rankings of a distractor's samples become one.</summary>
    public FusionOptions Fusion { get; init; } = new();

    /// <summary>The weights of <see cref="MiningMethod.Lexical"/>.</summary>
    public LexicalOptions Lexical { get; init; } = new();

    /// <summary>The weights of <see cref="MiningMethod.Neighbours"/>.</summary>
    public NeighbourOptions Neighbours { get; init; } = new();

    /// <summary>How many candidates a distractor gets in <c>candidates.csv</c>; the submission takes the first 25.</summary>
    public int Candidates { get; init; } = 100;

    /// <summary>How the language model is loaded and served; mode and longest sequence change results, the rest does not.</summary>
    public EngineOptions Engine { get; init; } = new() { ModelLengthCap = 4096 };

    /// <summary>The options of a preset.</summary>
    public static MiningOptions Of(MiningPreset preset, string data, string output)
    {
        var options = new MiningOptions { Data = data, Output = output };
        return preset == MiningPreset.Default ? options : options with
        {
            Preset = preset,
            SeedPerItem = false,
            Demonstrations = DemonstrationOptions.Tutorial,
            Prompt = PromptOptions.Tutorial,
            Sampling = options.Sampling with { Stop = ["\n\n", ". "] },
            Hypotheses = HypothesisOptions.Tutorial,
            Embedding = EmbeddingOptions.Tutorial,
            Fusion = FusionOptions.Tutorial,
        };
    }

    /// <summary>Checks everything that can be checked without reading a file.</summary>
    /// <exception cref="InvalidInputException">An option is missing or outside its range; the message names it.</exception>
    public void Validate()
    {
        if (Limit < 1)
            throw new InvalidInputException($"limit must be at least 1; it is {Limit}. Leave it out to mine all distractors.");
        if (Candidates < 25)
            throw new InvalidInputException($"candidates must be at least 25, which the submission takes; it is {Candidates}.");
        Demonstrations.Validate();
        Fusion.Validate();
        Lexical.Validate();
        Neighbours.Validate();
        if (Method != MiningMethod.Infer)
            return;
        if (Model is null || Embedder is null)
            throw new InvalidInputException($"The method infer needs {(Model is null ? "a language model (--model)" : "an embedder (--embedder)")}. Name its folder, or choose a method without models: lexical or neighbours.");
        Sampling.Validate();
        if (Sampling.Seed is not null && Sampling.Seed != Seed)
            throw new InvalidInputException($"The sampling seed is {Sampling.Seed} but the run's is {Seed}. Set the run's seed only.");
    }
}
