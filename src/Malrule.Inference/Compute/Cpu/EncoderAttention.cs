using System.Runtime.CompilerServices;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>
/// Bidirectional attention: item = sequence · kvHeads + kvHead. Short sequences go to <see cref="ShortAttention{S, V}"/>; of others the
/// head's keys and values are first laid out in blocks, then met by one tile of rows after another.
/// </summary>
internal readonly unsafe struct EncoderAttention<S, V>(
    int* offsets, AttentionTile<S, V>[] tiles, NativeBuffer[] blocks, CpuTensor qkv, AttentionShape shape, CpuTensor output) : IJob
    where S : ISimd<V> where V : unmanaged
{
    private const int Block = AttentionTile<S, V>.Block;

    /// <summary>Room one worker needs for sequences of up to so many tokens.</summary>
    public static long BlockBytes(int tokens, AttentionTile<S, V> tile) => sizeof(float) * Math.Max(
        ShortAttention<S, V>.ScratchSize(tile.HeadDim), (long)(tokens + Block - 1) / Block * Block * (tile.HeadDim + tile.ValueStride));

    public void Run(int item, int worker)
    {
        (int sequence, int kvHead) = Math.DivRem(item, shape.KvHeads);
        int first = offsets[sequence], length = offsets[sequence + 1] - first;
        if (ShortAttention<S, V>.Serves(length, shape.HeadDim))
        {
            float* row = qkv.Row(first), keysOfHead = row + (shape.Heads + kvHead) * shape.HeadDim;
            for (int head = kvHead * shape.QueriesPerKvHead; head < (kvHead + 1) * shape.QueriesPerKvHead; head++)
            {
                ShortAttention<S, V>.Run(row + head * shape.HeadDim, keysOfHead, keysOfHead + shape.KvHeads * shape.HeadDim, qkv.Stride, length,
                    shape.HeadDim, shape.Scale, output.Row(first) + head * shape.HeadDim, output.Stride, blocks[worker].Floats);
            }
            return;
        }
        AttentionTile<S, V> tile = tiles[worker];
        int keySize = tile.HeadDim * Block, valueSize = tile.ValueStride * Block;
        float* keys = blocks[worker].Floats, values = keys + (long)(length + Block - 1) / Block * keySize;
        for (int token = 0; token < length; token++)
        {
            float* key = qkv.Row(first + token) + (shape.Heads + kvHead) * shape.HeadDim, value = key + shape.KvHeads * shape.HeadDim;
            (int block, int place) = Math.DivRem(token, Block);
            Lay(key, value, shape.HeadDim, keys + (long)block * keySize, values + (long)block * valueSize, place);
        }

        int perToken = shape.QueriesPerKvHead, tokens = Math.Max(1, AttentionTile<S, V>.MaxRows / perToken);
        for (int start = 0; start < length; start += tokens)
        {
            int rows = Math.Min(tokens, length - start) * perToken;
            for (int row = 0; row < rows; row++)
                tile.Begin(row, Head(qkv, first + start, row, kvHead), shape.Scale, length);
            for (int block = 0; block * Block < length; block++)
                tile.Add(0, rows, block * Block, keys + (long)block * keySize, values + (long)block * valueSize);
            for (int row = 0; row < rows; row++)
                tile.End(row, Head(output, first + start, row, kvHead));
        }
    }

    private float* Head(CpuTensor tensor, int firstToken, int row, int kvHead)
    {
        (int token, int head) = Math.DivRem(row, shape.QueriesPerKvHead);
        return tensor.Row(firstToken + token) + (kvHead * shape.QueriesPerKvHead + head) * shape.HeadDim;
    }

    /// <summary>Lays a token into the panels of its block, as <see cref="AttentionTile{S, V}.Keys"/> describes them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Lay(float* key, float* value, int headDim, float* keys, float* values, int place)
    {
        int panel = 2 * S.Width;
        float* to = keys + place / panel * panel * headDim + place % panel;
        for (int d = 0; d < headDim; d++)
            to[d * panel] = key[d];
        for (int d = 0; d < headDim; d += S.Width)
            S.Store(values + (d / panel * Block + place) * panel + d % panel, S.Load(value + d));
    }
}
