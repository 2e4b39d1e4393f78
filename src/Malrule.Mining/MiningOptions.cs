using Malrule.Inference;
using Malrule.Mining.Demonstrations;
using Malrule.Mining.Embeddings;
using Malrule.Mining.Endpoints;
using Malrule.Mining.Generations;
using Malrule.Mining.Prompts;
using Malrule.Mining.Rankings;
using Malrule.Mining.Rankings.Hybrid;
using Malrule.Mining.Rankings.Lexical;
using Malrule.Mining.Rankings.Neighbours;
using Malrule.Mining.Rankings.Reranking;
using Malrule.Mining.Results;

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

    /// <summary>
    /// By all of these together, weighed as labelled questions teach: words and neighbours, and with a language model or stored texts also what was inferred.
    /// </summary>
    Hybrid,
}

/// <summary>What maps inferred misconceptions onto the catalogue.</summary>
public enum Retriever
{
    /// <summary>Cosines of embeddings.</summary>
    Embedder,

    /// <summary>The words that text and name share (TF-IDF); needs no model.</summary>
    Lexical,
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

    /// <summary>
    /// The language model's folder or hub id; needed by <see cref="MiningMethod.Infer"/> unless there are <see cref="Generations"/>, and by <see cref="Rerank"/>.
    /// </summary>
    public string? Model { get; init; }

    /// <summary>The server that generates, <see cref="Model"/> being the model's name there; null: this process.</summary>
    public EndpointOptions? Endpoint { get; init; }

    /// <summary>The embedder's folder or hub id; needed where texts are mapped by <see cref="Retriever.Embedder"/>.</summary>
    public string? Embedder { get; init; }

    /// <summary>The server that embeds, <see cref="Embedder"/> being the embedder's name there; null: this process.</summary>
    public EndpointOptions? EmbedderEndpoint { get; init; }

    /// <summary>A file of texts to rank in place of generating any, one JSON object a line: <c>{"id": "1672_B", "texts": ["…"]}</c>.</summary>
    public string? Generations { get; init; }

    /// <summary>The run that <see cref="Generations"/> come from, whose options and inputs stay part of this one's; null for texts from elsewhere.</summary>
    public RunManifest? GeneratedBy { get; init; }

    /// <summary>Whether only distractors about which <see cref="Generations"/> have a text are mined.</summary>
    public bool OnlyWithTexts { get; init; }

    /// <summary>What maps inferred misconceptions onto the catalogue.</summary>
    public Retriever Retriever { get; init; } = Retriever.Embedder;

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

    /// <summary>The weights of <see cref="MiningMethod.Lexical"/>, and how <see cref="Retriever.Lexical"/> weighs words.</summary>
    public LexicalOptions Lexical { get; init; } = new();

    /// <summary>The weights of <see cref="MiningMethod.Neighbours"/>.</summary>
    public NeighbourOptions Neighbours { get; init; } = new();

    /// <summary>What <see cref="MiningMethod.Hybrid"/> fuses.</summary>
    public HybridOptions Hybrid { get; init; } = new();

    /// <summary>How the language model puts the first candidates of any method in a new order; null: it does not.</summary>
    public RerankOptions? Rerank { get; init; }

    /// <summary>How many candidates a distractor gets in <c>candidates.csv</c>; the submission takes the first 25.</summary>
    public int Candidates { get; init; } = 100;

    /// <summary>How the language model is loaded and served; mode and longest sequence change results, the rest does not.</summary>
    public EngineOptions Engine { get; init; } = new() { ModelLengthCap = 4096 };

    /// <summary>Whether inferred misconceptions are part of the ranking.</summary>
    public bool UsesTexts => Method == MiningMethod.Infer || (Method == MiningMethod.Hybrid && (Model ?? Generations) is not null);

    /// <summary>Whether a language model is asked.</summary>
    internal bool Generates => UsesTexts && Generations is null;

    /// <summary>Whether texts are embedded.</summary>
    internal bool Embeds => UsesTexts && Retriever == Retriever.Embedder;

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
        Hybrid.Validate();
        Rerank?.Validate();
        if (Rerank?.Candidates > Candidates)
            throw new InvalidInputException($"rerank candidates must be at most candidates, which is {Candidates}; it is {Rerank.Candidates}.");
        if (Rerank is not null && Model is null)
            throw new InvalidInputException("Reranking needs a language model. Name its folder (--model), or leave --rerank out.");
        if (Rerank is not null && Endpoint is not null)
            throw new InvalidInputException("Reranking needs the probabilities of letters, which only a language model on this machine tells in full. Name its folder (--model) without --endpoint, or leave --rerank out.");
        if (Rerank is not null && Generations is not null)
            throw new InvalidInputException("Stored texts are ranked without a language model, so reranking is not to be had with them. Leave it out, or mine with --rerank.");
        if (Generations is not null && !UsesTexts)
            throw new InvalidInputException($"The method {Method.ToString().ToLowerInvariant()} ranks no texts. Choose infer or hybrid.");
        if (OnlyWithTexts && Generations is null)
            throw new InvalidInputException("Only distractors with texts are asked for, but no file of texts is named.");
        if (Generates && Model is null)
            throw new InvalidInputException("The method infer needs a language model (--model). Name its folder or its hub id, such as Qwen/Qwen2.5-3B-Instruct-AWQ (malrule pull downloads it), or choose a method without models: lexical, neighbours or hybrid.");
        if (Embeds && Embedder is null)
            throw new InvalidInputException("Inferred texts need an embedder (--embedder) to be mapped onto the catalogue. Name its folder or its hub id, such as nomic-ai/nomic-embed-text-v1.5 (malrule pull downloads it), or look them up by words (--retriever lexical).");
        if (Method == MiningMethod.Hybrid && !UsesTexts && Embedder is not null)
            throw new InvalidInputException("The method hybrid has an embedder but no language model whose texts it could embed. Name one (--model), or leave the embedder out to fuse words and neighbours.");
        if (Embeds)
            EmbedderEndpoint?.Validate();
        if (!Generates)
            return;
        Endpoint?.Validate();
        Sampling.Validate();
        if (Endpoint is not null)
            EndpointGenerator.Check(Sampling);
        if (Sampling.Seed is not null && Sampling.Seed != Seed)
            throw new InvalidInputException($"The sampling seed is {Sampling.Seed} but the run's is {Seed}. Set the run's seed only.");
    }
}
