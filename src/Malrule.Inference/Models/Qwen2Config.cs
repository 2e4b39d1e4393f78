using Malrule.Inference.Checkpoints;

namespace Malrule.Inference.Models;

/// <summary>config.json of a Qwen2 or Qwen2.5 checkpoint, field by field; what Malrule does not compute is refused by name.</summary>
internal sealed record Qwen2Config
{
    public required int HiddenSize { get; init; }
    public required int IntermediateSize { get; init; }
    public required int NumHiddenLayers { get; init; }
    public required int NumAttentionHeads { get; init; }
    public required int NumKeyValueHeads { get; init; }
    public required int HeadDim { get; init; }
    public required float RmsNormEps { get; init; }
    public required double RopeTheta { get; init; }
    public required int VocabSize { get; init; }
    public required int MaxPositionEmbeddings { get; init; }
    public required bool TieWordEmbeddings { get; init; }
    public required AwqConfig? Quantization { get; init; }

    public static Qwen2Config Read(string directory, ConfigFile json)
    {
        if (json.String("model_type") is not "qwen2")
            throw json.Wrong("model_type", "qwen2 (the architectures Malrule generates text with: qwen2)");
        int hidden = json.Int("hidden_size", 2, 65_536);
        int heads = json.Int("num_attention_heads", 1, 1_024);
        var config = new Qwen2Config
        {
            HiddenSize = hidden,
            IntermediateSize = json.Int("intermediate_size", 1, 1_048_576),
            NumHiddenLayers = json.Int("num_hidden_layers", 1, 1_024),
            NumAttentionHeads = heads,
            NumKeyValueHeads = json.Int("num_key_value_heads", 1, heads, heads),
            HeadDim = json.Int("head_dim", 2, 1_024, hidden / heads),
            RmsNormEps = (float)json.Double("rms_norm_eps", 1e-6),
            RopeTheta = ReadRopeTheta(json),
            VocabSize = json.Int("vocab_size", 1, 4_194_304),
            MaxPositionEmbeddings = json.Int("max_position_embeddings", 1, 16_777_216, 32_768),
            TieWordEmbeddings = json.Bool("tie_word_embeddings", false),
            Quantization = AwqConfig.Read(directory, json),
        };
        if (heads % config.NumKeyValueHeads != 0)
            throw json.Wrong("num_key_value_heads", $"a divisor of num_attention_heads ({heads})");
        if (config.HeadDim % 2 != 0)
            throw json.Wrong("head_dim", "even (rotary embeddings turn pairs)");
        if (json.String("hidden_act", "silu") != "silu")
            throw json.Wrong("hidden_act", "silu");
        if (json.Bool("use_sliding_window", false))
            throw json.Wrong("use_sliding_window", "false (sliding-window attention is not supported)");
        return config;
    }

    private static double ReadRopeTheta(ConfigFile json)
    {
        if (json.Has("rope_scaling") && json.Object("rope_scaling") is var scaling
            && scaling.String("rope_type", scaling.String("type", "default")) != "default")
            throw json.Wrong("rope_scaling", "absent or of type default (scaled rotary embeddings are not supported)");
        if (!json.Has("rope_parameters")) // where transformers 5 keeps it
            return json.Double("rope_theta", 10_000);
        var parameters = json.Object("rope_parameters");
        if (parameters.String("rope_type", "default") != "default")
            throw parameters.Wrong("rope_type", "default (scaled rotary embeddings are not supported)");
        return parameters.Double("rope_theta", json.Double("rope_theta", 10_000));
    }
}
