using System.Runtime.Intrinsics.X86;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>
/// The instruction sets the linear layers have kernels for, worst first. Within one machine every path gives bitwise the same
/// results: integer dot products are exact, and the fp32 steps around them are the same fused operations in the same order.
/// </summary>
internal enum KernelPath
{
    /// <summary><c>Vector&lt;T&gt;</c> only: any processor.</summary>
    Portable,

    /// <summary>256-bit, int8 products by pairs of 16-bit sums.</summary>
    Avx2,

    /// <summary>256-bit with the VEX form of VPDPBUSD.</summary>
    AvxVnni,

    /// <summary>512-bit, int8 products by pairs of 16-bit sums.</summary>
    Avx512,

    /// <summary>512-bit VPDPBUSD in machine code generated at start-up: .NET has no intrinsic for it.</summary>
    Vnni,
}

/// <summary>Which kernel paths this machine runs, and their names as options and reports spell them.</summary>
internal static class KernelPaths
{
    public static bool IsSupported(KernelPath path) => path switch
    {
        KernelPath.Portable => true,
        KernelPath.Avx2 => Avx2.IsSupported && Fma.IsSupported,
        KernelPath.AvxVnni => AvxVnni.IsSupported && Fma.IsSupported,
        KernelPath.Avx512 => Avx512BW.IsSupported && Avx512F.VL.IsSupported,
        _ => IsSupported(KernelPath.Avx512) && HasAvx512Vnni() && ExecutableMemory.IsAllowed,
    };

    /// <summary>The paths this machine runs, best first.</summary>
    public static IReadOnlyList<KernelPath> Supported { get; } = [.. Enum.GetValues<KernelPath>().Where(IsSupported).Reverse()];

    /// <summary>Their names, best first.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Supported.Select(Name)];

    /// <summary>The path an option names, or the best one for null.</summary>
    /// <exception cref="InvalidInputException">This machine does not run a path of this name.</exception>
    public static KernelPath Choose(string? name)
    {
        if (name is null)
            return Supported[0];
        int found = Names.ToList().IndexOf(name);
        return found >= 0 ? Supported[found] : throw new InvalidInputException(
            $"This machine has no kernel path '{name}'. Paths here: {string.Join(", ", Names)}.");
    }

    public static string Name(KernelPath path) => path switch
    {
        KernelPath.Portable => "portable",
        KernelPath.Avx2 => "avx2",
        KernelPath.AvxVnni => "avxvnni",
        KernelPath.Avx512 => "avx512",
        _ => "vnni",
    };

    private static bool HasAvx512Vnni() => X86Base.IsSupported && X86Base.CpuId(0, 0).Eax >= 7 && (X86Base.CpuId(7, 0).Ecx & 1 << 11) != 0;
}
