using Malrule.Inference.Checkpoints;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>
/// fp32 rows that start <see cref="Stride"/> values apart: whole pairs of the widest registers, and one cache line more, so that the
/// same columns of neighbouring rows, which a tile of a product writes together, fall into different sets of the caches. What stands
/// between <see cref="Tensor.Columns"/> and the stride is unspecified: whoever sums over columns masks it.
/// </summary>
internal sealed unsafe class CpuTensor : Tensor
{
    private readonly NativeBuffer _buffer;

    public CpuTensor(int rows, int columns) : base(rows, columns)
    {
        Stride = (columns + 31) / 32 * 32 + 16;
        _buffer = new NativeBuffer((long)rows * Stride * sizeof(float));
    }

    public int Stride { get; }
    public float* Data => _buffer.Floats;

    public float* Row(int row) => Data + (long)row * Stride;

    public override void Dispose() => _buffer.Dispose();
}

/// <summary>The checkpoint's own table, read in place: only the rows that are looked up ever reach memory.</summary>
internal sealed class CpuTable(DenseTensor table) : Table(table.Shape[0], table.Shape[1])
{
    public DenseTensor Source { get; } = table;
    public override long Bytes => 0;

    public override void Dispose() { }
}

internal sealed unsafe class CpuVector : Vector
{
    private readonly NativeBuffer _buffer;

    public CpuVector(DenseTensor vector) : base(checked((int)vector.Count))
    {
        _buffer = new NativeBuffer((long)Length * sizeof(float));
        for (int i = 0; i < Length; i++)
            Data[i] = vector[i];
    }

    public float* Data => _buffer.Floats;

    public override void Dispose() => _buffer.Dispose();
}

/// <summary>
/// Pages [page, layer, kvHead] of fp32 or fp16 elements: the keys of 16 tokens transposed, [headDim, 16], so that the lanes of a
/// score are keys; then their values, [16, headDim], so that the lanes of an output are its elements. With all layers of a page together,
/// pages that were never used take no memory, huge pages or not.
/// </summary>
internal sealed unsafe class CpuKvCache : KvCache
{
    private readonly NativeBuffer _buffer;
    private readonly int _elementSize;

    public CpuKvCache(KvShape shape, int pages) : base(shape, pages)
    {
        _elementSize = shape.Half ? sizeof(ushort) : sizeof(float);
        _buffer = new NativeBuffer(shape.BytesPerPage * pages);
    }

    /// <summary>Elements of the keys, or of the values, of one head of a page.</summary>
    public int Elements => Shape.HeadDim * KvShape.PageTokens;

    public long HeadBytes => 2L * Elements * _elementSize;

    /// <summary>Bytes of all heads of one page of one layer.</summary>
    public long PageBytes => Shape.KvHeads * HeadBytes;

    public byte* Keys(int layer, int page, int kvHead) =>
        _buffer.Data + ((long)page * Shape.Layers + layer) * PageBytes + kvHead * HeadBytes;

    public byte* Values(int layer, int page, int kvHead) => Keys(layer, page, kvHead) + HeadBytes / 2;

    public override void Dispose() => _buffer.Dispose();
}
