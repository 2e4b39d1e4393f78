using Microsoft.Extensions.Logging;

namespace Malrule.Inference;

/// <summary>How numbers are computed.</summary>
public enum ComputeMode
{
    /// <summary>8-bit activations against 4-bit or 8-bit weights, 16-bit KV: the default.</summary>
    Fast,

    /// <summary>32-bit activations and KV: agrees with Hugging Face in fp32 to within 1e-3 in every logprob.</summary>
    Exact,
}

/// <summary>Storage type of the KV cache; the residual stream and every norm are fp32 whatever is chosen.</summary>
public enum KvType
{
    /// <summary>fp16 in fast mode, fp32 in exact mode.</summary>
    Auto,

    /// <summary>16-bit floating point.</summary>
    Float16,

    /// <summary>32-bit floating point.</summary>
    Float32,
}

/// <summary>
/// How a checkpoint is loaded and served. The defaults suit a batch job on one machine. Names in remarks are vLLM's arguments.
/// </summary>
public sealed record EngineOptions
{
    /// <summary><c>auto</c>, <c>cpu</c> or <c>reference</c> (plain scalar loops, the oracle of the others). Asking for an absent device fails.</summary>
    public string Device { get; init; } = "auto";

    /// <summary>Fast (8-bit activations) or exact (32-bit) arithmetic.</summary>
    public ComputeMode Mode { get; init; } = ComputeMode.Fast;

    /// <summary>Storage type of the KV cache (<c>dtype</c>).</summary>
    public KvType KvType { get; init; } = KvType.Auto;

    /// <summary>Longest sequence, prompt and output together, in tokens (<c>max_model_len</c>); null: the checkpoint's own limit, shrunk to memory.</summary>
    public int? MaxModelLength { get; init; }

    /// <summary>Where <see cref="MaxModelLength"/> is null, the checkpoint's own limit counts up to this many tokens; null: all of it.</summary>
    public int? ModelLengthCap { get; init; }

    /// <summary>Most branches running at once (<c>max_num_seqs</c>); shrinks to what memory holds.</summary>
    public int MaxNumSeqs { get; init; } = 256;

    /// <summary>Most tokens computed in one step (<c>max_num_batched_tokens</c>).</summary>
    public int MaxNumBatchedTokens { get; init; } = 1024;

    /// <summary>
    /// Memory for weights, KV pages and workspace: a number of bytes (&gt; 1), or a fraction (0, 1] of the memory free at load
    /// (<c>gpu_memory_utilization</c>).
    /// </summary>
    public double Memory { get; init; } = 0.8;

    /// <summary>Whether full pages are kept for later prompts that start alike (<c>enable_prefix_caching</c>).</summary>
    public bool EnablePrefixCaching { get; init; } = true;

    /// <summary>Threads that compute; 0: one for each core.</summary>
    public int Threads { get; init; }

    /// <summary>Whether each thread stays on a core of its own (Linux and Windows): for machines that do nothing else.</summary>
    public bool PinThreads { get; init; }

    /// <summary>Seed of requests that bring none (<c>seed</c>): each such branch derives its own from it and its arrival.</summary>
    public long Seed { get; init; }

    /// <summary>Most logprobs a request may ask for per position (<c>max_logprobs</c>); -1: no limit.</summary>
    public int MaxLogprobs { get; init; } = 20;

    /// <summary>A bad prompt makes the whole call throw, as vLLM's does, instead of failing alone.</summary>
    public bool Strict { get; init; }

    /// <summary>A kernel path to force (<c>portable</c>, <c>avx2</c>, <c>avx512</c> …), for tests and comparisons; null: the best this machine runs.</summary>
    public string? KernelPath { get; init; }

    /// <summary>Weights are checked and counted, not packed: the model computes nothing.</summary>
    internal bool WithoutWeights { get; init; }

    /// <summary>Stops loading between two matrices.</summary>
    internal CancellationToken Loading { get; init; }

    /// <summary>Makes the logger that is told of loading, failed requests and memory pressure, never of texts; null: nothing is logged.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }
}
