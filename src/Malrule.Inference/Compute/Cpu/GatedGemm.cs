using System.Runtime.CompilerServices;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>
/// silu(input · gate) · (input · up), quantised at once for the product that follows: a few columns at a time stay in the second-level
/// cache, and the whole in fp32, the widest tensor of a step, is never written. An item is a block of rows by one group of the
/// next product's inputs. Gate and up are the halves of one matrix; up may start within a panel, whose other columns are then computed for nothing.
/// </summary>
internal readonly unsafe struct GatedGemm<S, V>(
    FastGemm gemm, QuantizedPanels gateUp, float* bias, QuantizedRows input, QuantizedRows output, NativeBuffer[] scratch) : IJob
    where S : ISimd<V> where V : unmanaged
{
    private const int Width = Panels.Width, Subgroup = QuantizedRows.Subgroup;

    /// <summary>Bytes of scratch memory a thread needs.</summary>
    public static long ScratchBytes => FastGemm.ScratchBytes + FastGemm.MaxBlockRows * Stride(Subgroup) * sizeof(float);

    public int Items => FastGemm.RowBlocks(input) * output.Groups;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int item, int worker)
    {
        var (firstTile, endTile) = FastGemm.TilesOf(input, item / output.Groups);
        int group = item % output.Groups, end = Math.Min(output.Inputs, (group + 1) * output.GroupSize);
        int step = FastGemm.IsStream(input) ? output.GroupSize : Subgroup; // streams of weights like to be long
        byte* lines = scratch[worker].Data;
        float* block = (float*)(lines + FastGemm.ScratchBytes);
        for (int column = group * output.GroupSize; column < (group + 1) * output.GroupSize; column += step)
        {
            int count = Math.Clamp(end - column, 0, step), up = output.Inputs + column;
            Multiply(firstTile, endTile, column, count, lines, block, Stride(step));
            Multiply(firstTile, endTile, up, count, lines, block + step, Stride(step));
            float* row = block;
            for (int tile = firstTile; tile < endTile; tile++)
            {
                for (int i = 0; i < output.RowsOf(tile); i++, row += Stride(step))
                    Quantize(tile, group, i, column, count, step, row, row + step + up % Width);
            }
        }
    }

    /// <summary>Columns of a row of the block: gate, up, a panel more that up may reach into; an odd number of cache lines.</summary>
    private static int Stride(int step) => 2 * step + 3 * Width;

    /// <summary>The panels that hold some columns.</summary>
    private void Multiply(int firstTile, int endTile, int column, int count, byte* lines, float* block, int stride)
    {
        int firstPanel = column / Width;
        float* origin = block - (long)input.FirstRow(firstTile) * stride - firstPanel * Width;
        gemm.Run(gateUp, input, firstTile, endTile, firstPanel, count == 0 ? firstPanel : (column + count + Width - 1) / Width, lines, bias, origin, stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Quantize(int tile, int group, int row, int column, int count, int step, float* gate, float* up)
    {
        SiluMultiply<S, V>.Compute(gate, up, step, gate);
        for (int i = count; i < step; i++)
            gate[i] = 0;
        int subgroup = (column - group * output.GroupSize) / Subgroup;
        for (int i = 0; i < step; i += Subgroup)
            output.Quantize(tile, group, subgroup++, row, gate + i);
    }
}
