using Microsoft.Extensions.Logging;

namespace Malrule.Inference;

/// <summary>Which token states become a text's embedding.</summary>
public enum Pooling
{
    /// <summary>What <c>modules.json</c> and <c>1_Pooling</c> say; else the first token for BERT and the mean for nomic-bert.</summary>
    Auto,

    /// <summary>The first token's state.</summary>
    Cls,

    /// <summary>The mean over all tokens.</summary>
    Mean,
}

/// <summary>How an embedding model is loaded and used.</summary>
public sealed record EmbedderOptions
{
    /// <summary><c>auto</c>, <c>cpu</c> or <c>reference</c>.</summary>
    public string Device { get; init; } = "auto";

    /// <summary>Fast (8-bit) or exact (32-bit) arithmetic.</summary>
    public ComputeMode Mode { get; init; } = ComputeMode.Fast;

    /// <summary>Which token states become the embedding.</summary>
    public Pooling Pooling { get; init; } = Pooling.Auto;

    /// <summary>Longer inputs are cut to this many tokens, and counted; the model's own limit may be lower.</summary>
    public int MaxTokens { get; init; } = 1024;

    /// <summary>Tokens computed at once; no text is split over two batches. Does not change results.</summary>
    public int MaxBatchedTokens { get; init; } = 512;

    /// <summary>Threads that compute; 0: one for each core.</summary>
    public int Threads { get; init; }

    /// <summary>A kernel path to force, as in <see cref="EngineOptions.KernelPath"/>.</summary>
    public string? KernelPath { get; init; }

    /// <summary>Makes the logger that is told of loading, never of texts; null: nothing is logged.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>Weights are checked and counted, not packed: the model computes nothing.</summary>
    internal bool WithoutWeights { get; init; }

    /// <summary>Stops loading between two matrices.</summary>
    internal CancellationToken Loading { get; init; }

    /// <summary>Tokens that a step may hold: a batch, or one text of the longest length where that is more.</summary>
    internal int MaxRows(int modelTokens) => Math.Max(MaxBatchedTokens, Math.Min(MaxTokens, modelTokens));
}

/// <summary>Embeddings of a batch, in input order.</summary>
/// <param name="Vectors">One row a text, of length 1 where the model normalises.</param>
/// <param name="Tokens">Tokens computed.</param>
/// <param name="Truncated">Texts that were longer than the limit and were cut.</param>
public sealed record EmbeddingBatch(EmbeddingMatrix Vectors, long Tokens, int Truncated);
