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
                if (cache.Shape.Half)
                    Lay<Half16>(keys, values, key - block, tile);
                else
                    Lay<Single32>(keys, values, key - block, tile);
            }
            tile.Add(firstRow, endRow, block, tile.Keys, tile.Values);
        }
    }

    /// <summary>
    /// Lays a page into the block's panels from its <paramref name="place"/>-th key. A register may reach into the next row of the
    /// page; the lanes of a panel past the last element hold anything, and what comes of them is dropped.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Lay<E>(byte* keys, byte* values, int place, AttentionTile<S, V> tile) where E : IElement
    {
        int panel = 2 * S.Width, headDim = tile.HeadDim;
        for (int i = 0; i < KvShape.PageTokens; i += S.Width)
        {
            float* to = tile.Keys + (place + i) / panel * panel * headDim + (place + i) % panel;
            for (int d = 0; d < headDim; d++)
                S.Store(to + d * panel, E.Load(keys, d * KvShape.PageTokens + i));
        }
        for (int d = 0; d < headDim; d += S.Width)
        {
            float* to = tile.Values + (d / panel * AttentionTile<S, V>.Block + place) * panel + d % panel;
            for (int token = 0; token < KvShape.PageTokens; token++)
                S.Store(to + token * panel, E.Load(values, token * headDim + d));
        }
    }

    /// <summary>How a page holds its elements.</summary>
    private interface IElement
    {
        static abstract V Load(byte* elements, int index);
    }

    private readonly struct Single32 : IElement
    {
        public static V Load(byte* elements, int index) => S.Load((float*)elements + index);
    }

    private readonly struct Half16 : IElement
    {
        public static V Load(byte* elements, int index) => S.LoadHalf((ushort*)elements + index);
    }
}
