using System.Runtime.InteropServices;
using Malrule.Inference.Compute.Cpu;

namespace Malrule.Inference;

/// <summary>What this machine and process have for computing: the facts behind a choice of kernels and a memory ledger.</summary>
public sealed record MachineReport
{
    private const long ReadBytes = 512L << 20;

    /// <summary>Operating system with its version.</summary>
    public required string OperatingSystem { get; init; }

    /// <summary>.NET runtime with its version.</summary>
    public required string Runtime { get; init; }

    /// <summary>Architecture of the process, such as x64.</summary>
    public required string Architecture { get; init; }

    /// <summary>The processor's own name; null where the system does not tell it.</summary>
    public required string? Processor { get; init; }

    /// <summary>Cores that this process may use.</summary>
    public required int Cores { get; init; }

    /// <summary>Devices that an engine can be asked for; auto takes the first.</summary>
    public required IReadOnlyList<string> Devices { get; init; }

    /// <summary>Kernel paths that this machine runs, the one in use first.</summary>
    public required IReadOnlyList<string> KernelPaths { get; init; }

    /// <summary>Whether generated machine code may run here; without it the fastest kernels cannot.</summary>
    public required bool ExecutablePages { get; init; }

    /// <summary>Bytes of physical memory.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Bytes that a memory budget given as a fraction is taken of.</summary>
    public required long FreeMemoryBytes { get; init; }

    /// <summary>Bytes that a container (cgroup) allows this process; null: no such limit.</summary>
    public required long? MemoryLimitBytes { get; init; }

    /// <summary>Linux's setting of transparent huge pages: always, madvise or never; null elsewhere.</summary>
    public required string? HugePages { get; init; }

    /// <summary>fp32 multiply-adds at most, as two operations each, in 10⁹/s; null where they were not measured.</summary>
    public double? PeakFp32Gflops { get; init; }

    /// <summary>8-bit multiply-adds at most, as two operations each, in 10⁹/s; null where they were not measured.</summary>
    public double? PeakInt8Gops { get; init; }

    /// <summary>Bytes read in order from memory at most, in 10⁹/s; null where they were not measured.</summary>
    public double? PeakReadGbps { get; init; }

    /// <summary>Looks at the machine.</summary>
    /// <param name="threads">Threads to measure with, 0: one for each core; null: the peaks are not measured.</param>
    public static MachineReport Take(int? threads = null)
    {
        long free = MemoryLedger.FreeBytes();
        // Where memory is short, less of it is read: then caches may answer for it.
        MachinePeaks? peaks = threads is { } count ? MachinePeaks.Measure(count > 0 ? count : Environment.ProcessorCount, Math.Min(ReadBytes, Math.Max(16L << 20, free / 4))) : null;
        return new MachineReport
        {
            OperatingSystem = RuntimeInformation.OSDescription,
            Runtime = RuntimeInformation.FrameworkDescription,
            Architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant(),
            Processor = LinuxValue("/proc/cpuinfo", "model name") ?? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER"),
            Cores = Environment.ProcessorCount,
            Devices = ["cpu", "reference"],
            KernelPaths = Compute.Cpu.KernelPaths.Names,
            ExecutablePages = ExecutableMemory.IsAllowed,
            MemoryBytes = LinuxValue("/proc/meminfo", "MemTotal") is { } total && long.TryParse(total.Split(' ')[0], out long kib) ? kib << 10 : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
            FreeMemoryBytes = free,
            MemoryLimitBytes = ControlGroupLimit(),
            HugePages = Read("/sys/kernel/mm/transparent_hugepage/enabled")?.Split('[', ']').ElementAtOrDefault(1), // always [madvise] never
            PeakFp32Gflops = peaks is { Fp32Gflops: > 0 } ? peaks.Fp32Gflops : null,
            PeakInt8Gops = peaks is { Int8Gops: > 0 } ? peaks.Int8Gops : null,
            PeakReadGbps = peaks?.ReadGbps,
        };
    }

    /// <summary>The lowest memory.max of this process's control group (version 2) and of those above it.</summary>
    private static long? ControlGroupLimit()
    {
        long? lowest = null;
        string? group = Read("/proc/self/cgroup")?.Split('\n').FirstOrDefault(line => line.StartsWith("0::", StringComparison.Ordinal))?[3..];
        for (; !string.IsNullOrEmpty(group); group = Path.GetDirectoryName(group))
            if (long.TryParse(Read($"/sys/fs/cgroup{group}/memory.max"), out long bytes)) // else "max"
                lowest = Math.Min(bytes, lowest ?? long.MaxValue);
        return lowest;
    }

    private static string? LinuxValue(string file, string key) =>
        Read(file)?.Split('\n').FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal))?.Split(':', 2).ElementAtOrDefault(1)?.Trim();

    private static string? Read(string file)
    {
        try
        {
            return File.Exists(file) ? File.ReadAllText(file).Trim() : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null; // the system keeps it to itself
        }
    }
}
