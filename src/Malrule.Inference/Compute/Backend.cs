using Malrule.Inference.Checkpoints;
using Malrule.Inference.Execution;

namespace Malrule.Inference.Compute;

/// <summary>
/// The one inner seam: the fused operations a model is made of, over opaque device memory. Every operation computes each row by
/// the same arithmetic whatever other rows share the call, so results do not depend on batching. Calls come from one thread;
/// an operation is complete for the next one when it returns.
/// <para>Activations are fp32 <c>[rows, columns]</c>; <c>rows</c> says how many of a tensor's rows hold data in this call.</para>
/// </summary>
internal abstract class Backend : IDisposable
{
    /// <summary>What computes, for the user: device, instruction set and mode, such as "cpu avx512+vnni fast".</summary>
    public abstract string KernelPath { get; }

    /// <summary>Says that the calling thread lives for the backend alone and makes all further calls.</summary>
    public virtual void OwnThread() { }

    public abstract Tensor Allocate(int rows, int columns);
    public abstract KvCache AllocateKv(KvShape shape, int pages);

    /// <summary>Repacks the parts, which share their input, into one layer whose outputs stand side by side.</summary>
    public abstract Linear LoadLinear(params ReadOnlySpan<LinearSource> parts);

    /// <summary>
    /// A table [rows, columns] for <see cref="Embed"/>. It may read the checkpoint's own memory, which must outlive it.
    /// Where it is also the tied output layer, <see cref="LoadLinear"/> is given the same tensor.
    /// </summary>
    public abstract Table LoadTable(DenseTensor table);

    public abstract Vector LoadVector(DenseTensor vector);

    /// <summary>output[i] = table[ids[i]], or output[i] += table[ids[i]] where <paramref name="add"/>.</summary>
    public abstract void Embed(ReadOnlySpan<int> ids, Table table, Tensor output, bool add = false);

    /// <summary>output = residual / rms(residual) · weight, after residual += delta where there is one. A row whose sum of squares is not finite is noted in <paramref name="faults"/>.</summary>
    public abstract void RmsNorm(int rows, Tensor residual, Tensor? delta, Vector weight, float epsilon, Tensor output, RowFaults faults);

    /// <summary>output = (x − mean) / deviation · weight + bias, of x = input + delta where there is one; output may be input.</summary>
    public abstract void LayerNorm(int rows, Tensor input, Tensor? delta, Vector weight, Vector bias, float epsilon, Tensor output, RowFaults faults);

    /// <summary>output = input · Wᵀ + bias.</summary>
    public abstract void Multiply(int rows, Tensor input, Linear weights, Tensor output);

    /// <summary>output = (silu(input · gateᵀ) · (input · upᵀ)) · downᵀ, with gate and up, in this order, side by side in one layer.</summary>
    public abstract void FeedForward(int rows, Tensor input, Linear gateUp, Linear down, Tensor output);

    /// <summary>Bytes that <see cref="FeedForward"/> holds for itself once it was called for this many rows and inputs of down.</summary>
    public abstract long FeedForwardBytes(int rows, int inner);

    /// <summary>
    /// Rotates the queries and keys of qkv [rows, (heads + 2·kvHeads)·headDim] in place by their positions (half-split pairs:
    /// element i with i + headDim/2), each head's RMS-normed first where there is a <paramref name="norm"/>.
    /// </summary>
    public abstract void Rotate(ReadOnlySpan<int> positions, Tensor qkv, AttentionShape shape, Rope rope, QueryKeyNorm? norm = null);

    /// <summary>Writes the keys and values of qkv to the slots (page · 16 + offset) of one layer's cache.</summary>
    public abstract void StoreKv(ReadOnlySpan<int> slots, Tensor qkv, AttentionShape shape, KvCache cache, int layer);

    /// <summary>Causal attention of the queries in qkv over the cache's pages; output [rows, heads·headDim].</summary>
    public abstract void PagedAttention(AttentionBatch batch, Tensor qkv, AttentionShape shape, KvCache cache, int layer, Tensor output);

    /// <summary>Bidirectional attention within each sequence: rows offsets[i]…offsets[i+1] of qkv are sequence i.</summary>
    public abstract void EncoderAttention(ReadOnlySpan<int> offsets, Tensor qkv, AttentionShape shape, Tensor output);

    /// <summary>x = gelu(x), the exact form with erf.</summary>
    public abstract void Gelu(int rows, Tensor x);

    /// <summary>output[i] = input[rows[i]].</summary>
    public abstract void Gather(ReadOnlySpan<int> rows, Tensor input, Tensor output);

    /// <summary>Copies the first rows of a tensor to the host, [rows, columns].</summary>
    public abstract void Read(int rows, Tensor tensor, Span<float> destination);

    /// <summary>Copies pages within the cache, all layers: page from[i] to page to[i].</summary>
    public abstract void CopyPages(KvCache cache, ReadOnlySpan<int> from, ReadOnlySpan<int> to);

    /// <summary>Draws the next tokens; the last operation of a step. <paramref name="result"/> is filled for every draw of the batch.</summary>
    public abstract void Sample(Tensor logits, SamplingBatch batch, SamplingResult result);

    public abstract void Dispose();

    protected static int TotalOutputs(ReadOnlySpan<LinearSource> parts)
    {
        int outputs = 0;
        foreach (LinearSource part in parts)
            outputs += part.Outputs;
        return outputs;
    }
}

/// <summary>fp32 device memory [Rows, Columns].</summary>
internal abstract class Tensor(int rows, int columns) : IDisposable
{
    public int Rows { get; } = rows;
    public int Columns { get; } = columns;
    public abstract void Dispose();
}

/// <summary>A linear layer in the backend's own layout.</summary>
internal abstract class Linear(int inputs, int outputs) : IDisposable
{
    public int Inputs { get; } = inputs;
    public int Outputs { get; } = outputs;
    public abstract long Bytes { get; }
    public abstract void Dispose();
}

/// <summary>A table of rows looked up by id.</summary>
internal abstract class Table(int rows, int columns) : IDisposable
{
    public int Rows { get; } = rows;
    public int Columns { get; } = columns;
    public abstract long Bytes { get; }
    public abstract void Dispose();
}

/// <summary>A short fp32 vector: norm weights and biases.</summary>
internal abstract class Vector(int length) : IDisposable
{
    public int Length { get; } = length;
    public abstract void Dispose();
}

/// <summary>Keys and values of every layer in pages of <see cref="KvShape.PageTokens"/> tokens.</summary>
internal abstract class KvCache(KvShape shape, int pages) : IDisposable
{
    public KvShape Shape { get; } = shape;
    public int Pages { get; } = pages;
    public abstract void Dispose();
}

/// <summary>What a page holds; <see cref="Half"/>: fp16 elements, else fp32.</summary>
internal readonly record struct KvShape(int Layers, int KvHeads, int HeadDim, bool Half)
{
    public const int PageTokens = 16;

    public long BytesPerPage => 2L * Layers * KvHeads * HeadDim * PageTokens * (Half ? 2 : 4);
}

/// <summary>Heads of one attention layer; <see cref="Scale"/> multiplies the scores.</summary>
internal readonly record struct AttentionShape(int Heads, int KvHeads, int HeadDim)
{
    public int QueriesPerKvHead => Heads / KvHeads;
    public int QkvColumns => (Heads + 2 * KvHeads) * HeadDim;
    public float Scale => 1 / MathF.Sqrt(HeadDim);
}

/// <summary>The RMS norms of queries and keys: weights [headDim], the same for every head.</summary>
internal sealed record QueryKeyNorm(Vector Query, Vector Key, float Epsilon);

/// <summary>For each row of a step, the first layer whose norm met a value that is not finite; -1: none.</summary>
internal sealed class RowFaults(int rows)
{
    private readonly int[] _layer = new int[rows];

    public int Layer { get; set; }
    public void Clear(int rows) => _layer.AsSpan(0, rows).Fill(-1);
    public void Note(int row) => _layer[row] = _layer[row] < 0 ? Layer : _layer[row];
    public int FirstBadLayer(int row) => _layer[row];
}
