using System.Runtime.InteropServices;
using Malrule.Inference.Checkpoints;
using Malrule.Inference.Compute;
using Malrule.Inference.Execution;

namespace Malrule.Inference.Models;

/// <summary>
/// The decoder of Qwen2, Qwen3 and Llama: embedding, then layers of (RMSNorm, attention with rotary positions, RMSNorm, SwiGLU)
/// around an fp32 residual stream, then the output layer. What differs between them (biases and norms of queries and keys, scaled
/// positions, a tied output layer) <see cref="DecoderConfig"/> says. Fields carry the checkpoint's tensor names.
/// Shapes: rows are the step's tokens; qkv [rows, (heads + 2·kvHeads)·headDim].
/// </summary>
internal sealed class DecoderModel : IDisposable
{
    private sealed record Layer(
        Vector InputLayernorm, Linear QkvProj, QueryKeyNorm? QkNorm, Linear OProj, Vector PostAttentionLayernorm, Linear GateUpProj, Linear DownProj);

    private readonly Backend _backend;
    private readonly float _epsilon;
    private readonly Table _embedTokens;
    private readonly Layer[] _layers;
    private readonly Vector _norm;
    private readonly Linear _lmHead;
    private readonly Rope _rope;

    // workspace of one step
    private readonly Tensor _residual, _normed, _qkv, _attention, _delta;
    private readonly Tensor _lastResidual, _lastAttention, _lastNormed;
    private readonly RowFaults _faults, _lastFaults;
    private readonly List<IDisposable> _owned = [];

    /// <summary>Loads the weights and allocates the workspace for steps of up to <paramref name="maxRows"/> tokens, of which up to <paramref name="maxLogitRows"/> get logits.</summary>
    public DecoderModel(Checkpoint checkpoint, DecoderConfig config, Backend backend, int maxRows, int maxLogitRows, int maxPositions)
    {
        (_backend, _epsilon) = (backend, config.RmsNormEps);
        Attention = new AttentionShape(config.NumAttentionHeads, config.NumKeyValueHeads, config.HeadDim);
        int hidden = config.HiddenSize, queries = config.NumAttentionHeads * config.HeadDim, keys = config.NumKeyValueHeads * config.HeadDim;
        try
        {
            var embedding = checkpoint.Tensor("model.embed_tokens.weight", config.VocabSize, hidden);
            _embedTokens = Own(backend.LoadTable(embedding));
            _layers = new Layer[config.NumHiddenLayers];
            for (int i = 0; i < _layers.Length; i++)
            {
                string layer = $"model.layers.{i}";
                Vector Norm(string name, int size) => Own(backend.LoadVector(checkpoint.Tensor($"{layer}.{name}.weight", size)));
                LinearSource Source(string name, int inputs, int outputs, bool bias = false) =>
                    checkpoint.Linear($"{layer}.{name}", inputs, outputs, bias, config.Quantization);
                _layers[i] = new Layer(
                    Norm("input_layernorm", hidden),
                    Own(backend.LoadLinear(Source("self_attn.q_proj", hidden, queries, config.QkvBias),
                        Source("self_attn.k_proj", hidden, keys, config.QkvBias), Source("self_attn.v_proj", hidden, keys, config.QkvBias))),
                    config.QueryKeyNorm ? new QueryKeyNorm(Norm("self_attn.q_norm", config.HeadDim), Norm("self_attn.k_norm", config.HeadDim), _epsilon) : null,
                    Own(backend.LoadLinear(Source("self_attn.o_proj", queries, hidden))),
                    Norm("post_attention_layernorm", hidden),
                    Own(backend.LoadLinear(Source("mlp.gate_proj", hidden, config.IntermediateSize), Source("mlp.up_proj", hidden, config.IntermediateSize))),
                    Own(backend.LoadLinear(Source("mlp.down_proj", config.IntermediateSize, hidden))));
            }
            _norm = Own(backend.LoadVector(checkpoint.Tensor("model.norm.weight", hidden)));
            _lmHead = Own(backend.LoadLinear(config.TieWordEmbeddings
                ? new DenseLinear("model.embed_tokens", hidden, config.VocabSize, embedding, null)
                : checkpoint.Linear("lm_head", hidden, config.VocabSize, bias: false)));
            _rope = new Rope(maxPositions, config.HeadDim, config.RopeTheta, config.RopeScaling);

            _residual = Own(backend.Allocate(maxRows, hidden));
            _normed = Own(backend.Allocate(maxRows, hidden));
            _delta = Own(backend.Allocate(maxRows, hidden));
            _qkv = Own(backend.Allocate(maxRows, Attention.QkvColumns));
            _attention = Own(backend.Allocate(maxRows, queries));
            _lastResidual = Own(backend.Allocate(maxLogitRows, hidden));
            _lastAttention = Own(backend.Allocate(maxLogitRows, queries));
            _lastNormed = Own(backend.Allocate(maxLogitRows, hidden));
            (_faults, _lastFaults) = (new RowFaults(maxRows), new RowFaults(maxLogitRows));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public AttentionShape Attention { get; }

    /// <summary>Bytes of all weights in the backend's layout.</summary>
    public long WeightBytes { get; private set; }

    /// <summary>Weights that every token is multiplied with: all linear layers but the output layer.</summary>
    public long BodyWeights => _layers.Sum(layer => Weights(layer.QkvProj) + Weights(layer.OProj) + Weights(layer.GateUpProj) + Weights(layer.DownProj));

    /// <summary>Bytes that a step reads whatever its tokens: all linear layers.</summary>
    public long LinearBytes => _layers.Sum(layer => layer.QkvProj.Bytes + layer.OProj.Bytes + layer.GateUpProj.Bytes + layer.DownProj.Bytes) + _lmHead.Bytes;

    /// <summary>Bytes of the workspace, rotary tables and the backend's own included, for the memory ledger.</summary>
    public static long WorkspaceBytes(DecoderConfig config, Backend backend, int maxRows, int maxLogitRows, int maxPositions)
    {
        long queries = (long)config.NumAttentionHeads * config.HeadDim, keys = (long)config.NumKeyValueHeads * config.HeadDim;
        return 4 * (maxRows * (3L * config.HiddenSize + 2 * queries + 2 * keys)
            + maxLogitRows * (2L * config.HiddenSize + queries)
            + (long)maxPositions * config.HeadDim)
            + backend.FeedForwardBytes(maxRows, config.IntermediateSize);
    }

    /// <summary>
    /// Runs the step's tokens through all layers and keeps the normed hidden states of its logit rows for <see cref="Logits"/>.
    /// Beyond its keys and values the last layer computes those rows only.
    /// </summary>
    public void Forward(Batch batch, KvCache cache)
    {
        int rows = batch.Rows;
        _faults.Clear(rows);
        _backend.Embed(batch.TokenIds.AsSpan(0, rows), _embedTokens, _residual);
        Tensor? delta = null;
        int last = _layers.Length - 1;
        for (int i = 0; i < last; i++)
        {
            Attend(batch, cache, i, delta);
            _backend.Multiply(rows, _attention, _layers[i].OProj, _delta);
            FeedForward(rows, i, _residual, _normed, _faults);
            delta = _delta;
        }
        Attend(batch, cache, last, delta);

        var logitRows = CollectionsMarshal.AsSpan(batch.LogitRows);
        int count = logitRows.Length;
        if (count == 0)
            return;
        _backend.Gather(logitRows, _attention, _lastAttention);
        _backend.Gather(logitRows, _residual, _lastResidual);
        _lastFaults.Clear(count);
        _backend.Multiply(count, _lastAttention, _layers[last].OProj, _delta);
        FeedForward(count, last, _lastResidual, _lastNormed, _lastFaults);
        _lastFaults.Layer = _layers.Length;
        _backend.RmsNorm(count, _lastResidual, _delta, _norm, _epsilon, _lastNormed, _lastFaults);
    }

    /// <summary>Logits of the last step's logit rows first…first + count − 1: hidden [count, hidden] is scratch, logits [count, vocabulary].</summary>
    public void Logits(int first, int count, Tensor hidden, Tensor logits)
    {
        Span<int> rows = stackalloc int[count];
        for (int i = 0; i < count; i++)
            rows[i] = first + i;
        _backend.Gather(rows, _lastNormed, hidden);
        _backend.Multiply(count, hidden, _lmHead, logits);
    }

    /// <summary>The first layer at which a row of the last step held a value that is not finite; -1: none.</summary>
    public int FirstBadLayer(int row) => _faults.FirstBadLayer(row);

    /// <summary>As <see cref="FirstBadLayer"/>, for the part of the last layer that only logit rows compute.</summary>
    public int FirstBadLayerOfLogitRow(int logitRow) => _lastFaults.FirstBadLayer(logitRow);

    public void Dispose()
    {
        foreach (var owned in _owned)
            owned.Dispose();
        _owned.Clear();
    }

    /// <summary>residual += delta of the layer before, then attention into <see cref="_attention"/>.</summary>
    private void Attend(Batch batch, KvCache cache, int index, Tensor? delta)
    {
        var layer = _layers[index];
        int rows = batch.Rows;
        _faults.Layer = index;
        _backend.RmsNorm(rows, _residual, delta, layer.InputLayernorm, _epsilon, _normed, _faults);
        _backend.Multiply(rows, _normed, layer.QkvProj, _qkv);
        _backend.Rotate(batch.Positions.AsSpan(0, rows), _qkv, Attention, _rope, layer.QkNorm);
        _backend.StoreKv(batch.Slots.AsSpan(0, rows), _qkv, Attention, cache, index);
        _backend.PagedAttention(batch.Attention, _qkv, Attention, cache, index, _attention);
    }

    /// <summary>residual += attention's delta, then the feed-forward into <see cref="_delta"/>.</summary>
    private void FeedForward(int rows, int index, Tensor residual, Tensor normed, RowFaults faults)
    {
        var layer = _layers[index];
        faults.Layer = index;
        _backend.RmsNorm(rows, residual, _delta, layer.PostAttentionLayernorm, _epsilon, normed, faults);
        _backend.FeedForward(rows, normed, layer.GateUpProj, layer.DownProj, _delta);
    }

    private static long Weights(Linear linear) => (long)linear.Inputs * linear.Outputs;

    private T Own<T>(T owned) where T : IDisposable
    {
        _owned.Add(owned);
        WeightBytes += owned switch { Linear linear => linear.Bytes, Table table => table.Bytes, Vector vector => 4L * vector.Length, _ => 0 };
        return owned;
    }
}
