namespace Malrule.Inference.Compute.Cpu;

/// <summary>
/// output = input · weights + bias in fp32; an item is two panels of columns for a block of rows. The weights are widened to fp32 in the
/// first-level cache, 128 of k at a time, and serve every row of the block. An output is bias + Σ over the blocks of 128, ascending, of their
/// fused sums over ascending k: the same for any rows, threads and registers.
/// </summary>
internal readonly unsafe struct ExactGemm<S, V>(
    int rows, CpuTensor input, Panels weights, float* bias, CpuTensor output, NativeBuffer[] scratch) : IJob
    where S : ISimd<V> where V : unmanaged
{
    private const int Depth = 128, Columns = 2 * Panels.Width, RowBlock = 252;

    /// <summary>Bytes of scratch memory a thread needs.</summary>
    public const int ScratchBytes = Depth * Columns * sizeof(float);

    private int PanelPairs => (weights.Count + 1) / 2;

    public int Items => PanelPairs * ((rows + RowBlock - 1) / RowBlock);

    public void Run(int item, int worker)
    {
        int panel = item % PanelPairs * 2, firstRow = item / PanelPairs * RowBlock, endRow = Math.Min(rows, firstRow + RowBlock);
        int columns = Math.Min(2, weights.Count - panel) * Panels.Width;
        float* wide = scratch[worker].Floats;
        for (int row = firstRow; row < endRow; row++)
            Buffer.MemoryCopy(bias + panel * Panels.Width, output.Row(row) + panel * Panels.Width, columns * sizeof(float), columns * sizeof(float));
        for (int k = 0; k < weights.Inputs; k += Depth)
        {
            int count = Math.Min(Depth, weights.Inputs - k);
            for (int column = 0; column < columns; column += Panels.Width)
                ((IWidePanels)weights).Widen(panel + column / Panels.Width, k, count, wide + column, Columns);
            for (int row = firstRow; row < endRow; row += MicroKernel<S, V, Accumulate<S, V>>.Rows)
            {
                int tile = Math.Min(MicroKernel<S, V, Accumulate<S, V>>.Rows, endRow - row);
                for (int column = 0; column < columns; column += 2 * S.Width)
                {
                    MicroKernel<S, V, Accumulate<S, V>>.Run(input.Row(row) + k, input.Stride, tile, wide + column, Columns, count,
                        output.Row(row) + panel * Panels.Width + column, output.Stride, null);
                }
            }
        }
    }
}
