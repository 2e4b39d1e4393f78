using Malrule.Inference;
using Malrule.Mining.Demonstrations;
using Malrule.Mining.Generations;
using Malrule.Mining.Prompts;
using Malrule.Mining.Rankings;
using Malrule.Mining.Rankings.Hybrid;
using Malrule.Mining.Rankings.Lexical;
using Malrule.Mining.Rankings.Neighbours;
using Malrule.Mining.Rankings.Reranking;

namespace Malrule.Mining.Results;

/// <summary>The part of <see cref="MiningOptions"/> that results depend on, as <c>run.json</c> stores it; null where the method does not use it.</summary>
public sealed record RunOptions
{
    /// <summary>The preset the options started from.</summary>
    public required MiningPreset Preset { get; init; }

    /// <summary>How misconceptions were ranked.</summary>
    public required MiningMethod Method { get; init; }

    /// <summary>Questions sampled; null: all.</summary>
    public int? Sample { get; init; }

    /// <summary>pandas' <c>random_state</c>; null where nothing is sampled.</summary>
    public uint? SampleSeed { get; init; }

    /// <summary>Distractors mined at most; null: all.</summary>
    public int? Limit { get; init; }

    /// <summary>Candidates of a distractor.</summary>
    public required int Candidates { get; init; }

    /// <summary>Seed of all that is random.</summary>
    public long? Seed { get; init; }

    /// <summary>Whether items have seeds of their own.</summary>
    public bool? SeedPerItem { get; init; }

    /// <summary>Which labelled questions stand in a prompt.</summary>
    public DemonstrationOptions? Demonstrations { get; init; }

    /// <summary>How a prompt is written.</summary>
    public PromptOptions? Prompt { get; init; }

    /// <summary>How hypotheses are sampled.</summary>
    public SamplingParams? Sampling { get; init; }

    /// <summary>How a generated text becomes an inferred misconception.</summary>
    public HypothesisOptions? Hypotheses { get; init; }

    /// <summary>How rankings are fused.</summary>
    public FusionOptions? Fusion { get; init; }

    /// <summary>What maps inferred misconceptions onto the catalogue.</summary>
    public Retriever? Retriever { get; init; }

    /// <summary>Whether only distractors with stored texts were mined.</summary>
    public bool? OnlyWithTexts { get; init; }

    /// <summary>Arithmetic of the language model.</summary>
    public ComputeMode? Mode { get; init; }

    /// <summary>Storage of its KV cache.</summary>
    public KvType? KvType { get; init; }

    /// <summary>Longest sequence asked for, in tokens.</summary>
    public int? MaxModelLength { get; init; }

    /// <summary>The server that generated; null: the process itself.</summary>
    public RunEndpoint? Endpoint { get; init; }

    /// <summary>The server that embedded; null: the process itself.</summary>
    public RunEndpoint? EmbedderEndpoint { get; init; }

    /// <summary>Arithmetic of the embedder.</summary>
    public ComputeMode? EmbedderMode { get; init; }

    /// <summary>Its pooling.</summary>
    public Pooling? Pooling { get; init; }

    /// <summary>Tokens a text is cut to.</summary>
    public int? EmbedderMaxTokens { get; init; }

    /// <summary>Put before inferred texts; null: what the embedder was trained with.</summary>
    public string? QueryPrefix { get; init; }

    /// <summary>Put before names; null: what the embedder was trained with.</summary>
    public string? CataloguePrefix { get; init; }

    /// <summary>Whether names are embedded without stray spaces.</summary>
    public bool? CleanNames { get; init; }

    /// <summary>Whether cosines are in double precision.</summary>
    public bool? CosinesInDouble { get; init; }

    /// <summary>The weights of the method lexical.</summary>
    public LexicalOptions? Lexical { get; init; }

    /// <summary>The weights of the method neighbours.</summary>
    public NeighbourOptions? Neighbours { get; init; }

    /// <summary>What the method hybrid fuses.</summary>
    public HybridOptions? Hybrid { get; init; }

    /// <summary>How the first candidates were put in a new order; null: they were not.</summary>
    public RerankOptions? Rerank { get; init; }

    /// <summary>What results of <paramref name="options"/> depend on; how stored texts came about is as their run has it.</summary>
    public static RunOptions Of(MiningOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        bool texts = options.UsesTexts, embeds = options.Embeds, local = embeds && options.EmbedderEndpoint is null;
        RunOptions chosen = OfGenerating(options) with
        {
            Method = options.Method,
            Candidates = options.Candidates,
            OnlyWithTexts = options.OnlyWithTexts ? true : null,
            Hypotheses = texts ? options.Hypotheses : null,
            Fusion = texts ? options.Fusion : null,
            Retriever = texts ? options.Retriever : null,
            EmbedderEndpoint = embeds ? RunEndpoint.Of(options.EmbedderEndpoint, options.Embedder) : null,
            EmbedderMode = local ? options.Embedding.Engine.Mode : null,
            Pooling = local ? options.Embedding.Engine.Pooling : null,
            EmbedderMaxTokens = local ? options.Embedding.Engine.MaxTokens : null,
            QueryPrefix = embeds ? options.Embedding.QueryPrefix : null,
            CataloguePrefix = embeds ? options.Embedding.CataloguePrefix : null,
            CleanNames = embeds ? options.Embedding.CleanNames : null,
            CosinesInDouble = embeds ? options.Embedding.CosinesInDouble : null,
            Lexical = options.Method == MiningMethod.Lexical || (texts && !embeds) ? options.Lexical : null,
            Neighbours = options.Method == MiningMethod.Neighbours ? options.Neighbours : null,
            Hybrid = options.Method == MiningMethod.Hybrid ? options.Hybrid : null,
        };
        return options.Rerank is null ? chosen with { Rerank = null } : chosen with
        {
            Rerank = options.Rerank,
            Seed = options.Seed,
            Mode = options.Engine.Mode,
            KvType = options.Engine.KvType,
            MaxModelLength = options.Engine.MaxModelLength ?? options.Engine.ModelLengthCap,
        };
    }

    // What was mined, and what a language model's texts depend on.
    private static RunOptions OfGenerating(MiningOptions options)
    {
        if (options.GeneratedBy is { } run)
            return run.Options;
        var common = new RunOptions
        {
            Preset = options.Preset,
            Method = options.Method,
            Sample = options.Sample,
            SampleSeed = options.Sample is null ? null : options.SampleSeed,
            Limit = options.Limit,
            Candidates = options.Candidates,
        };
        return !options.Generates ? common : common with
        {
            Seed = options.Seed,
            SeedPerItem = options.SeedPerItem,
            Demonstrations = options.Demonstrations,
            Prompt = options.Prompt,
            Sampling = options.Sampling with { Seed = null },
            Endpoint = RunEndpoint.Of(options.Endpoint, options.Model),
            Mode = options.Endpoint is null ? options.Engine.Mode : null,
            KvType = options.Endpoint is null ? options.Engine.KvType : null,
            MaxModelLength = options.Engine.MaxModelLength ?? (options.Endpoint is null ? options.Engine.ModelLengthCap : null),
        };
    }
}
