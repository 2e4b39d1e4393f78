namespace Malrule.Inference;

/// <summary>What <see cref="EmbedderBenchmark"/> measured.</summary>
public sealed record EmbedderBenchmarkResult
{
    /// <summary>Name of the model's folder.</summary>
    public required string Model { get; init; }

    /// <summary>Texts of a run.</summary>
    public required int Texts { get; init; }

    /// <summary>Tokens of each text.</summary>
    public required int Tokens { get; init; }

    /// <summary>Device, instruction set and mode.</summary>
    public required string KernelPath { get; init; }

    /// <summary>Threads that computed.</summary>
    public required int Threads { get; init; }

    /// <summary>Seconds from opening the checkpoint to an embedder that serves.</summary>
    public required double LoadSeconds { get; init; }

    /// <summary>Seconds of a run: the median.</summary>
    public required double TotalSeconds { get; init; }

    /// <summary>The same of every run, ascending.</summary>
    public required IReadOnlyList<double> AllTotalSeconds { get; init; }

    /// <summary>Texts embedded a second.</summary>
    public required double TextsPerSecond { get; init; }

    /// <summary>Tokens embedded a second.</summary>
    public required double TokensPerSecond { get; init; }

    /// <summary>Operations of the linear layers a second as a share of the peak of the mode's arithmetic; attention, norms and activations are left out of the count.</summary>
    public required double ShareOfPeak { get; init; }

    /// <summary>Measured in this process after the runs: 8-bit multiply-adds, two operations each, in 10⁹/s.</summary>
    public required double PeakInt8Gops { get; init; }

    /// <summary>fp32 multiply-adds, two operations each, in 10⁹/s.</summary>
    public required double PeakFp32Gflops { get; init; }

    /// <summary>Bytes read from memory in 10⁹/s.</summary>
    public required double PeakReadGbps { get; init; }

    /// <summary>Whether the peaks are what such a machine reaches undisturbed; if not, shares of them say nothing.</summary>
    public required bool PeaksPlausible { get; init; }

    /// <summary>Most memory the process held until the end of the runs, load included.</summary>
    public required long PeakMemoryBytes { get; init; }
}
