using System.Text.Json.Nodes;

namespace Malrule.Benchmarks.Checkpoints;

/// <summary>
/// A BERT or nomic-bert encoder with the tensor names, <c>config.json</c> and pooling files of the published embedders.
/// </summary>
internal sealed record EncoderShape(bool Nomic, int Hidden, int Intermediate, int Layers, int Heads, int Vocabulary, int Positions)
{
    private const double Deviation = 0.02;

    public JsonObject Config() => Nomic ? NomicConfig() : BertConfig();

    /// <summary>sentence-transformers' <c>modules.json</c>.</summary>
    public JsonArray Modules()
    {
        string[] modules = Nomic ? ["Transformer", "Pooling"] : ["Transformer", "Pooling", "Normalize"];
        return [.. modules.Select((module, i) => new JsonObject
        {
            ["idx"] = i,
            ["name"] = $"{i}",
            ["path"] = i == 0 ? "" : $"{i}_{module}",
            ["type"] = $"sentence_transformers.models.{module}",
        })];
    }

    public JsonObject Pooling() => new()
    {
        ["word_embedding_dimension"] = Hidden,
        ["pooling_mode_cls_token"] = !Nomic,
        ["pooling_mode_mean_tokens"] = Nomic,
        ["pooling_mode_max_tokens"] = false,
        ["pooling_mode_mean_sqrt_len_tokens"] = false,
    };

    public JsonObject SentenceConfig() => new() { ["max_seq_length"] = Positions, ["do_lower_case"] = !Nomic };

    public IEnumerable<TensorSpec> Tensors(string dtype) => Nomic ? NomicTensors(dtype) : BertTensors(dtype);

    private JsonObject BertConfig() => new()
    {
        ["architectures"] = new JsonArray("BertModel"),
        ["attention_probs_dropout_prob"] = 0.1,
        ["classifier_dropout"] = null,
        ["hidden_act"] = "gelu",
        ["hidden_dropout_prob"] = 0.1,
        ["hidden_size"] = Hidden,
        ["initializer_range"] = 0.02,
        ["intermediate_size"] = Intermediate,
        ["layer_norm_eps"] = 1e-12,
        ["max_position_embeddings"] = Positions,
        ["model_type"] = "bert",
        ["num_attention_heads"] = Heads,
        ["num_hidden_layers"] = Layers,
        ["pad_token_id"] = 0,
        ["position_embedding_type"] = "absolute",
        ["torch_dtype"] = "float32",
        ["transformers_version"] = "4.30.0",
        ["type_vocab_size"] = 2,
        ["use_cache"] = true,
        ["vocab_size"] = Vocabulary,
    };

    private JsonObject NomicConfig() => new()
    {
        ["activation_function"] = "swiglu",
        ["architectures"] = new JsonArray("NomicBertModel"),
        ["attn_pdrop"] = 0.0,
        ["causal"] = false,
        ["dense_seq_output"] = true,
        ["embd_pdrop"] = 0.0,
        ["initializer_range"] = 0.02,
        ["layer_norm_epsilon"] = 1e-12,
        ["max_trained_positions"] = 2048,
        ["mlp_fc1_bias"] = false,
        ["mlp_fc2_bias"] = false,
        ["model_type"] = "nomic_bert",
        ["n_embd"] = Hidden,
        ["n_head"] = Heads,
        ["n_inner"] = Intermediate,
        ["n_layer"] = Layers,
        ["n_positions"] = Positions,
        ["pad_vocab_size_multiple"] = 64,
        ["parallel_block"] = false,
        ["prenorm"] = false,
        ["qkv_proj_bias"] = false,
        ["rotary_emb_base"] = 1000,
        ["rotary_emb_fraction"] = 1.0,
        ["rotary_emb_interleaved"] = false,
        ["rotary_scaling_factor"] = null,
        ["torch_dtype"] = "float32",
        ["type_vocab_size"] = 2,
        ["use_rms_norm"] = false,
        ["vocab_size"] = Vocabulary,
    };

    private IEnumerable<TensorSpec> BertTensors(string dtype)
    {
        IEnumerable<TensorSpec> Linear(string name, int inputs, int outputs) =>
            [.. Fill.Linear(name, inputs, outputs, Deviation, null, dtype), Fill.Normal($"{name}.bias", dtype, 0, Deviation, outputs)];

        yield return Fill.Positions("embeddings.position_ids", Positions);
        yield return Fill.Normal("embeddings.word_embeddings.weight", dtype, 0, 2 * Deviation, Vocabulary, Hidden);
        yield return Fill.Normal("embeddings.position_embeddings.weight", dtype, 0, Deviation, Positions, Hidden);
        yield return Fill.Normal("embeddings.token_type_embeddings.weight", dtype, 0, Deviation, 2, Hidden);
        foreach (TensorSpec part in LayerNorm("embeddings.LayerNorm", dtype))
            yield return part;
        for (int i = 0; i < Layers; i++)
        {
            string layer = $"encoder.layer.{i}.";
            foreach (TensorSpec part in (TensorSpec[])
            [
                .. Linear($"{layer}attention.self.query", Hidden, Hidden), .. Linear($"{layer}attention.self.key", Hidden, Hidden),
                .. Linear($"{layer}attention.self.value", Hidden, Hidden), .. Linear($"{layer}attention.output.dense", Hidden, Hidden),
                .. LayerNorm($"{layer}attention.output.LayerNorm", dtype), .. Linear($"{layer}intermediate.dense", Hidden, Intermediate),
                .. Linear($"{layer}output.dense", Intermediate, Hidden), .. LayerNorm($"{layer}output.LayerNorm", dtype),
            ])
            {
                yield return part;
            }
        }
        foreach (TensorSpec part in Linear("pooler.dense", Hidden, Hidden))
            yield return part;
    }

    private IEnumerable<TensorSpec> NomicTensors(string dtype)
    {
        IEnumerable<TensorSpec> Linear(string name, int inputs, int outputs) => Fill.Linear(name, inputs, outputs, Deviation, null, dtype);

        yield return Fill.Normal("embeddings.word_embeddings.weight", dtype, 0, 2 * Deviation, Vocabulary, Hidden);
        yield return Fill.Normal("embeddings.token_type_embeddings.weight", dtype, 0, Deviation, 2, Hidden);
        foreach (TensorSpec part in LayerNorm("emb_ln", dtype))
            yield return part;
        for (int i = 0; i < Layers; i++)
        {
            string layer = $"encoder.layers.{i}.";
            foreach (TensorSpec part in (TensorSpec[])
            [
                .. Linear($"{layer}attn.Wqkv", Hidden, 3 * Hidden), .. Linear($"{layer}attn.out_proj", Hidden, Hidden),
                .. Linear($"{layer}mlp.fc11", Hidden, Intermediate), .. Linear($"{layer}mlp.fc12", Hidden, Intermediate),
                .. Linear($"{layer}mlp.fc2", Intermediate, Hidden),
                .. LayerNorm($"{layer}norm1", dtype), .. LayerNorm($"{layer}norm2", dtype),
            ])
            {
                yield return part;
            }
        }
    }

    private TensorSpec[] LayerNorm(string name, string dtype) =>
        [Fill.Normal($"{name}.weight", dtype, 1, 0.05, Hidden), Fill.Normal($"{name}.bias", dtype, 0, Deviation, Hidden)];
}
