using Malrule.Inference.Compute.Cpu;

namespace Malrule.Inference.Tests.Compute.Cpu;

public sealed unsafe class VnniKernelTests
{
    /// <summary>
    /// The code for Windows takes its argument in rcx and gives back xmm6–15: behind two instructions that move the argument there it runs
    /// under the other convention too, and must compute the same.
    /// </summary>
    [Theory, InlineData(1), InlineData(5), InlineData(14)]
    public void The_code_for_windows_computes_what_the_code_for_others_does(int rows)
    {
        Assert.SkipUnless(KernelPaths.IsSupported(KernelPath.Vnni) && !OperatingSystem.IsWindows(), "needs AVX-512 VNNI and the System V calling convention");
        foreach (var form in Enum.GetValues<WeightForm>())
            Assert.Equal(Run(form, rows, windows: false), Run(form, rows, windows: true));
    }

    [Fact]
    public void An_unknown_kernel_path_is_refused_with_the_paths_there_are()
    {
        var error = Assert.Throws<InvalidInputException>(() => KernelPaths.Choose("sse9"));
        Assert.Contains("'sse9'", error.Message);
        Assert.Contains("portable", error.Message);
        Assert.Equal(KernelPaths.Supported[0], KernelPaths.Choose(null));
    }

    [Fact]
    public void Peaks_are_measured_for_any_number_of_threads()
    {
        var peaks = MachinePeaks.Measure(threads: 2, readBytes: 8 << 20);
        Assert.Equal(2, peaks.Threads);
        Assert.True(peaks.ReadGbps > 0 && double.IsFinite(peaks.ReadGbps));
        Assert.Equal(ExecutableMemory.IsAllowed, peaks is { Int8Gops: > 0, Fp32Gflops: > 0 });
    }

    private static float[] Run(WeightForm form, int rows, bool windows)
    {
        const int groups = 3;
        using var code = new MemoryStream();
        if (windows)
            code.Write([0x48, 0x89, 0xF9]); // mov rcx, rdi
        VnniAssembly.Write(code, form, rows, windows);
        var kernel = (delegate* unmanaged<GemmArguments*, void>)ExecutableMemory.Place(code.ToArray());

        using NativeBuffer weights = Random(groups * 128 * 16, 1), scales = Random(groups * 128, 2), output = new(rows * 64), bias = new(64);
        using NativeBuffer activations = Random(groups * rows * QuantizedRows.BytesPerGroup(128), 3);
        var arguments = new GemmArguments
        {
            Weights = weights.Data,
            Scales = scales.Data,
            Activations = activations.Data,
            Prefetch = weights.Data,
            Output = output.Floats,
            OutputStride = 64,
            Initial = bias.Floats,
            Groups = groups,
            Subgroups = 4,
        };
        kernel(&arguments);
        return new Span<float>(output.Floats, rows * 16).ToArray();
    }

    /// <summary>Random bits that are finite as fp16, bf16 and fp32.</summary>
    private static NativeBuffer Random(int bytes, int seed)
    {
        var buffer = new NativeBuffer(bytes);
        var span = new Span<byte>(buffer.Data, bytes);
        new Random(seed).NextBytes(span);
        foreach (ref byte value in span)
            value &= 0x3F;
        return buffer;
    }
}
