using Malrule.Inference.Checkpoints;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>
/// Weights dequantised to fp32 in panels [outputs / two registers][inputs][two registers], zeros in the lanes past the last output,
/// and a bias to begin the sums with.
/// </summary>
internal sealed unsafe class LinearFp32<S, V> : Linear where S : ISimd<V> where V : unmanaged
{
    private readonly NativeBuffer _buffer;

    public LinearFp32(int inputs, int outputs, ReadOnlySpan<LinearSource> parts) : base(inputs, outputs)
    {
        int width = MicroKernel<S, V, Accumulate<S, V>>.Columns;
        Panels = (outputs + width - 1) / width;
        _buffer = new NativeBuffer((long)Panels * width * (inputs + 1) * sizeof(float));
        int output = 0;
        foreach (LinearSource part in parts)
        {
            for (int n = 0; n < part.Outputs; n++, output++)
            {
                float* column = Panel(output / width) + output % width;
                for (int k = 0; k < inputs; k++)
                    column[k * width] = part[n, k];
                Bias[output] = part.Bias?[n] ?? 0;
            }
        }
    }

    public int Panels { get; }
    public override long Bytes => _buffer.Bytes;

    /// <summary>[outputs, padded to whole panels]</summary>
    public float* Bias => _buffer.Floats;

    /// <summary>[inputs, two registers]</summary>
    public float* Panel(int panel)
    {
        int width = MicroKernel<S, V, Accumulate<S, V>>.Columns;
        return Bias + (long)Panels * width + (long)panel * Inputs * width;
    }

    public override void Dispose() => _buffer.Dispose();
}

/// <summary>
/// output = input · Wᵀ + bias; item = panel. Sums run over the inputs in blocks of 256, which keeps a block of a panel in the
/// first-level cache while all rows pass; the blocks are the same for any number of rows.
/// </summary>
internal readonly unsafe struct MultiplyFp32<S, V>(int rows, CpuTensor input, LinearFp32<S, V> weights, CpuTensor output) : IJob
    where S : ISimd<V> where V : unmanaged
{
    private const int InputBlock = 256;

    public void Run(int item, int worker)
    {
        int width = MicroKernel<S, V, Accumulate<S, V>>.Columns;
        for (int row = 0; row < rows; row++)
            for (int lane = 0; lane < width; lane += S.Width)
                S.Store(output.Row(row) + item * width + lane, S.Load(weights.Bias + item * width + lane));
        for (int k = 0; k < weights.Inputs; k += InputBlock)
        {
            for (int row = 0; row < rows; row += 6)
            {
                MicroKernel<S, V, Accumulate<S, V>>.Run(input.Row(row) + k, input.Stride, Math.Min(6, rows - row),
                    weights.Panel(item) + (long)k * width, width, Math.Min(InputBlock, weights.Inputs - k),
                    output.Row(row) + item * width, output.Stride, null);
            }
        }
    }
}
