using System.Runtime.InteropServices;
using Malrule.Inference.Checkpoints;
using Malrule.Inference.Compute;

namespace Malrule.Inference.Tests.Compute;

/// <summary>Random checkpoint tensors and layers, and tensors of a backend filled from the host.</summary>
internal static unsafe class TestTensors
{
    /// <summary>Where the checkpoints of tests live: never moved, never freed.</summary>
    private static readonly List<Array> Pinned = [];

    public static float[] Values(int count, int seed, float scale = 1)
    {
        var random = new Random(seed);
        var values = new float[count];
        foreach (ref float value in values.AsSpan())
            value = (float)((random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5) * 2 * scale);
        return values;
    }

    public static DenseTensor Dense(float[] values, params int[] shape) => Make(DType.F32, values, shape);

    public static DenseTensor DenseHalf(float[] values, params int[] shape) => Make(DType.F16, Array.ConvertAll(values, value => (Half)value), shape);

    public static DenseTensor DenseBrain(float[] values, params int[] shape) =>
        Make(DType.BF16, Array.ConvertAll(values, value => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16)), shape);

    public static DenseLinear Linear(int inputs, int outputs, int seed, bool bias = true, bool half = false)
    {
        float[] weights = Values(inputs * outputs, seed, 0.3f);
        return new DenseLinear("dense", inputs, outputs, half ? DenseHalf(weights, outputs, inputs) : Dense(weights, outputs, inputs),
            bias ? DenseHalf(Values(outputs, seed + 1), outputs) : null);
    }

    public static AwqLinear Awq(int inputs, int outputs, int group, int seed, bool bias = true)
    {
        var random = new Random(seed);
        int[] Words(int count)
        {
            var words = new int[count];
            random.NextBytes(MemoryMarshal.AsBytes(words.AsSpan()));
            return words;
        }
        int groups = inputs / group;
        float[] scales = Values(groups * outputs, seed + 1, 0.01f);
        return new AwqLinear("awq", inputs, outputs, group,
            Make(DType.I32, Words(inputs * outputs / 8), [inputs, outputs / 8]),
            Make(DType.I32, Words(groups * outputs / 8), [groups, outputs / 8]),
            DenseHalf(Array.ConvertAll(scales, scale => Math.Abs(scale) + 0.001f), groups, outputs),
            bias ? DenseHalf(Values(outputs, seed + 2), outputs) : null);
    }

    /// <summary>A tensor [rows, columns] of the backend that holds these values.</summary>
    public static Tensor Upload(this Backend backend, float[] values, int columns)
    {
        int rows = values.Length / columns;
        Tensor tensor = backend.Allocate(rows, columns);
        using Table table = backend.LoadTable(Dense(values, rows, columns));
        backend.Embed([.. Enumerable.Range(0, rows)], table, tensor);
        return tensor;
    }

    public static float[] Download(this Backend backend, Tensor tensor)
    {
        var values = new float[tensor.Rows * tensor.Columns];
        backend.Read(tensor.Rows, tensor, values);
        return values;
    }

    /// <summary>Holds where every element is within <paramref name="tolerance"/> of what is expected, relative to 1 + its size.</summary>
    public static void Close(float[] expected, float[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            if (!(Math.Abs(expected[i] - actual[i]) <= tolerance * (1 + Math.Abs(expected[i]))))
                Assert.Fail(FormattableString.Invariant($"Element {i} is {actual[i]:R}, not {expected[i]:R}."));
    }

    private static DenseTensor Make<T>(DType dtype, T[] elements, int[] shape) where T : unmanaged
    {
        T[] pinned = GC.AllocateUninitializedArray<T>(elements.Length, pinned: true);
        elements.CopyTo(pinned, 0);
        lock (Pinned)
            Pinned.Add(pinned);
        return new DenseTensor("test", dtype, shape, (byte*)Unsafe(pinned));
    }

    private static void* Unsafe<T>(T[] pinned) where T : unmanaged =>
        System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(pinned));
}
