using Malrule.Inference.Checkpoints;
using Malrule.Tests;
using static Malrule.Inference.Tests.Checkpoints.SafetensorsWriter;

namespace Malrule.Inference.Tests.Checkpoints;

public sealed class CheckpointTests
{
    [Fact]
    public void Shards_named_by_the_index_are_read_as_one()
    {
        string folder = TestPaths.TemporaryFolder();
        File.Move(Write($"{{{Entry("a", "F32", [1], 0, 4)}}}", BitConverter.GetBytes(1f)), Path.Combine(folder, "one.safetensors"));
        File.Move(Write($"{{{Entry("b", "F32", [1], 0, 4)}}}", BitConverter.GetBytes(2f)), Path.Combine(folder, "two.safetensors"));
        File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), """{"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}}""");

        using var checkpoint = Checkpoint.Open(folder);
        Assert.Equal(2f, checkpoint.Tensor("b", 1)[0]);
        Assert.Equal(["a"], checkpoint.Unused);
    }

    [Theory]
    [InlineData("../elsewhere.safetensors")]
    [InlineData("/etc/passwd")]
    [InlineData("")]
    public void An_index_may_not_name_files_outside_its_folder(string file)
    {
        string folder = TestPaths.TemporaryFolder();
        File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), $$$"""{"weight_map": {"a": "{{{file}}}"}}""");
        Assert.Contains("a file of the same folder", Assert.Throws<InvalidInputException>(() => Checkpoint.Open(folder)).Message);
    }

    [Fact]
    public void A_missing_tensor_and_a_wrong_shape_are_named()
    {
        using var checkpoint = Checkpoint.Open(Path.GetDirectoryName(Write($"{{{Entry("layer.a.weight", "F32", [2, 1], 0, 8)}}}", new byte[8]))!);
        Assert.Contains("'layer.b.weight' is missing", Assert.Throws<InvalidInputException>(() => checkpoint.Tensor("layer.b.weight", 1)).Message);
        Assert.Contains("has shape [2, 1]; config.json asks for [1, 2]", Assert.Throws<InvalidInputException>(() => checkpoint.Tensor("layer.a.weight", 1, 2)).Message);
    }

    [Theory]
    [InlineData("""{"quantization_config": {"quant_method": "gptq", "bits": 4, "group_size": 128}}""", "quant_method must be awq")]
    [InlineData("""{"quantization_config": {"quant_method": "awq", "version": "gemv", "bits": 4, "group_size": 128}}""", "version must be gemm")]
    [InlineData("""{"quantization_config": {"quant_method": "awq", "version": "gemm", "bits": 8, "group_size": 128}}""", "bits must be 4")]
    [InlineData("""{"quantization_config": {"quant_method": "awq", "version": "gemm", "bits": 4, "group_size": 100}}""", "group_size must be 32, 64 or 128")]
    [InlineData("""{"quantization_config": {"quant_method": "awq", "version": "gemm", "bits": 4, "group_size": 64, "zero_point": false}}""", "zero_point must be true")]
    public void Another_quantisation_than_AWQ_gemm_is_refused_by_name(string config, string expected)
    {
        string folder = TestPaths.TemporaryFolder();
        File.WriteAllText(Path.Combine(folder, "config.json"), config);
        Assert.Contains(expected, Assert.Throws<InvalidInputException>(() => AwqConfig.Read(folder, ConfigFile.Read(Path.Combine(folder, "config.json")))).Message);
    }

    [Fact]
    public void The_older_quant_config_file_is_read()
    {
        string folder = TestPaths.TemporaryFolder();
        File.WriteAllText(Path.Combine(folder, "config.json"), "{}");
        File.WriteAllText(Path.Combine(folder, "quant_config.json"), """{"zero_point": true, "q_group_size": 128, "w_bit": 4, "version": "GEMM"}""");
        var awq = AwqConfig.Read(folder, ConfigFile.Read(Path.Combine(folder, "config.json")));
        Assert.Equal(128, awq!.GroupSize);
    }

    [Fact]
    public void Layers_that_are_not_converted_are_named_by_any_part_of_their_name()
    {
        string folder = TestPaths.TemporaryFolder();
        File.WriteAllText(Path.Combine(folder, "config.json"),
            """{"quantization_config": {"quant_method": "awq", "bits": 4, "group_size": 64, "modules_to_not_convert": ["lm_head", "layers.0."]}}""");
        var awq = AwqConfig.Read(folder, ConfigFile.Read(Path.Combine(folder, "config.json")))!;
        Assert.False(awq.Converts("model.layers.0.mlp.down_proj"));
        Assert.False(awq.Converts("lm_head"));
        Assert.True(awq.Converts("model.layers.10.mlp.down_proj"));
    }
}
