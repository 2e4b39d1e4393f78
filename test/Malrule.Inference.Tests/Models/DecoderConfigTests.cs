using Malrule.Inference.Checkpoints;
using Malrule.Inference.Models;
using Malrule.Tests;

namespace Malrule.Inference.Tests.Models;

/// <summary>config.json of the published shapes, and what is refused by name.</summary>
public sealed class DecoderConfigTests
{
    private const string Sizes = """
        "hidden_size": 1024, "intermediate_size": 3072, "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 8, "vocab_size": 151936, "max_position_embeddings": 40960
        """;

    private const string Llama3 = """
        "rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192
        """;

    [Fact]
    public void Qwen3_has_query_and_key_norms_no_biases_and_heads_of_128_unless_it_says_otherwise()
    {
        DecoderConfig config = Read("""  "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "attention_bias": false, "rope_scaling": null, "rope_theta": 1000000, "sliding_window": null, "tie_word_embeddings": true """);
        Assert.True(config is { QueryKeyNorm: true, QkvBias: false, HeadDim: 128, RopeTheta: 1_000_000, RopeScaling: null, TieWordEmbeddings: true });
        Assert.Equal(64, Read("""  "architectures": ["Qwen3ForCausalLM"], "head_dim": 64 """).HeadDim);
    }

    [Fact]
    public void Qwen2_has_biases_and_Llama_has_neither()
    {
        Assert.True(Read("""  "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2" """) is { QueryKeyNorm: false, QkvBias: true, HeadDim: 64 });
        Assert.True(Read("""  "architectures": ["LlamaForCausalLM"], "model_type": "llama" """) is { QueryKeyNorm: false, QkvBias: false, HeadDim: 64, RopeTheta: 10_000 });
    }

    [Fact]
    public void The_model_type_decides_where_no_architecture_is_named() =>
        Assert.Equal("Qwen3ForCausalLM", Read("""  "model_type": "qwen3" """).Architecture);

    [Theory]
    [InlineData("\"rope_theta\": 500000.0, \"rope_scaling\": {" + Llama3 + "}")]
    [InlineData("\"rope_parameters\": {\"rope_theta\": 500000.0, " + Llama3 + "}")]
    public void Llama_3_scaling_is_read_where_either_generation_of_transformers_writes_it(string rope)
    {
        DecoderConfig config = Read("\"architectures\": [\"LlamaForCausalLM\"], " + rope);
        Assert.Equal(500_000, config.RopeTheta);
        Assert.Equal(new Inference.Compute.RopeScaling(32, 1, 4, 8192), config.RopeScaling);
    }

    [Theory]
    [InlineData("""  "architectures": ["MistralForCausalLM"], "model_type": "llama" """, "architectures must be an architecture that Malrule generates text with: LlamaForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM; found [\"MistralForCausalLM\"]")]
    [InlineData("""  "architectures": ["Qwen2ForRewardModel"] """, "architectures must be")]
    [InlineData("""  "model_type": "gemma2" """, "found \"gemma2\"")]
    [InlineData("""  "hidden_act": "relu" """, "model_type must be")]
    [InlineData("""  "model_type": "llama", "attention_bias": true """, "attention_bias must be false")]
    [InlineData("""  "model_type": "llama", "mlp_bias": true """, "mlp_bias must be false")]
    [InlineData("""  "model_type": "llama", "hidden_act": "gelu" """, "hidden_act must be silu")]
    [InlineData("""  "model_type": "llama", "partial_rotary_factor": 0.5 """, "partial_rotary_factor must be 1")]
    [InlineData("""  "model_type": "qwen3", "use_sliding_window": true """, "use_sliding_window must be false")]
    [InlineData("""  "model_type": "qwen3", "layer_types": ["full_attention", "sliding_attention"] """, "layer_types must be full_attention in every layer")]
    [InlineData("""  "model_type": "qwen3", "head_dim": 63 """, "head_dim must be even")]
    [InlineData("""  "model_type": "qwen2", "rope_scaling": {"type": "yarn", "factor": 4.0} """, "rope_scaling.type must be default or llama3")]
    [InlineData("""  "model_type": "llama", "rope_scaling": {"rope_type": "linear", "factor": 4.0} """, "rope_scaling.rope_type must be default or llama3")]
    [InlineData("""  "model_type": "llama", "rope_parameters": {"rope_type": "dynamic"} """, "rope_parameters.rope_type must be default or llama3")]
    [InlineData("""  "model_type": "llama", "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 4.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192} """, "rope_scaling.high_freq_factor must be above low_freq_factor")]
    [InlineData("""  "model_type": "llama", "rope_scaling": {"rope_type": "llama3", "factor": 0, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 8192} """, "rope_scaling.factor must be above 0")]
    [InlineData("""  "model_type": "llama", "rope_scaling": {"rope_type": "llama3", "factor": 8.0} """, "rope_scaling.low_freq_factor must be a number")]
    [InlineData("""  "model_type": "llama", "rope_theta": 0 """, "rope_theta must be above 0")]
    public void What_is_not_computed_is_refused_by_name(string fields, string expected) =>
        Assert.Contains(expected, Assert.Throws<InvalidInputException>(() => Read(fields)).Message);

    private static DecoderConfig Read(string fields)
    {
        string folder = TestPaths.TemporaryFolder(), file = Path.Combine(folder, "config.json");
        File.WriteAllText(file, $"{{{Sizes}, {fields}}}");
        return DecoderConfig.Read(folder, ConfigFile.Read(file));
    }
}
