using Malrule.Inference.Checkpoints;
using Malrule.Inference.Compute.Sampling;
using Malrule.Inference.Execution;

namespace Malrule.Inference.Compute.Reference;

/// <summary>
/// The oracle of every fast backend: each operation written down from its definition in plain scalar loops, weights dequantised
/// to fp32, sums in double. Slow; for tests, and for <c>--device reference</c> when a result is in doubt.
/// </summary>
internal sealed class ReferenceBackend : Backend
{
    private TokenSampler? _sampler;

    public override string KernelPath => "reference";

    public override Tensor Allocate(int rows, int columns) => new ReferenceTensor(rows, columns);

    public override KvCache AllocateKv(KvShape shape, int pages) => new ReferenceKvCache(shape, pages);

    public override Linear LoadLinear(params ReadOnlySpan<LinearSource> parts) =>
        new ReferenceLinear(parts[0].Inputs, TotalOutputs(parts), parts);

    public override Table LoadTable(DenseTensor table) => new ReferenceTable(table);

    public override Vector LoadVector(DenseTensor vector) => new ReferenceVector(vector);

    public override void Embed(ReadOnlySpan<int> ids, Table table, Tensor output, bool add = false)
    {
        var source = (ReferenceTable)table;
        for (int i = 0; i < ids.Length; i++)
        {
            Span<float> row = Row(output, i);
            for (int j = 0; j < row.Length; j++)
                row[j] = (add ? row[j] : 0) + source[ids[i], j];
        }
    }

    public override void RmsNorm(int rows, Tensor residual, Tensor? delta, Vector weight, float epsilon, Tensor output, RowFaults faults)
    {
        for (int i = 0; i < rows; i++)
        {
            Span<float> x = Row(residual, i);
            for (int j = 0; delta is not null && j < x.Length; j++)
                x[j] += Row(delta, i)[j];
            double squares = Normalise(x, Data(weight), epsilon, Row(output, i));
            if (!float.IsFinite((float)squares))
                faults.Note(i);
        }
    }

    public override void LayerNorm(int rows, Tensor input, Tensor? delta, Vector weight, Vector bias, float epsilon, Tensor output, RowFaults faults)
    {
        float[] gain = Data(weight), shift = Data(bias);
        for (int i = 0; i < rows; i++)
        {
            Span<float> x = Row(input, i), y = Row(output, i);
            double sum = 0, squares = 0;
            for (int j = 0; j < x.Length; j++)
            {
                y[j] = x[j] + (delta is null ? 0 : Row(delta, i)[j]);
                sum += y[j];
            }
            double mean = sum / x.Length;
            foreach (float value in y)
                squares += (value - mean) * (value - mean);
            if (!float.IsFinite((float)squares))
                faults.Note(i);
            double scale = 1 / Math.Sqrt(squares / x.Length + epsilon);
            for (int j = 0; j < x.Length; j++)
                y[j] = (float)((y[j] - mean) * scale * gain[j] + shift[j]);
        }
    }

    public override void Multiply(int rows, Tensor input, Linear weights, Tensor output)
    {
        var linear = (ReferenceLinear)weights;
        for (int i = 0; i < rows; i++)
            for (int n = 0; n < linear.Outputs; n++)
                Row(output, i)[n] = (float)(Dot(Row(input, i), linear.Weight.AsSpan(n * linear.Inputs, linear.Inputs)) + linear.Bias[n]);
    }

    public override void FeedForward(int rows, Tensor input, Linear gateUp, Linear down, Tensor output)
    {
        using Tensor wide = Allocate(rows, gateUp.Outputs), gated = Allocate(rows, down.Inputs);
        Multiply(rows, input, gateUp, wide);
        for (int i = 0; i < rows; i++)
        {
            Span<float> gate = Row(wide, i), up = gate[down.Inputs..], y = Row(gated, i);
            for (int j = 0; j < y.Length; j++)
                y[j] = (float)(gate[j] / (1 + Math.Exp(-gate[j])) * up[j]);
        }
        Multiply(rows, gated, down, output);
    }

    public override long FeedForwardBytes(int rows, int inner) => 3L * rows * inner * sizeof(float);

    public override void Rotate(ReadOnlySpan<int> positions, Tensor qkv, AttentionShape shape, Rope rope, QueryKeyNorm? norm = null)
    {
        for (int i = 0; i < positions.Length; i++)
        {
            for (int head = 0; head < shape.Heads + shape.KvHeads; head++)
            {
                Span<float> x = Head(qkv, i, head, shape);
                if (norm is not null)
                    Normalise(x, Data(head < shape.Heads ? norm.Query : norm.Key), norm.Epsilon, x);
                for (int j = 0; j < rope.HalfDim; j++)
                {
                    float cos = rope.Cos[positions[i] * rope.HalfDim + j], sin = rope.Sin[positions[i] * rope.HalfDim + j];
                    (x[j], x[j + rope.HalfDim]) = (x[j] * cos - x[j + rope.HalfDim] * sin, x[j + rope.HalfDim] * cos + x[j] * sin);
                }
            }
        }
    }

    public override void StoreKv(ReadOnlySpan<int> slots, Tensor qkv, AttentionShape shape, KvCache cache, int layer)
    {
        var kv = (ReferenceKvCache)cache;
        for (int i = 0; i < slots.Length; i++)
        {
            for (int head = 0; head < shape.KvHeads; head++)
            {
                Span<float> key = kv.Key(layer, slots[i], head), value = kv.Value(layer, slots[i], head);
                for (int d = 0; d < shape.HeadDim; d++)
                {
                    key[d] = kv.Rounded(Row(qkv, i)[(shape.Heads + head) * shape.HeadDim + d]);
                    value[d] = kv.Rounded(Row(qkv, i)[(shape.Heads + shape.KvHeads + head) * shape.HeadDim + d]);
                }
            }
        }
    }

    public override void PagedAttention(AttentionBatch batch, Tensor qkv, AttentionShape shape, KvCache cache, int layer, Tensor output)
    {
        var kv = (ReferenceKvCache)cache;
        foreach (AttentionBatch.Group group in batch.Groups)
        {
            for (int r = group.FirstRun; r < group.FirstRun + group.RunCount; r++)
            {
                AttentionBatch.Run run = batch.Runs[r];
                for (int row = run.FirstRow; row < run.FirstRow + run.RowCount; row++)
                {
                    for (int head = 0; head < shape.Heads; head++)
                    {
                        int kvHead = head / shape.QueriesPerKvHead;
                        Attend(Head(qkv, row, head, shape), batch.Positions[row] + 1, shape.Scale,
                            key => kv.Key(layer, batch.Slot(run, key), kvHead),
                            key => kv.Value(layer, batch.Slot(run, key), kvHead),
                            Row(output, row).Slice(head * shape.HeadDim, shape.HeadDim));
                    }
                }
            }
        }
    }

    public override void EncoderAttention(ReadOnlySpan<int> offsets, Tensor qkv, AttentionShape shape, Tensor output)
    {
        for (int s = 0; s + 1 < offsets.Length; s++)
        {
            int first = offsets[s];
            for (int row = first; row < offsets[s + 1]; row++)
            {
                for (int head = 0; head < shape.Heads; head++)
                {
                    int keyHead = shape.Heads + head / shape.QueriesPerKvHead;
                    Attend(Head(qkv, row, head, shape), offsets[s + 1] - first, shape.Scale,
                        key => Head(qkv, first + key, keyHead, shape),
                        key => Head(qkv, first + key, keyHead + shape.KvHeads, shape),
                        Row(output, row).Slice(head * shape.HeadDim, shape.HeadDim));
                }
            }
        }
    }

    public override void Gelu(int rows, Tensor x)
    {
        for (int i = 0; i < rows; i++)
            foreach (ref float value in Row(x, i))
                value = (float)(value * 0.5 * ErrorFunction.Complement(-value / Math.Sqrt(2)));
    }

    public override void Gather(ReadOnlySpan<int> rows, Tensor input, Tensor output)
    {
        for (int i = 0; i < rows.Length; i++)
            Row(input, rows[i]).CopyTo(Row(output, i));
    }

    public override void Read(int rows, Tensor tensor, Span<float> destination) =>
        ((ReferenceTensor)tensor).Data.AsSpan(0, rows * tensor.Columns).CopyTo(destination);

    public override void CopyPages(KvCache cache, ReadOnlySpan<int> from, ReadOnlySpan<int> to)
    {
        var kv = (ReferenceKvCache)cache;
        for (int layer = 0; layer < kv.Shape.Layers; layer++)
        {
            for (int i = 0; i < from.Length; i++)
            {
                kv.Page(layer, from[i]).Keys.CopyTo(kv.Page(layer, to[i]).Keys);
                kv.Page(layer, from[i]).Values.CopyTo(kv.Page(layer, to[i]).Values);
            }
        }
    }

    public override void Sample(Tensor logits, SamplingBatch batch, SamplingResult result)
    {
        if (_sampler?.Vocabulary != logits.Columns)
            _sampler = new TokenSampler(logits.Columns);
        result.Reserve(batch, logits.Columns);
        for (int draw = 0; draw < batch.Draws; draw++)
            _sampler.Draw(batch, draw, Row(logits, batch.LogitsRow[draw]), result);
        for (int scored = 0; scored < batch.ScoredRows; scored++)
            _sampler.Score(batch, scored, Row(logits, batch.ScoredLogitsRow[scored]), result);
    }

    public override void Dispose() { }

    /// <summary>y = x / rms(x) · gain; returns x's sum of squares.</summary>
    private static double Normalise(ReadOnlySpan<float> x, float[] gain, float epsilon, Span<float> y)
    {
        double squares = Dot(x, x), scale = 1 / Math.Sqrt(squares / x.Length + epsilon);
        for (int j = 0; j < x.Length; j++)
            y[j] = (float)(x[j] * scale * gain[j]);
        return squares;
    }

    /// <summary>softmax(q·k · scale) · v over keys 0…count−1.</summary>
    private static void Attend(Span<float> query, int count, float scale, Rows keys, Rows values, Span<float> output)
    {
        var weights = new double[count];
        for (int key = 0; key < count; key++)
            weights[key] = Dot(query, keys(key)) * scale;
        double max = weights.Max(), sum = 0;
        for (int key = 0; key < count; key++)
            sum += weights[key] = Math.Exp(weights[key] - max);
        var totals = new double[output.Length];
        for (int key = 0; key < count; key++)
        {
            Span<float> value = values(key);
            for (int d = 0; d < totals.Length; d++)
                totals[d] += weights[key] * value[d];
        }
        for (int d = 0; d < totals.Length; d++)
            output[d] = (float)(totals[d] / sum);
    }

    private delegate Span<float> Rows(int key);

    private static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
            sum += (double)a[i] * b[i];
        return sum;
    }

    private static Span<float> Head(Tensor qkv, int row, int head, AttentionShape shape) => Row(qkv, row).Slice(head * shape.HeadDim, shape.HeadDim);

    private static Span<float> Row(Tensor tensor, int row) => ((ReferenceTensor)tensor).Row(row);

    private static float[] Data(Vector vector) => ((ReferenceVector)vector).Data;
}
