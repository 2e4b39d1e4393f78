using Malrule.Inference.Checkpoints;
using Malrule.Inference.Compute;

namespace Malrule.Inference.Models;

/// <summary>
/// BERT (BGE, MiniLM and kin): word, position and segment embeddings, then post-norm layers of attention and GELU feed-forward.
/// Fields carry the checkpoint's tensor names; a leading "bert." is accepted.
/// </summary>
internal sealed class BertModel : IEncoder
{
    private sealed record Layer(Linear Qkv, Linear AttentionOutput, Vector AttentionNorm, Vector AttentionNormBias,
        Linear Intermediate, Linear Output, Vector OutputNorm, Vector OutputNormBias);

    private readonly Backend _backend;
    private readonly Table _words, _positions, _segments;
    private readonly Vector _norm, _normBias;
    private readonly Layer[] _layers;
    private readonly AttentionShape _attention;
    private readonly float _epsilon;
    private readonly EncoderWorkspace _workspace;
    private readonly Tensor _intermediate;
    private readonly List<IDisposable> _owned = [];

    public BertModel(Checkpoint checkpoint, ConfigFile config, Backend backend, EmbedderOptions options)
    {
        _backend = backend;
        HiddenSize = config.Int("hidden_size", 2, 65_536);
        VocabSize = config.Int("vocab_size", 1, 4_194_304);
        MaxTokens = config.Int("max_position_embeddings", 1, 1_048_576);
        int maxRows = options.MaxRows(MaxTokens);
        int heads = config.Int("num_attention_heads", 1, HiddenSize);
        int intermediate = config.Int("intermediate_size", 1, 1_048_576);
        _epsilon = (float)config.Double("layer_norm_eps", 1e-12);
        if (HiddenSize % heads != 0)
            throw config.Wrong("num_attention_heads", $"a divisor of hidden_size ({HiddenSize})");
        if (config.String("hidden_act", "gelu") != "gelu")
            throw config.Wrong("hidden_act", "gelu");
        if (config.String("position_embedding_type", "absolute") != "absolute")
            throw config.Wrong("position_embedding_type", "absolute");
        _attention = new AttentionShape(heads, heads, HiddenSize / heads);

        string root = checkpoint.Contains("bert.embeddings.word_embeddings.weight") ? "bert." : "";
        int hidden = HiddenSize;
        try
        {
            Table Table(string name, int rows) => Own(backend.LoadTable(checkpoint.Tensor(root + name, rows, hidden)));
            Vector Vector(string name) => Own(backend.LoadVector(checkpoint.Tensor(root + name, hidden)));
            Linear Linear(params ReadOnlySpan<LinearSource> parts) => Own(backend.LoadLinear(parts));
            LinearSource Source(string name, int inputs, int outputs) => checkpoint.Linear(root + name, inputs, outputs, bias: true);

            _words = Table("embeddings.word_embeddings.weight", VocabSize);
            _positions = Table("embeddings.position_embeddings.weight", MaxTokens);
            _segments = Table("embeddings.token_type_embeddings.weight", config.Int("type_vocab_size", 1, 1_024, 2));
            (_norm, _normBias) = (Vector("embeddings.LayerNorm.weight"), Vector("embeddings.LayerNorm.bias"));
            _layers = new Layer[config.Int("num_hidden_layers", 1, 1_024)];
            for (int i = 0; i < _layers.Length; i++)
            {
                string layer = $"encoder.layer.{i}", self = $"{layer}.attention.self";
                _layers[i] = new Layer(
                    Linear(Source($"{self}.query", hidden, hidden), Source($"{self}.key", hidden, hidden), Source($"{self}.value", hidden, hidden)),
                    Linear(Source($"{layer}.attention.output.dense", hidden, hidden)),
                    Vector($"{layer}.attention.output.LayerNorm.weight"), Vector($"{layer}.attention.output.LayerNorm.bias"),
                    Linear(Source($"{layer}.intermediate.dense", hidden, intermediate)),
                    Linear(Source($"{layer}.output.dense", intermediate, hidden)),
                    Vector($"{layer}.output.LayerNorm.weight"), Vector($"{layer}.output.LayerNorm.bias"));
            }
            _workspace = Own(new EncoderWorkspace(backend, maxRows, _attention, hidden));
            _intermediate = Own(backend.Allocate(maxRows, intermediate));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public int HiddenSize { get; }
    public int VocabSize { get; }
    public int MaxTokens { get; }
    public long BodyWeights => _owned.OfType<Linear>().Sum(linear => (long)linear.Inputs * linear.Outputs);
    public long WeightBytes => _owned.OfType<Linear>().Sum(linear => linear.Bytes);

    public Tensor Forward(ReadOnlySpan<int> tokenIds, ReadOnlySpan<int> offsets)
    {
        int rows = tokenIds.Length;
        var (x, qkv, attention, delta, faults) = _workspace;
        faults.Clear(rows);
        faults.Layer = 0;
        _backend.Embed(tokenIds, _words, x);
        _backend.Embed(_workspace.PositionsOf(offsets), _positions, x, add: true);
        _backend.Embed(_workspace.Zeros(rows), _segments, x, add: true);
        _backend.LayerNorm(rows, x, null, _norm, _normBias, _epsilon, x, faults);
        for (int i = 0; i < _layers.Length; i++)
        {
            var layer = _layers[i];
            faults.Layer = i;
            _backend.Multiply(rows, x, layer.Qkv, qkv);
            _backend.EncoderAttention(offsets, qkv, _attention, attention);
            _backend.Multiply(rows, attention, layer.AttentionOutput, delta);
            _backend.LayerNorm(rows, x, delta, layer.AttentionNorm, layer.AttentionNormBias, _epsilon, x, faults);
            _backend.Multiply(rows, x, layer.Intermediate, _intermediate);
            _backend.Gelu(rows, _intermediate);
            _backend.Multiply(rows, _intermediate, layer.Output, delta);
            _backend.LayerNorm(rows, x, delta, layer.OutputNorm, layer.OutputNormBias, _epsilon, x, faults);
        }
        return x;
    }

    public int FirstBadLayer(int row) => _workspace.Faults.FirstBadLayer(row);

    public void Dispose()
    {
        foreach (var owned in _owned)
            owned.Dispose();
        _owned.Clear();
    }

    private T Own<T>(T owned) where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }
}
