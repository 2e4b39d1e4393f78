using System.Runtime.CompilerServices;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>Writes the keys (transposed) and values of rows to their slots, rounded to fp16 where the cache holds that.</summary>
internal unsafe struct KvStore<S, V>(RowItems rows, int* slots, CpuTensor qkv, AttentionShape shape, CpuKvCache cache, int layer) : IJob
    where S : ISimd<V> where V : unmanaged
{
    private const int Piece = 64;

    public readonly void Run(int item, int worker)
    {
        for (int row = rows.First(item); row < rows.End(item); row++)
        {
            (int page, int token) = Math.DivRem(slots[row], KvShape.PageTokens);
            for (int head = 0; head < shape.KvHeads; head++)
            {
                float* key = qkv.Row(row) + (shape.Heads + head) * shape.HeadDim;
                float* value = key + shape.KvHeads * shape.HeadDim;
                byte* keys = cache.Keys(layer, page, head), values = cache.Values(layer, page, head);
                if (cache.Shape.Half)
                    StoreHalf(key, (ushort*)keys + token, value, (ushort*)values + token * shape.HeadDim, shape.HeadDim);
                else
                    StoreSingle(key, (float*)keys + token, value, (float*)values + token * shape.HeadDim, shape.HeadDim);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void StoreSingle(float* key, float* keys, float* value, float* values, int headDim)
    {
        for (int d = 0; d < headDim; d++)
            keys[d * KvShape.PageTokens] = key[d];
        new ReadOnlySpan<float>(value, headDim).CopyTo(new Span<float>(values, headDim));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void StoreHalf(float* key, ushort* keys, float* value, ushort* values, int headDim)
    {
        ushort* piece = stackalloc ushort[Piece];
        for (int first = 0; first < headDim; first += Piece)
        {
            int count = Math.Min(Piece, headDim - first);
            for (int d = 0; d < count; d += S.Width)
                S.StoreHalf(piece + d, S.Load(key + first + d));
            for (int d = 0; d < count; d++)
                keys[(first + d) * KvShape.PageTokens] = piece[d];
            for (int d = 0; d < count; d += S.Width)
                S.StoreHalf(piece + d, S.Load(value + first + d));
            new ReadOnlySpan<ushort>(piece, count).CopyTo(new Span<ushort>(values + first, count));
        }
    }
}
