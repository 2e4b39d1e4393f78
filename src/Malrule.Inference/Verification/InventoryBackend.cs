using Malrule.Inference.Checkpoints;
using Malrule.Inference.Compute;
using Malrule.Inference.Execution;

namespace Malrule.Inference.Verification;

/// <summary>Notes the tensors that a model loads and keeps nothing of them; it cannot compute.</summary>
internal sealed class InventoryBackend : Backend
{
    private readonly Dictionary<string, DenseTensor> _tensors = [];

    /// <summary>Each tensor once, also where a tied output layer asks for the embedding again.</summary>
    public IReadOnlyCollection<DenseTensor> Tensors => _tensors.Values;

    public override string KernelPath => "inventory";

    public override Tensor Allocate(int rows, int columns) => new NoTensor(rows, columns);

    public override KvCache AllocateKv(KvShape shape, int pages) => throw Computes();

    public override Linear LoadLinear(params ReadOnlySpan<LinearSource> parts)
    {
        foreach (var part in parts)
        {
            if (part is AwqLinear awq)
                Note(awq.QWeight, awq.QZeros, awq.Scales, part.Bias);
            else
                Note(((DenseLinear)part).Weight, part.Bias);
        }
        return new NoLinear(parts[0].Inputs, TotalOutputs(parts));
    }

    public override Table LoadTable(DenseTensor table)
    {
        Note(table);
        return new NoTable(table.Shape[0], table.Shape[1]);
    }

    public override Vector LoadVector(DenseTensor vector)
    {
        Note(vector);
        return new NoVector(vector.Shape[0]);
    }

    public override void Embed(ReadOnlySpan<int> ids, Table table, Tensor output, bool add = false) => throw Computes();
    public override void RmsNorm(int rows, Tensor residual, Tensor? delta, Vector weight, float epsilon, Tensor output, RowFaults faults) => throw Computes();
    public override void LayerNorm(int rows, Tensor input, Tensor? delta, Vector weight, Vector bias, float epsilon, Tensor output, RowFaults faults) =>
        throw Computes();
    public override void Multiply(int rows, Tensor input, Linear weights, Tensor output) => throw Computes();
    public override void Rotate(ReadOnlySpan<int> positions, Tensor qkv, AttentionShape shape, Rope rope, QueryKeyNorm? norm = null) => throw Computes();
    public override void StoreKv(ReadOnlySpan<int> slots, Tensor qkv, AttentionShape shape, KvCache cache, int layer) => throw Computes();
    public override void PagedAttention(AttentionBatch batch, Tensor qkv, AttentionShape shape, KvCache cache, int layer, Tensor output) => throw Computes();
    public override void EncoderAttention(ReadOnlySpan<int> offsets, Tensor qkv, AttentionShape shape, Tensor output) => throw Computes();
    public override void FeedForward(int rows, Tensor input, Linear gateUp, Linear down, Tensor output) => throw Computes();
    public override long FeedForwardBytes(int rows, int inner) => 0;
    public override void Gelu(int rows, Tensor x) => throw Computes();
    public override void Gather(ReadOnlySpan<int> rows, Tensor input, Tensor output) => throw Computes();
    public override void Read(int rows, Tensor tensor, Span<float> destination) => throw Computes();
    public override void CopyPages(KvCache cache, ReadOnlySpan<int> from, ReadOnlySpan<int> to) => throw Computes();
    public override void Sample(Tensor logits, SamplingBatch batch, SamplingResult result) => throw Computes();

    public override void Dispose() { }

    private void Note(params ReadOnlySpan<DenseTensor?> tensors)
    {
        foreach (var tensor in tensors)
            if (tensor is not null)
                _tensors[tensor.Name] = tensor;
    }

    private static InvalidOperationException Computes() => new("An inventory of tensors computes nothing.");

    private sealed class NoTensor(int rows, int columns) : Tensor(rows, columns)
    {
        public override void Dispose() { }
    }

    private sealed class NoLinear(int inputs, int outputs) : Linear(inputs, outputs)
    {
        public override long Bytes => 0;
        public override void Dispose() { }
    }

    private sealed class NoTable(int rows, int columns) : Table(rows, columns)
    {
        public override long Bytes => 0;
        public override void Dispose() { }
    }

    private sealed class NoVector(int length) : Vector(length)
    {
        public override void Dispose() { }
    }
}
