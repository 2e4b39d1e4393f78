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
    /// <summary>Rows enough to make up for fetching a block and widening it to fp32; more no longer fit the second-level cache.</summary>
    public const int MaxRows = 256;

    public const int Block = AttentionBatch.KeyBlock;

    private readonly NativeBuffer _buffer;
    private readonly float* _queries; // [rows, ValueStride], scaled
    private readonly float* _scores; // [rows, Block]
    private readonly float* _outputs; // [rows, ValueStride]
    private readonly float* _max;
    private readonly float* _sum;
    private readonly float* _blockMax;
    private readonly float* _blockSum;
    private readonly float* _kept; // by what a row's running sum and output are multiplied when a block is merged
    private readonly float* _added; // by what the block's are; MaxRows after _kept

    public AttentionTile(int headDim)
    {
        HeadDim = headDim;
        ValueStride = (headDim + 2 * S.Width - 1) / (2 * S.Width) * (2 * S.Width);
        int row = ValueStride;
        _buffer = new NativeBuffer(sizeof(float) * (2L * MaxRows * row + MaxRows * Block + 7 * MaxRows + S.Width + Block * (headDim + row)));
        _queries = _buffer.Floats;
        _outputs = _queries + MaxRows * row;
        _scores = _outputs + MaxRows * row;
        Keys = _scores + MaxRows * Block;
        Values = Keys + headDim * Block;
        _max = Values + Block * row;
        _sum = _max + MaxRows;
        _blockMax = _sum + MaxRows;
        _blockSum = _blockMax + MaxRows;
        _kept = _blockSum + MaxRows;
        _added = _kept + MaxRows;
        Visible = (int*)(_added + MaxRows + S.Width); // merging writes whole registers, which may reach past the last row
    }

    /// <summary>Room for a block's keys in panels of two registers of keys, [Block / 2 registers, headDim, 2 registers].</summary>
    public float* Keys { get; }

    /// <summary>Room for a block's values in panels of two registers of elements, [ValueStride / 2 registers, Block, 2 registers].</summary>
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
                    keys + column * HeadDim, columns, HeadDim, _scores + row * Block + column, Block, null);
            }
        }
        Softmax(first, end, firstKey);
        MergeSums(first, end);
        for (int column = 0; column < ValueStride; column += columns)
        {
            for (int row = first; row < end; row += 6)
            {
                int rows = Math.Min(6, end - row);
                MicroKernel<S, V, Merge<S, V>>.Run(_scores + row * Block, Block, rows, values + column * Block, columns,
                    Math.Min(Block, Visible[row + rows - 1] - firstKey), _outputs + row * ValueStride + column, ValueStride, _kept + row);
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

    /// <summary>
    /// Turns the scores of rows into exp(score − the block's maximum), 0 for keys that a row does not see, and notes each row's
    /// maximum and sum.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Softmax(int first, int end, int firstKey)
    {
        V hidden = S.Broadcast(float.NegativeInfinity);
        for (int row = first; row < end; row++)
        {
            float* scores = _scores + row * Block;
            int seen = Visible[row] - firstKey;
            V max = hidden, sum = S.Broadcast(0);
            float blockMax;
            if (seen >= Block)
            {
                for (int i = 0; i < Block; i += 4 * S.Width)
                {
                    V low = S.Max(S.Load(scores + i), S.Load(scores + i + S.Width));
                    max = S.Max(max, S.Max(low, S.Max(S.Load(scores + i + 2 * S.Width), S.Load(scores + i + 3 * S.Width))));
                }
                blockMax = S.MaxOf(max);
                max = S.Broadcast(blockMax);
                for (int i = 0; i < Block; i += 4 * S.Width)
                {
                    V w0 = VectorMath.ExpOfNegative<S, V>(S.Subtract(S.Load(scores + i), max));
                    V w1 = VectorMath.ExpOfNegative<S, V>(S.Subtract(S.Load(scores + i + S.Width), max));
                    V w2 = VectorMath.ExpOfNegative<S, V>(S.Subtract(S.Load(scores + i + 2 * S.Width), max));
                    V w3 = VectorMath.ExpOfNegative<S, V>(S.Subtract(S.Load(scores + i + 3 * S.Width), max));
                    S.Store(scores + i, w0);
                    S.Store(scores + i + S.Width, w1);
                    S.Store(scores + i + 2 * S.Width, w2);
                    S.Store(scores + i + 3 * S.Width, w3);
                    sum = S.Add(sum, S.Add(S.Add(w0, w1), S.Add(w2, w3)));
                }
            }
            else
            {
                for (int i = 0; i < seen; i += S.Width)
                    max = S.Max(max, S.IfLess(S.Indices, S.Broadcast(seen - i), S.Load(scores + i), hidden));
                blockMax = S.MaxOf(max);
                max = S.Broadcast(blockMax);
                for (int i = 0; i < Block; i += S.Width)
                {
                    V weight = S.Broadcast(0);
                    if (i < seen)
                    {
                        V score = S.IfLess(S.Indices, S.Broadcast(seen - i), S.Load(scores + i), hidden);
                        weight = VectorMath.ExpOfNegative<S, V>(S.Subtract(score, max));
                        sum = S.Add(sum, weight);
                    }
                    S.Store(scores + i, weight);
                }
            }
            (_blockMax[row], _blockSum[row]) = (blockMax, S.Sum(sum));
        }
    }

    /// <summary>Merges the block's maxima and sums into the running ones, rows in lanes, and notes by what the outputs are to be multiplied.</summary>
    private void MergeSums(int first, int end)
    {
        for (int row = first; row < end; row += S.Width)
        {
            V max = S.Load(_max + row), sum = S.Load(_sum + row), blockMax = S.Load(_blockMax + row), zero = S.Broadcast(0), one = S.Broadcast(1);
            V difference = S.Subtract(max, blockMax);
            V decay = VectorMath.ExpOfNegative<S, V>(S.IfLess(difference, zero, difference, S.Subtract(zero, difference)));
            V kept = S.IfLess(max, blockMax, decay, one), added = S.IfLess(max, blockMax, one, decay);
            S.Store(_kept + row, kept);
            S.Store(_added + row, added);

            V ours = S.Broadcast(end - row);
            S.Store(_max + row, S.IfLess(S.Indices, ours, S.Max(max, blockMax), max));
            S.Store(_sum + row, S.IfLess(S.Indices, ours, S.MultiplyAdd(sum, kept, S.Multiply(S.Load(_blockSum + row), added)), sum));
        }
    }
}
