using System.Runtime.CompilerServices;
using Malrule.Inference.Execution;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>
/// Some query rows (tokens × the query heads of one KV head) that meet their keys block by block. Each block of
/// <see cref="AttentionBatch.KeyBlock"/> keys gives a partial maximum, sum and output of every row, merged at once into the row's
/// running ones (the online softmax of FlashAttention), so a row's arithmetic depends on its keys' positions alone: not on the
/// rows beside it, nor on the call, prefill, decode or shared prefix, that brings them together.
/// </summary>
internal sealed unsafe class AttentionTile<S, V> : IDisposable where S : ISimd<V> where V : unmanaged
{
    /// <summary>Enough rows to make up for the widening of a block to fp32.</summary>
    public const int MaxRows = 128;

    public const int Block = AttentionBatch.KeyBlock;

    private readonly NativeBuffer _buffer;
    private readonly float* _queries; // [rows, ValueStride], scaled
    private readonly float* _scores; // [rows, Block]
    private readonly float* _outputs; // [rows, ValueStride]
    private readonly float* _max;
    private readonly float* _sum;
    private readonly float* _factors; // [rows, 2]: of what is there and of what a block adds

    public AttentionTile(int headDim)
    {
        HeadDim = headDim;
        ValueStride = (headDim + 2 * S.Width - 1) / (2 * S.Width) * (2 * S.Width);
        int row = ValueStride, scalar = (MaxRows + 15) / 16 * 16;
        _buffer = new NativeBuffer(sizeof(float) * (2L * MaxRows * row + MaxRows * Block + 5 * scalar + Block * (headDim + row)));
        _queries = _buffer.Floats;
        _outputs = _queries + MaxRows * row;
        _scores = _outputs + MaxRows * row;
        Keys = _scores + MaxRows * Block;
        Values = Keys + headDim * Block;
        _max = Values + Block * row;
        _sum = _max + scalar;
        _factors = _sum + scalar;
        Visible = (int*)(_factors + 2 * scalar);
    }

    /// <summary>Room for a block's keys, [headDim, Block].</summary>
    public float* Keys { get; }

    /// <summary>Room for a block's values, [Block, ValueStride].</summary>
    public float* Values { get; }

    /// <summary>The head dimension, rounded up to what the kernel computes at once.</summary>
    public int ValueStride { get; }

    /// <summary>For each row, how many keys it sees, from key 0.</summary>
    public int* Visible { get; }

    public int HeadDim { get; }

    /// <summary>Starts a row.</summary>
    public void Begin(int row, float* query, float scale, int visible)
    {
        for (int d = 0; d < HeadDim; d += S.Width)
            S.Store(_queries + row * ValueStride + d, S.Multiply(S.Load(query + d), S.Broadcast(scale)));
        new Span<float>(_outputs + row * ValueStride, ValueStride).Clear();
        (_max[row], _sum[row], Visible[row]) = (float.NegativeInfinity, 0, visible);
    }

    /// <summary>Merges keys firstKey…firstKey + 63 into rows first…end − 1, which see keys in ascending number.</summary>
    public void Add(int first, int end, int firstKey, float* keys, float* values)
    {
        while (first < end && Visible[first] <= firstKey)
            first++;
        if (first == end)
            return;

        int columns = MicroKernel<S, V, Assign<S, V>>.Columns, seen = Math.Min(Block, Visible[end - 1] - firstKey);
        for (int column = 0; column < seen; column += columns)
        {
            for (int row = first; row < end; row += 6)
            {
                MicroKernel<S, V, Assign<S, V>>.Run(_queries + row * ValueStride, ValueStride, Math.Min(6, end - row),
                    keys + column, Block, HeadDim, _scores + row * Block + column, Block, null);
            }
        }
        for (int row = first; row < end; row++)
            Softmax(row, Math.Min(Block, Visible[row] - firstKey));
        for (int column = 0; column < ValueStride; column += columns)
        {
            for (int row = first; row < end; row += 6)
            {
                int rows = Math.Min(6, end - row);
                MicroKernel<S, V, Merge<S, V>>.Run(_scores + row * Block, Block, rows, values + column, ValueStride,
                    Math.Min(Block, Visible[row + rows - 1] - firstKey), _outputs + row * ValueStride + column, ValueStride, _factors + 2 * row);
            }
        }
    }

    /// <summary>Writes a row's output.</summary>
    public void End(int row, float* output)
    {
        float* sums = _outputs + row * ValueStride;
        int d = 0;
        for (; d + S.Width <= HeadDim; d += S.Width)
            S.Store(output + d, S.Divide(S.Load(sums + d), S.Broadcast(_sum[row])));
        for (; d < HeadDim; d++)
            output[d] = sums[d] / _sum[row];
    }

    public void Dispose() => _buffer.Dispose();

    /// <summary>Turns a row's scores into exp(score − the block's maximum), 0 beyond those it sees, and works out the factors of the merge.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Softmax(int row, int seen)
    {
        float* scores = _scores + row * Block;
        V hidden = S.Broadcast(float.NegativeInfinity), max = hidden, sum = S.Broadcast(0);
        for (int i = 0; i < Block; i += S.Width)
        {
            V score = S.IfLess(S.Indices, S.Broadcast(seen - i), S.Load(scores + i), hidden);
            S.Store(scores + i, score);
            max = S.Max(max, score);
        }
        float blockMax = S.MaxOf(max);
        for (int i = 0; i < Block; i += S.Width)
        {
            V weight = VectorMath.Exp<S, V>(S.Subtract(S.Load(scores + i), S.Broadcast(blockMax)));
            S.Store(scores + i, weight);
            sum = S.Add(sum, weight);
        }

        // one of the two factors is 1
        float* factors = _factors + 2 * row;
        float* decay = stackalloc float[16];
        S.Store(decay, VectorMath.Exp<S, V>(S.Broadcast(-Math.Abs(_max[row] - blockMax))));
        (factors[0], factors[1]) = blockMax > _max[row] ? (decay[0], 1f) : (1f, decay[0]);
        _sum[row] = _sum[row] * factors[0] + S.Sum(sum) * factors[1];
        _max[row] = Math.Max(_max[row], blockMax);
    }
}
