using System.Runtime.CompilerServices;
using Malrule.Inference.Execution;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>
/// Causal attention over pages. An item's rows meet their group's shared blocks together, so these are read once for all branches
/// and all query heads of a KV head; then each run's rows meet the run's own blocks.
/// </summary>
internal readonly unsafe struct PagedAttention<S, V>(
    AttentionPlan plan, AttentionBatch batch, AttentionTile<S, V>[] tiles, CpuTensor qkv, AttentionShape shape, CpuKvCache cache, int layer, CpuTensor output) : IJob
    where S : ISimd<V> where V : unmanaged
{
    public void Run(int item, int worker)
    {
        AttentionItem work = plan.Items[item];
        AttentionTile<S, V> tile = tiles[worker];
        int perToken = shape.QueriesPerKvHead, firstHead = work.KvHead * perToken, end = work.FirstSegment + work.Segments;

        int row = 0;
        for (int s = work.FirstSegment; s < end; s++)
        {
            AttentionSegment segment = plan.Segments[s];
            for (int i = 0; i < segment.Rows * perToken; i++)
            {
                int token = segment.FirstRow + i / perToken, head = firstHead + i % perToken;
                tile.Begin(row++, qkv.Row(token) + head * shape.HeadDim, shape.Scale, batch.Positions[token] + 1);
            }
        }

        int shared = work.Group.SharedKeys;
        Meet(tile, batch.Runs[work.Group.FirstRun], work.KvHead, 0, shared, 0, row);
        row = 0;
        for (int s = work.FirstSegment; s < end; s++)
        {
            AttentionSegment segment = plan.Segments[s];
            int next = row + segment.Rows * perToken;
            Meet(tile, segment.Run, work.KvHead, shared, tile.Visible[next - 1], row, next);
            row = next;
        }

        row = 0;
        for (int s = work.FirstSegment; s < end; s++)
        {
            AttentionSegment segment = plan.Segments[s];
            for (int i = 0; i < segment.Rows * perToken; i++)
                tile.End(row++, output.Row(segment.FirstRow + i / perToken) + (firstHead + i % perToken) * shape.HeadDim);
        }
    }

    /// <summary>Merges a run's keys firstKey…endKey − 1 into rows of the tile.</summary>
    private void Meet(AttentionTile<S, V> tile, AttentionBatch.Run run, int kvHead, int firstKey, int endKey, int firstRow, int endRow)
    {
        for (int block = firstKey; block < endKey; block += AttentionBatch.KeyBlock)
        {
            int blockEnd = Math.Min(endKey, block + AttentionBatch.KeyBlock);
            for (int key = block; key < blockEnd; key += KvShape.PageTokens)
            {
                int page = batch.BlockTables[run.Table + key / KvShape.PageTokens];
                byte* keys = cache.Keys(layer, page, kvHead), values = cache.Values(layer, page, kvHead);
                float* blockKeys = tile.Keys + (key - block), blockValues = tile.Values + (long)(key - block) * tile.ValueStride;
                if (cache.Shape.Half)
                {
                    Widen((ushort*)keys, KvShape.PageTokens, shape.HeadDim, blockKeys, AttentionTile<S, V>.Block);
                    Widen((ushort*)values, shape.HeadDim, KvShape.PageTokens, blockValues, tile.ValueStride);
                }
                else
                {
                    Copy((float*)keys, KvShape.PageTokens, shape.HeadDim, blockKeys, AttentionTile<S, V>.Block);
                    Copy((float*)values, shape.HeadDim, KvShape.PageTokens, blockValues, tile.ValueStride);
                }
            }
            tile.Add(firstRow, endRow, block, tile.Keys, tile.Values);
        }
    }

    /// <summary>A register may reach into the next row, which is written after it, or into the slack.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Widen(ushort* source, int columns, int rows, float* destination, int stride)
    {
        for (int row = 0; row < rows; row++, source += columns, destination += stride)
            for (int i = 0; i < columns; i += S.Width)
                S.Store(destination + i, S.LoadHalf(source + i));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Copy(float* source, int columns, int rows, float* destination, int stride)
    {
        for (int row = 0; row < rows; row++, source += columns, destination += stride)
            for (int i = 0; i < columns; i += S.Width)
                S.Store(destination + i, S.Load(source + i));
    }
}
