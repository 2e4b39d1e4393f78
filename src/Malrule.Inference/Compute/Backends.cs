using System.Runtime.Intrinsics;
using Malrule.Inference.Compute.Cpu;
using Malrule.Inference.Compute.Reference;

namespace Malrule.Inference.Compute;

/// <summary>Chooses what computes.</summary>
internal static class Backends
{
    /// <exception cref="InvalidInputException">The device or kernel path asked for is not there.</exception>
    public static Backend Create(EngineOptions options) => options.Device switch
    {
        "auto" or "cpu" => OnCpu(options),
        "reference" => new ReferenceBackend(),
        _ => throw new InvalidInputException($"There is no device '{options.Device}'. Devices here: auto, cpu, reference."),
    };

    /// <summary>The kernel paths this machine runs, fastest first.</summary>
    public static IReadOnlyList<string> KernelPaths { get; } = Cpu.KernelPaths.Names;

    private static Backend OnCpu(EngineOptions options)
    {
        KernelPath path = Cpu.KernelPaths.Choose(options.KernelPath);
        return path switch
        {
            KernelPath.Vnni or KernelPath.Avx512 => new CpuBackend<Simd512, Vector512<float>>(options, path),
            KernelPath.AvxVnni or KernelPath.Avx2 => new CpuBackend<Simd256, Vector256<float>>(options, path),
            _ => new CpuBackend<Simd128, Vector128<float>>(options, path),
        };
    }
}
