using System.Runtime.InteropServices;

namespace Malrule.Benchmarks.Checkpoints;

/// <summary>Tensors of random values, by how they are stored.</summary>
internal static class Fill
{
    /// <summary>The deviation of <see cref="Noise.FillWeights"/> minus a zero point of 7 or 8.</summary>
    private const double NibbleDeviation = 3.32;

    /// <summary>Normal values, <paramref name="dtype"/> F16 or F32.</summary>
    public static TensorSpec Normal(string name, string dtype, double mean, double deviation, params int[] shape)
    {
        if (dtype == "F32")
        {
            float[] singles = Noise.Table(mean, deviation, value => value);
            return new TensorSpec(name, dtype, shape, (noise, bytes) => noise.Fill(MemoryMarshal.Cast<byte, float>(bytes), singles));
        }
        Half[] halves = Noise.Table(mean, deviation, value => (Half)value);
        return new TensorSpec(name, "F16", shape, (noise, bytes) => noise.Fill(MemoryMarshal.Cast<byte, Half>(bytes), halves));
    }

    /// <summary>A linear layer [outputs, inputs] with weights of the given deviation, AWQ gemm of <paramref name="group"/> or dense where that is null.</summary>
    public static IEnumerable<TensorSpec> Linear(string name, int inputs, int outputs, double deviation, int? group, string dtype = "F16")
    {
        if (group is not int size)
        {
            yield return Normal($"{name}.weight", dtype, 0, deviation, outputs, inputs);
            yield break;
        }
        if (inputs % size != 0 || outputs % 8 != 0)
            throw new ArgumentException($"{name}: {inputs} inputs are no multiple of the group of {size}, or {outputs} outputs none of 8.");
        double scale = deviation / NibbleDeviation;
        yield return new TensorSpec($"{name}.qweight", "I32", [inputs, outputs / 8], (noise, bytes) => noise.FillWeights(bytes));
        yield return new TensorSpec($"{name}.qzeros", "I32", [inputs / size, outputs / 8], (noise, bytes) => noise.FillZeros(bytes));
        yield return Normal($"{name}.scales", "F16", scale, scale / 10, inputs / size, outputs);
    }

    /// <summary>0, 1, 2 … as the published encoders store their positions.</summary>
    public static TensorSpec Positions(string name, int count) => new(name, "I64", [1, count], (_, bytes) =>
    {
        Span<long> values = MemoryMarshal.Cast<byte, long>(bytes);
        for (int i = 0; i < values.Length; i++)
            values[i] = i;
    });
}
