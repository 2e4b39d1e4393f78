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
        "auto" or "cpu" => Cpu(options),
        "reference" => new ReferenceBackend(),
        _ => throw new InvalidInputException($"There is no device '{options.Device}'. Devices here: auto, cpu, reference."),
    };

    /// <summary>The kernel paths this machine runs, fastest first.</summary>
    public static IReadOnlyList<string> KernelPaths { get; } =
        [.. Supported<Simd512, Vector512<float>>(), .. Supported<Simd256, Vector256<float>>(), .. Supported<Simd128, Vector128<float>>()];

    private static Backend Cpu(EngineOptions options)
    {
        string path = options.KernelPath ?? KernelPaths[0];
        if (!KernelPaths.Contains(path))
            throw new InvalidInputException($"This machine has no kernel path '{path}'. Paths here: {string.Join(", ", KernelPaths)}.");
        return path == Simd512.Name ? new CpuBackend<Simd512, Vector512<float>>(options)
            : path == Simd256.Name ? new CpuBackend<Simd256, Vector256<float>>(options)
            : new CpuBackend<Simd128, Vector128<float>>(options);
    }

    private static string[] Supported<S, V>() where S : ISimd<V> where V : unmanaged => S.IsSupported ? [S.Name] : [];
}
