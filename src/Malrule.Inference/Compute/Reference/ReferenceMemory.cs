using Malrule.Inference.Checkpoints;

namespace Malrule.Inference.Compute.Reference;

/// <summary>fp32 values in a managed array, row-major without padding.</summary>
internal sealed class ReferenceTensor(int rows, int columns) : Tensor(rows, columns)
{
    public float[] Data { get; } = new float[(long)rows * columns];

    public Span<float> Row(int row) => Data.AsSpan(row * Columns, Columns);

    public override void Dispose() { }
}

/// <summary>Weights dequantised to fp32, [outputs, inputs], and a bias of zeros where the checkpoint has none.</summary>
internal sealed class ReferenceLinear : Linear
{
    public ReferenceLinear(int inputs, int outputs, ReadOnlySpan<LinearSource> parts) : base(inputs, outputs)
    {
        Weight = new float[(long)outputs * inputs];
        Bias = new float[outputs];
        int first = 0;
        foreach (LinearSource part in parts)
        {
            for (int n = 0; n < part.Outputs; n++)
            {
                for (int k = 0; k < inputs; k++)
                    Weight[(first + n) * inputs + k] = part[n, k];
                Bias[first + n] = part.Bias?[n] ?? 0;
            }
            first += part.Outputs;
        }
    }

    public float[] Weight { get; }
    public float[] Bias { get; }
    public override long Bytes => sizeof(float) * (Weight.LongLength + Bias.LongLength);

    public override void Dispose() { }
}

/// <summary>The checkpoint's own table, read in place.</summary>
internal sealed class ReferenceTable(DenseTensor table) : Table(table.Shape[0], table.Shape[1])
{
    public float this[int row, int column] => table[(long)row * Columns + column];
    public override long Bytes => 0;

    public override void Dispose() { }
}

internal sealed class ReferenceVector : Vector
{
    public ReferenceVector(DenseTensor vector) : base((int)vector.Count)
    {
        Data = new float[Length];
        for (int i = 0; i < Length; i++)
            Data[i] = vector[i];
    }

    public float[] Data { get; }

    public override void Dispose() { }
}

/// <summary>Keys and values [layer, page, kvHead, token, headDim]; with <see cref="KvShape.Half"/> each value is rounded to fp16 as it is stored.</summary>
internal sealed class ReferenceKvCache(KvShape shape, int pages) : KvCache(shape, pages)
{
    private readonly float[][] _keys = Layers(shape, pages);
    private readonly float[][] _values = Layers(shape, pages);

    public Span<float> Key(int layer, int slot, int kvHead) => Element(_keys[layer], slot, kvHead);
    public Span<float> Value(int layer, int slot, int kvHead) => Element(_values[layer], slot, kvHead);

    /// <summary>All keys, then all values, of one page of one layer.</summary>
    public (Memory<float> Keys, Memory<float> Values) Page(int layer, int page)
    {
        int size = Shape.KvHeads * KvShape.PageTokens * Shape.HeadDim;
        return (_keys[layer].AsMemory(page * size, size), _values[layer].AsMemory(page * size, size));
    }

    public float Rounded(float value) => Shape.Half ? (float)(Half)value : value;

    public override void Dispose() { }

    private Span<float> Element(float[] layer, int slot, int kvHead)
    {
        (int page, int token) = Math.DivRem(slot, KvShape.PageTokens);
        int element = ((page * Shape.KvHeads + kvHead) * KvShape.PageTokens + token) * Shape.HeadDim;
        return layer.AsSpan(element, Shape.HeadDim);
    }

    private static float[][] Layers(KvShape shape, int pages)
    {
        var layers = new float[shape.Layers][];
        for (int layer = 0; layer < layers.Length; layer++)
            layers[layer] = new float[(long)pages * shape.KvHeads * KvShape.PageTokens * shape.HeadDim];
        return layers;
    }
}
