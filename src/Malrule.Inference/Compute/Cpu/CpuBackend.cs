using Malrule.Inference.Checkpoints;
using Malrule.Inference.Compute.Sampling;
using Malrule.Inference.Execution;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>
/// The processor with the registers of <typeparamref name="S"/>: each operation is a job in a file of its own, cut into items that
/// the pool's threads take. No result depends on their number.
/// </summary>
internal sealed unsafe class CpuBackend<S, V> : Backend where S : ISimd<V> where V : unmanaged
{
    private const int EmbedRowsAtOnce = 128;
    private const long KeptTableBytes = 64 << 20;

    private readonly WorkerPool _pool;
    private readonly KernelPath _path;
    private readonly ComputeMode _mode;
    private readonly bool _packs;
    private readonly CancellationToken _loading;
    private readonly FastMultiply<S, V> _fast;
    private readonly NativeBuffer[] _exactScratch;
    private readonly WeightArena _weights = new();
    private readonly AttentionPlan _plan = new();
    private readonly NativeBuffer?[] _blocks;
    private readonly TokenSampler?[] _samplers;
    private AttentionTile<S, V>[] _tiles = [];
    private CpuTensor? _gateUp, _gated; // exact mode's feed-forward

    public CpuBackend(EngineOptions options, KernelPath path)
    {
        (_mode, _path, _packs, _loading) = (options.Mode, path, !options.WithoutWeights, options.Loading);
        _pool = new WorkerPool(options.Threads, options.PinThreads);
        _fast = new FastMultiply<S, V>(_pool, path);
        _exactScratch = [.. Enumerable.Range(0, _pool.Count).Select(_ => new NativeBuffer(ExactGemm<S, V>.ScratchBytes))];
        _blocks = new NativeBuffer?[_pool.Count];
        _samplers = new TokenSampler?[_pool.Count];
    }

    public override string KernelPath => $"cpu {KernelPaths.Name(_path)} {(_mode == ComputeMode.Fast ? "fast" : "exact")}";

    public override void OwnThread() => _pool.PinCaller();

    public override Tensor Allocate(int rows, int columns) => new CpuTensor(rows, columns);

    public override KvCache AllocateKv(KvShape shape, int pages) => new CpuKvCache(shape, pages);

    public override Linear LoadLinear(params ReadOnlySpan<LinearSource> parts)
    {
        _loading.ThrowIfCancellationRequested();
        return CpuLinear.Load(parts, _mode, _weights, _packs ? _pool : null);
    }

    public override Table LoadTable(DenseTensor table) => new CpuTable(table);

    public override Vector LoadVector(DenseTensor vector) => new CpuVector(vector);

    public override void Embed(ReadOnlySpan<int> ids, Table table, Tensor output, bool add = false)
    {
        DenseTensor source = ((CpuTable)table).Source;
        for (int first = 0; first < ids.Length; first += EmbedRowsAtOnce)
        {
            ReadOnlySpan<int> some = ids[first..Math.Min(ids.Length, first + EmbedRowsAtOnce)];
            RowItems items = RowItems.Of(some.Length, output.Columns);
            fixed (int* id = some)
                _pool.Run(items.Count, new EmbedRows<S, V>(items, id, source, (CpuTensor)output, first, add));
            // A fault maps the pages around a row too: kept, they would grow to the whole table. A small one may stay.
            if (source.Count * source.ElementSize > KeptTableBytes)
                SourcePages.Drop(source);
        }
    }

    public override void RmsNorm(int rows, Tensor residual, Tensor? delta, Vector weight, float epsilon, Tensor output, RowFaults faults)
    {
        RowItems items = RowItems.Of(rows, residual.Columns);
        _pool.Run(items.Count, new RmsNorm<S, V>(
            items, (CpuTensor)residual, (CpuTensor?)delta, (CpuVector)weight, epsilon, (CpuTensor)output, faults));
    }

    public override void LayerNorm(int rows, Tensor input, Tensor? delta, Vector weight, Vector bias, float epsilon, Tensor output, RowFaults faults)
    {
        RowItems items = RowItems.Of(rows, input.Columns);
        _pool.Run(items.Count, new LayerNorm<S, V>(
            items, (CpuTensor)input, (CpuTensor?)delta, (CpuVector)weight, (CpuVector)bias, epsilon, (CpuTensor)output, faults));
    }

    public override void Multiply(int rows, Tensor input, Linear weights, Tensor output)
    {
        if (_mode == ComputeMode.Fast)
            _fast.Run(rows, (CpuTensor)input, (CpuLinear)weights, (CpuTensor)output);
        else
            MultiplyExactly(rows, (CpuTensor)input, (CpuLinear)weights, (CpuTensor)output);
    }

    public override void FeedForward(int rows, Tensor input, Linear gateUp, Linear down, Tensor output)
    {
        if (_mode == ComputeMode.Fast)
        {
            _fast.FeedForward(rows, (CpuTensor)input, (CpuLinear)gateUp, (CpuLinear)down, (CpuTensor)output);
            return;
        }
        CpuTensor wide = Room(ref _gateUp, rows, gateUp.Outputs), gated = Room(ref _gated, rows, down.Inputs);
        MultiplyExactly(rows, (CpuTensor)input, (CpuLinear)gateUp, wide);
        RowItems items = RowItems.Of(rows, down.Inputs);
        _pool.Run(items.Count, new SiluMultiply<S, V>(items, wide, gated));
        MultiplyExactly(rows, gated, (CpuLinear)down, (CpuTensor)output);
    }

    public override long FeedForwardBytes(int rows, int inner) => _mode == ComputeMode.Fast
        ? QuantizedRows.Bytes(rows, inner, QuantizedRows.Subgroup)
        : 3L * rows * inner * sizeof(float);

    private void MultiplyExactly(int rows, CpuTensor input, CpuLinear weights, CpuTensor output)
    {
        var job = new ExactGemm<S, V>(rows, input, weights.Panels, weights.Bias, output, _exactScratch);
        _pool.Run(job.Items, job);
    }

    private static CpuTensor Room(ref CpuTensor? tensor, int rows, int columns)
    {
        if (tensor is { } kept && kept.Rows >= rows && kept.Columns == columns)
            return kept;
        tensor?.Dispose();
        return tensor = new CpuTensor(rows, columns);
    }

    public override void Rotate(ReadOnlySpan<int> positions, Tensor qkv, AttentionShape shape, Rope rope, QueryKeyNorm? norm = null)
    {
        RowItems items = RowItems.Of(positions.Length, qkv.Columns);
        fixed (int* first = positions)
        fixed (float* cos = rope.Cos, sin = rope.Sin)
            _pool.Run(items.Count, new Rotary<S, V>(items, first, (CpuTensor)qkv, shape, cos, sin, (CpuVector?)norm?.Query, (CpuVector?)norm?.Key, norm?.Epsilon ?? 0));
    }

    public override void StoreKv(ReadOnlySpan<int> slots, Tensor qkv, AttentionShape shape, KvCache cache, int layer)
    {
        RowItems items = RowItems.Of(slots.Length, 2 * shape.KvHeads * shape.HeadDim);
        fixed (int* first = slots)
            _pool.Run(items.Count, new KvStore<S, V>(items, first, (CpuTensor)qkv, shape, (CpuKvCache)cache, layer));
    }

    public override void PagedAttention(AttentionBatch batch, Tensor qkv, AttentionShape shape, KvCache cache, int layer, Tensor output)
    {
        _plan.Cut(batch, shape, AttentionTile<S, V>.MaxRows, _pool.Count);
        _pool.Run(_plan.Items.Count, new PagedAttention<S, V>(
            _plan, batch, Tiles(shape.HeadDim), (CpuTensor)qkv, shape, (CpuKvCache)cache, layer, (CpuTensor)output));
    }

    public override void EncoderAttention(ReadOnlySpan<int> offsets, Tensor qkv, AttentionShape shape, Tensor output)
    {
        AttentionTile<S, V>[] tiles = Tiles(shape.HeadDim);
        int longest = 0;
        for (int s = 0; s + 1 < offsets.Length; s++)
            longest = Math.Max(longest, offsets[s + 1] - offsets[s]);
        long room = EncoderAttention<S, V>.BlockBytes(longest, tiles[0]);
        for (int worker = 0; worker < _blocks.Length; worker++)
        {
            if (!(_blocks[worker]?.Bytes >= room))
            {
                _blocks[worker]?.Dispose();
                _blocks[worker] = new NativeBuffer(room);
            }
        }
        fixed (int* first = offsets)
        {
            _pool.Run((offsets.Length - 1) * shape.KvHeads, new EncoderAttention<S, V>(
                first, tiles, _blocks!, (CpuTensor)qkv, shape, (CpuTensor)output));
        }
    }

    public override void Gelu(int rows, Tensor x)
    {
        RowItems items = RowItems.Of(rows, x.Columns);
        _pool.Run(items.Count, new Gelu<S, V>(items, (CpuTensor)x));
    }

    public override void Gather(ReadOnlySpan<int> rows, Tensor input, Tensor output)
    {
        for (int i = 0; i < rows.Length; i++)
            Copy(((CpuTensor)input).Row(rows[i]), ((CpuTensor)output).Row(i), input.Columns * sizeof(float));
    }

    public override void Read(int rows, Tensor tensor, Span<float> destination)
    {
        for (int row = 0; row < rows; row++)
            new ReadOnlySpan<float>(((CpuTensor)tensor).Row(row), tensor.Columns).CopyTo(destination[(row * tensor.Columns)..]);
    }

    public override void CopyPages(KvCache cache, ReadOnlySpan<int> from, ReadOnlySpan<int> to)
    {
        var kv = (CpuKvCache)cache;
        for (int layer = 0; layer < kv.Shape.Layers; layer++)
            for (int i = 0; i < from.Length; i++)
                Copy(kv.Keys(layer, from[i], 0), kv.Keys(layer, to[i], 0), kv.PageBytes);
    }

    public override void Sample(Tensor logits, SamplingBatch batch, SamplingResult result)
    {
        result.Reserve(batch, logits.Columns);
        _pool.Run(batch.Draws + batch.ScoredRows, new SampleRows(_samplers, (CpuTensor)logits, batch, result));
    }

    public override void Dispose()
    {
        _pool.Dispose();
        _fast.Dispose();
        _weights.Dispose();
        foreach (NativeBuffer scratch in _exactScratch)
            scratch.Dispose();
        _gateUp?.Dispose();
        _gated?.Dispose();
        foreach (AttentionTile<S, V> tile in _tiles)
            tile.Dispose();
        foreach (NativeBuffer? block in _blocks)
            block?.Dispose();
    }

    /// <summary>One tile a worker, of this head dimension.</summary>
    private AttentionTile<S, V>[] Tiles(int headDim)
    {
        if (_tiles.Length > 0 && _tiles[0].HeadDim == headDim)
            return _tiles;
        foreach (AttentionTile<S, V> tile in _tiles)
            tile.Dispose();
        _tiles = new AttentionTile<S, V>[_pool.Count];
        for (int worker = 0; worker < _tiles.Length; worker++)
            _tiles[worker] = new AttentionTile<S, V>(headDim);
        return _tiles;
    }

    private static void Copy(void* from, void* to, long bytes) => Buffer.MemoryCopy(from, to, bytes, bytes);
}

/// <summary>Draws and scored rows, one an item, each worker with a sampler of its own.</summary>
internal readonly unsafe struct SampleRows(TokenSampler?[] samplers, CpuTensor logits, SamplingBatch batch, SamplingResult result) : IJob
{
    public void Run(int item, int worker)
    {
        TokenSampler sampler = samplers[worker] is { } made && made.Vocabulary == logits.Columns
            ? made
            : samplers[worker] = new TokenSampler(logits.Columns);
        if (item < batch.Draws)
            sampler.Draw(batch, item, Row(batch.LogitsRow[item]), result);
        else
            sampler.Score(batch, item - batch.Draws, Row(batch.ScoredLogitsRow[item - batch.Draws]), result);
    }

    private ReadOnlySpan<float> Row(int row) => new(logits.Row(row), logits.Columns);
}
