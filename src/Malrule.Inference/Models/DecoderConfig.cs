using Malrule.Inference.Checkpoints;
using Malrule.Inference.Compute;

namespace Malrule.Inference.Models;

/// <summary>
/// config.json of a decoder, field by field: what <see cref="DecoderModel"/> does differently from one architecture or checkpoint to
/// the next stands here and nowhere else. What Malrule does not compute is refused by name.
/// </summary>
internal sealed record DecoderConfig
{
    /// <summary>What an architecture does whatever its config.json says, and what a field means where it is absent.</summary>
    private sealed record Family(string Architecture, string ModelType, bool QkvBias, bool QueryKeyNorm, int? HeadDim = null);

    private static readonly Family[] Families =
    [
        new("LlamaForCausalLM", "llama", QkvBias: false, QueryKeyNorm: false),
        new("Qwen2ForCausalLM", "qwen2", QkvBias: true, QueryKeyNorm: false),
        new("Qwen3ForCausalLM", "qwen3", QkvBias: false, QueryKeyNorm: true, HeadDim: 128),
    ];

    /// <summary>The architectures that Malrule generates text with, by the names of Hugging Face's classes.</summary>
    public static IReadOnlyList<string> Architectures { get; } = [.. Families.Select(family => family.Architecture)];

    public required string Architecture { get; init; }
    public required int HiddenSize { get; init; }
    public required int IntermediateSize { get; init; }
    public required int NumHiddenLayers { get; init; }
    public required int NumAttentionHeads { get; init; }
    public required int NumKeyValueHeads { get; init; }

    /// <summary>Need not be HiddenSize / NumAttentionHeads.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Whether the query, key and value projections have biases; no other layer has one.</summary>
    public required bool QkvBias { get; init; }

    /// <summary>Whether each head's query and key go through an RMS norm before they are rotated.</summary>
    public required bool QueryKeyNorm { get; init; }
    public required float RmsNormEps { get; init; }
    public required double RopeTheta { get; init; }
    public required RopeScaling? RopeScaling { get; init; }
    public required int VocabSize { get; init; }
    public required int MaxPositionEmbeddings { get; init; }

    /// <summary>Whether the embedding is the output layer too.</summary>
    public required bool TieWordEmbeddings { get; init; }
    public required AwqConfig? Quantization { get; init; }

    public static DecoderConfig Read(string directory, ConfigFile json)
    {
        var family = FamilyOf(json);
        int hidden = json.Int("hidden_size", 2, 65_536);
        int heads = json.Int("num_attention_heads", 1, 1_024);
        var (theta, scaling) = ReadRope(json);
        var config = new DecoderConfig
        {
            Architecture = family.Architecture,
            HiddenSize = hidden,
            IntermediateSize = json.Int("intermediate_size", 1, 1_048_576),
            NumHiddenLayers = json.Int("num_hidden_layers", 1, 1_024),
            NumAttentionHeads = heads,
            NumKeyValueHeads = json.Int("num_key_value_heads", 1, heads, heads),
            HeadDim = json.Int("head_dim", 2, 1_024, family.HeadDim ?? hidden / heads),
            QkvBias = family.QkvBias,
            QueryKeyNorm = family.QueryKeyNorm,
            RmsNormEps = (float)json.Double("rms_norm_eps", 1e-6),
            RopeTheta = theta,
            RopeScaling = scaling,
            VocabSize = json.Int("vocab_size", 1, 4_194_304),
            MaxPositionEmbeddings = json.Int("max_position_embeddings", 1, 16_777_216, 32_768),
            TieWordEmbeddings = json.Bool("tie_word_embeddings", false),
            Quantization = AwqConfig.Read(directory, json),
        };
        if (heads % config.NumKeyValueHeads != 0)
            throw json.Wrong("num_key_value_heads", $"a divisor of num_attention_heads ({heads})");
        if (config.HeadDim % 2 != 0)
            throw json.Wrong("head_dim", "even (rotary embeddings turn pairs)");
        RequireSupported(json);
        return config;
    }

    private static Family FamilyOf(ConfigFile json)
    {
        var named = json.StringList("architectures");
        string supported = $"an architecture that Malrule generates text with: {string.Join(", ", Architectures)}";
        return named.Count > 0
            ? Array.Find(Families, family => named[0] == family.Architecture) ?? throw json.Wrong("architectures", supported)
            : Array.Find(Families, family => json.String("model_type", "") == family.ModelType) ?? throw json.Wrong("model_type", $"that of {supported}");
    }

    private static void RequireSupported(ConfigFile json)
    {
        if (json.String("hidden_act", "silu") != "silu")
            throw json.Wrong("hidden_act", "silu");
        if (json.Double("partial_rotary_factor", 1) != 1)
            throw json.Wrong("partial_rotary_factor", "1 (every element of a head is rotated)");
        if (json.Bool("attention_bias", false))
            throw json.Wrong("attention_bias", "false (an output projection with a bias is not supported)");
        if (json.Bool("mlp_bias", false))
            throw json.Wrong("mlp_bias", "false (feed-forward layers with biases are not supported)");
        if (json.Bool("use_sliding_window", false))
            throw json.Wrong("use_sliding_window", "false (sliding-window attention is not supported)");
        if (json.StringList("layer_types").Any(type => type != "full_attention"))
            throw json.Wrong("layer_types", "full_attention in every layer (sliding-window attention is not supported)");
    }

    /// <summary>Older files have rope_theta at the top and scaling in rope_scaling; transformers 5 writes both into rope_parameters.</summary>
    private static (double Theta, RopeScaling? Scaling) ReadRope(ConfigFile json)
    {
        double theta = json.Double("rope_theta", 10_000);
        RopeScaling? scaling = null;
        foreach (string field in (ReadOnlySpan<string>)["rope_scaling", "rope_parameters"])
        {
            if (!json.Has(field))
                continue;
            var rope = json.Object(field);
            theta = rope.Double("rope_theta", theta);
            scaling = ReadScaling(rope) ?? scaling;
        }
        return theta > 0 ? (theta, scaling) : throw json.Wrong("rope_theta", "above 0");
    }

    private static RopeScaling? ReadScaling(ConfigFile rope)
    {
        string field = rope.Has("rope_type") ? "rope_type" : "type";
        switch (rope.String(field, "default"))
        {
            case "default":
                return null;
            case "llama3":
                var scaling = new RopeScaling(rope.Double("factor"), rope.Double("low_freq_factor"), rope.Double("high_freq_factor"),
                    rope.Int("original_max_position_embeddings", 1, 16_777_216));
                if (!(scaling.Factor > 0))
                    throw rope.Wrong("factor", "above 0");
                if (!(scaling.HighFrequencyFactor > scaling.LowFrequencyFactor))
                    throw rope.Wrong("high_freq_factor", $"above low_freq_factor ({scaling.LowFrequencyFactor})");
                return scaling;
            default:
                throw rope.Wrong(field, "default or llama3 (no other scaling of rotary embeddings is supported; without it the model serves the positions it was trained for)");
        }
    }
}
