using System.Text.Json.Nodes;

namespace Malrule.Benchmarks.Checkpoints;

/// <summary>
/// A decoder of Qwen2, Qwen3 or Llama: the sizes of a published checkpoint, its <c>config.json</c> and its tensors under their published names.
/// Weights and embeddings have deviation 0.02, so that what layers add outweighs the embedding they began with; the last norm gives
/// logits a deviation near 2. So activations stay in the range of trained models, and the output is no mere echo of the last token.
/// </summary>
internal sealed record DecoderShape(int Hidden, int Intermediate, int Layers, int Heads, int KvHeads, int Vocabulary,
    int MaxPositions = 32768, int MaxWindowLayers = 21, double RepetitionPenalty = 1.1, string Family = "Qwen2")
{
    public int HeadDim { get; init; } = Hidden / Heads;
    public double RopeTheta { get; init; } = 1000000;
    public double NormEpsilon { get; init; } = 1e-6;

    /// <summary>The factor of Llama-3 scaling, trained for 8,192 positions; null: none.</summary>
    public double? Llama3Factor { get; init; }

    public JsonObject Config(int? group, int bos, int eos)
    {
        var config = new JsonObject
        {
            ["architectures"] = new JsonArray($"{Family}ForCausalLM"),
            ["attention_dropout"] = 0.0,
            ["bos_token_id"] = bos,
            ["eos_token_id"] = eos,
            ["head_dim"] = HeadDim,
            ["hidden_act"] = "silu",
            ["hidden_size"] = Hidden,
            ["initializer_range"] = 0.02,
            ["intermediate_size"] = Intermediate,
            ["max_position_embeddings"] = MaxPositions,
            ["max_window_layers"] = MaxWindowLayers,
            ["model_type"] = Family.ToLowerInvariant(),
            ["num_attention_heads"] = Heads,
            ["num_hidden_layers"] = Layers,
            ["num_key_value_heads"] = KvHeads,
            ["rms_norm_eps"] = NormEpsilon,
            ["rope_scaling"] = Llama3Factor is not double factor ? null : new JsonObject
            {
                ["factor"] = factor,
                ["high_freq_factor"] = 4.0,
                ["low_freq_factor"] = 1.0,
                ["original_max_position_embeddings"] = 8192,
                ["rope_type"] = "llama3",
            },
            ["rope_theta"] = RopeTheta,
            ["sliding_window"] = MaxPositions,
            ["tie_word_embeddings"] = true,
            ["torch_dtype"] = "float16",
            ["transformers_version"] = "4.41.1",
            ["use_cache"] = true,
            ["use_sliding_window"] = false,
            ["vocab_size"] = Vocabulary,
        };
        if (group is int size)
        {
            config["quantization_config"] = new JsonObject
            {
                ["bits"] = 4,
                ["group_size"] = size,
                ["modules_to_not_convert"] = null,
                ["quant_method"] = "awq",
                ["version"] = "gemm",
                ["zero_point"] = true,
            };
        }
        return config;
    }

    public JsonObject GenerationConfig(int bos, int eos) => new()
    {
        ["bos_token_id"] = bos,
        ["pad_token_id"] = bos,
        ["do_sample"] = true,
        ["eos_token_id"] = new JsonArray(eos, bos),
        ["repetition_penalty"] = RepetitionPenalty,
        ["temperature"] = 0.7,
        ["top_p"] = 0.8,
        ["top_k"] = 20,
        ["transformers_version"] = "4.37.0",
    };

    public IEnumerable<TensorSpec> Tensors(int? group, string dtype)
    {
        const double deviation = 0.02, logitDeviation = 2;
        int queries = Heads * HeadDim, kvColumns = KvHeads * HeadDim;
        yield return Fill.Normal("model.embed_tokens.weight", dtype, 0, deviation, Vocabulary, Hidden);
        for (int i = 0; i < Layers; i++)
        {
            string layer = $"model.layers.{i}.";
            yield return Fill.Normal($"{layer}input_layernorm.weight", dtype, 1, 0.05, Hidden);
            foreach ((string name, int inputs, int outputs) in new[]
            {
                ("self_attn.q_proj", Hidden, queries), ("self_attn.k_proj", Hidden, kvColumns), ("self_attn.v_proj", Hidden, kvColumns),
                ("self_attn.o_proj", queries, Hidden), ("mlp.gate_proj", Hidden, Intermediate), ("mlp.up_proj", Hidden, Intermediate),
                ("mlp.down_proj", Intermediate, Hidden),
            })
            {
                foreach (TensorSpec part in Fill.Linear(layer + name, inputs, outputs, deviation, group, dtype))
                    yield return part;
                if (Family == "Qwen2" && (name is "self_attn.q_proj" or "self_attn.k_proj" or "self_attn.v_proj"))
                    yield return Fill.Normal($"{layer}{name}.bias", dtype, 0, 0.1, outputs);
            }
            if (Family == "Qwen3")
            {
                yield return Fill.Normal($"{layer}self_attn.q_norm.weight", dtype, 1, 0.05, HeadDim);
                yield return Fill.Normal($"{layer}self_attn.k_norm.weight", dtype, 1, 0.05, HeadDim);
            }
            yield return Fill.Normal($"{layer}post_attention_layernorm.weight", dtype, 1, 0.05, Hidden);
        }
        double lastNorm = logitDeviation / (deviation * Math.Sqrt(Hidden));
        yield return Fill.Normal("model.norm.weight", dtype, lastNorm, 0.05 * lastNorm, Hidden);
    }
}
