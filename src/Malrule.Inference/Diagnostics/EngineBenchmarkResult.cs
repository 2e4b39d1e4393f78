namespace Malrule.Inference;

/// <summary>What <see cref="EngineBenchmark"/> measured. Rates of a phase count only the steps of that phase.</summary>
public sealed record EngineBenchmarkResult
{
    /// <summary>Name of the model's folder.</summary>
    public required string Model { get; init; }

    /// <summary>Tokens of each prompt.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Branches of each request.</summary>
    public required int Samples { get; init; }

    /// <summary>Tokens of each branch.</summary>
    public required int OutputTokens { get; init; }

    /// <summary>Requests queued together.</summary>
    public required int Requests { get; init; }

    /// <summary>Device, instruction set and mode.</summary>
    public required string KernelPath { get; init; }

    /// <summary>Threads that computed.</summary>
    public required int Threads { get; init; }

    /// <summary>Seconds from opening the checkpoint to an engine that serves.</summary>
    public required double LoadSeconds { get; init; }

    /// <summary>Seconds from the first request handed in to the last finished: the median run.</summary>
    public required double TotalSeconds { get; init; }

    /// <summary>The same of every run, ascending.</summary>
    public required IReadOnlyList<double> AllTotalSeconds { get; init; }

    /// <summary>Prompt tokens computed a second, over the steps that computed any.</summary>
    public required double PromptTokensPerSecond { get; init; }

    /// <summary>Tokens drawn a second, over the steps that only decoded.</summary>
    public required double OutputTokensPerSecond { get; init; }

    /// <summary>Seconds until the first token was drawn.</summary>
    public required double TimeToFirstTokenSeconds { get; init; }

    /// <summary>Half of the steps took at most this many seconds.</summary>
    public required double StepSecondsP50 { get; init; }

    /// <summary>Nine in ten.</summary>
    public required double StepSecondsP90 { get; init; }

    /// <summary>99 in a hundred.</summary>
    public required double StepSecondsP99 { get; init; }

    /// <summary>Measured in this process after the runs: 8-bit multiply-adds, two operations each, in 10⁹/s.</summary>
    public required double PeakInt8Gops { get; init; }

    /// <summary>fp32 multiply-adds, two operations each, in 10⁹/s.</summary>
    public required double PeakFp32Gflops { get; init; }

    /// <summary>Bytes read from memory in 10⁹/s.</summary>
    public required double PeakReadGbps { get; init; }

    /// <summary>Whether the peaks are what such a machine reaches undisturbed; if not, shares of them say nothing.</summary>
    public required bool PeaksPlausible { get; init; }

    /// <summary>
    /// What the whole job would take at the peaks, each prompt's linear layers at that of the arithmetic and each decoding step's weights at that of
    /// reading, as a share of what it took.
    /// </summary>
    public required double JobShareOfLimits { get; init; }

    /// <summary>Operations of the linear layers a second while computing prompts, as a share of the peak of the mode's arithmetic; attention and norms are left out of the count.</summary>
    public required double PromptShareOfPeak { get; init; }

    /// <summary>Bytes of weights read by each decoding step a second, as a share of the peak; keys and values are left out of the count.</summary>
    public required double DecodeShareOfReadPeak { get; init; }

    /// <summary>Most memory the process held until the end of the first timed run, load and warm-up included.</summary>
    public required long PeakMemoryBytes { get; init; }

    /// <summary>Prompt tokens taken from the prefix cache in timed runs: 0, or the run was not cold.</summary>
    public required long PrefixHitTokens { get; init; }
}
