using Malrule.Inference.Checkpoints;
using Malrule.Inference.Compute;

namespace Malrule.Inference.Models;

/// <summary>
/// nomic-bert (nomic-embed-text v1 and v1.5): BERT with rotary positions, SwiGLU and no linear biases. In the checkpoint fc11 is
/// the up projection and fc12 the gate. Positions past max_trained_positions would need rotary scaling and are not served.
/// </summary>
internal sealed class NomicBertModel : IEncoder
{
    private sealed record Layer(Linear Wqkv, Linear OutProj, Vector Norm1, Vector Norm1Bias, Linear GateUp, Linear Fc2, Vector Norm2, Vector Norm2Bias);

    private readonly Backend _backend;
    private readonly Table _words, _segments;
    private readonly Vector _norm, _normBias;
    private readonly Layer[] _layers;
    private readonly AttentionShape _attention;
    private readonly Rope _rope;
    private readonly float _epsilon;
    private readonly EncoderWorkspace _workspace;
    private readonly List<IDisposable> _owned = [];

    public NomicBertModel(Checkpoint checkpoint, ConfigFile config, Backend backend, EmbedderOptions options)
    {
        _backend = backend;
        HiddenSize = config.Int("n_embd", 2, 65_536);
        VocabSize = config.Int("vocab_size", 1, 4_194_304);
        int positions = config.Int("n_positions", 1, 1_048_576);
        MaxTokens = Math.Min(positions, config.Int("max_trained_positions", 1, 1_048_576, positions));
        int maxRows = options.MaxRows(MaxTokens);
        int heads = config.Int("n_head", 1, HiddenSize);
        int inner = config.Int("n_inner", 1, 1_048_576, 4 * HiddenSize);
        _epsilon = (float)config.Double("layer_norm_epsilon", 1e-12);
        if (HiddenSize % heads != 0)
            throw config.Wrong("n_head", $"a divisor of n_embd ({HiddenSize})");
        RequireSupported(config);
        _attention = new AttentionShape(heads, heads, HiddenSize / heads);
        _rope = new Rope(Math.Min(MaxTokens, maxRows), HiddenSize / heads, config.Double("rotary_emb_base", 10_000));

        int hidden = HiddenSize;
        try
        {
            Vector Vector(string name) => Own(backend.LoadVector(checkpoint.Tensor(name, hidden)));
            Linear Linear(params ReadOnlySpan<LinearSource> parts) => Own(backend.LoadLinear(parts));
            LinearSource Source(string name, int inputs, int outputs) => checkpoint.Linear(name, inputs, outputs, bias: false);

            _words = Own(backend.LoadTable(checkpoint.Tensor("embeddings.word_embeddings.weight", VocabSize, hidden)));
            _segments = Own(backend.LoadTable(checkpoint.Tensor("embeddings.token_type_embeddings.weight", config.Int("type_vocab_size", 1, 1_024, 2), hidden)));
            (_norm, _normBias) = (Vector("emb_ln.weight"), Vector("emb_ln.bias"));
            _layers = new Layer[config.Int("n_layer", 1, 1_024)];
            for (int i = 0; i < _layers.Length; i++)
            {
                string layer = $"encoder.layers.{i}";
                _layers[i] = new Layer(
                    Linear(Source($"{layer}.attn.Wqkv", hidden, 3 * hidden)),
                    Linear(Source($"{layer}.attn.out_proj", hidden, hidden)),
                    Vector($"{layer}.norm1.weight"), Vector($"{layer}.norm1.bias"),
                    Linear(Source($"{layer}.mlp.fc12", hidden, inner), Source($"{layer}.mlp.fc11", hidden, inner)),
                    Linear(Source($"{layer}.mlp.fc2", inner, hidden)),
                    Vector($"{layer}.norm2.weight"), Vector($"{layer}.norm2.bias"));
            }
            _workspace = Own(new EncoderWorkspace(backend, maxRows, _attention, hidden));
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
        var positions = _workspace.PositionsOf(offsets);
        faults.Clear(rows);
        faults.Layer = 0;
        _backend.Embed(tokenIds, _words, x);
        _backend.Embed(_workspace.Zeros(rows), _segments, x, add: true);
        _backend.LayerNorm(rows, x, null, _norm, _normBias, _epsilon, x, faults);
        for (int i = 0; i < _layers.Length; i++)
        {
            var layer = _layers[i];
            faults.Layer = i;
            _backend.Multiply(rows, x, layer.Wqkv, qkv);
            _backend.Rotate(positions, qkv, _attention, _rope);
            _backend.EncoderAttention(offsets, qkv, _attention, attention);
            _backend.Multiply(rows, attention, layer.OutProj, delta);
            _backend.LayerNorm(rows, x, delta, layer.Norm1, layer.Norm1Bias, _epsilon, x, faults);
            _backend.FeedForward(rows, x, layer.GateUp, layer.Fc2, delta);
            _backend.LayerNorm(rows, x, delta, layer.Norm2, layer.Norm2Bias, _epsilon, x, faults);
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

    private static void RequireSupported(ConfigFile config)
    {
        if (config.String("activation_function", "swiglu") != "swiglu")
            throw config.Wrong("activation_function", "swiglu");
        if (config.Double("rotary_emb_fraction", 1) != 1)
            throw config.Wrong("rotary_emb_fraction", "1");
        foreach (string field in (ReadOnlySpan<string>)["prenorm", "parallel_block", "use_rms_norm", "causal", "qkv_proj_bias", "mlp_fc1_bias", "mlp_fc2_bias", "rotary_emb_interleaved"])
            if (config.Bool(field, false))
                throw config.Wrong(field, "false");
    }

    private T Own<T>(T owned) where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }
}
