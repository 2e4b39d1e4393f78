using System.Buffers.Binary;
using System.Text.Json;
using Malrule.Benchmarks.Checkpoints;
using Malrule.Tests;

namespace Malrule.Cli.Tests.Benchmarks;

public sealed class RandomCheckpointTests : IDisposable
{
    private readonly string _folder = TestPaths.TemporaryFolder();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_same_seed_gives_the_same_tensors_however_they_are_sharded()
    {
        string whole = Make(new() { Shape = "tiny", Output = Path.Combine(_folder, "whole") });
        string sharded = Make(new() { Shape = "tiny", Output = Path.Combine(_folder, "sharded"), ShardBytes = 300_000 });

        Assert.True(Directory.GetFiles(sharded, "model-*-of-*.safetensors").Length > 2);
        Assert.True(File.Exists(Path.Combine(sharded, "model.safetensors.index.json")));
        Dictionary<string, byte[]> expected = Tensors(whole), actual = Tensors(sharded);
        Assert.Equal(expected.Keys.Order(), actual.Keys.Order());
        Assert.All(expected, tensor => Assert.Equal(tensor.Value, actual[tensor.Key]));
    }

    [Fact]
    public void Another_seed_gives_other_tensors()
    {
        Dictionary<string, byte[]> one = Tensors(Make(new() { Shape = "tiny", Output = Path.Combine(_folder, "1"), Seed = 1 }));
        Dictionary<string, byte[]> two = Tensors(Make(new() { Shape = "tiny", Output = Path.Combine(_folder, "2"), Seed = 2 }));
        Assert.All(one, tensor => Assert.NotEqual(tensor.Value, two[tensor.Key]));
    }

    [Fact]
    public void Awq_weights_lie_around_their_zero_points_with_the_deviation_of_trained_ones()
    {
        Dictionary<string, byte[]> tensors = Tensors(Make(new() { Shape = "tiny", Output = _folder }));
        const string layer = "model.layers.0.mlp.gate_proj";
        int[] q = [.. tensors[$"{layer}.qweight"].SelectMany(pair => new[] { pair & 15, pair >> 4 })];
        double mean = q.Average(), deviation = Math.Sqrt(q.Average(value => (value - mean) * (value - mean)));
        double scale = Enumerable.Range(0, 768).Average(i => (double)BinaryPrimitives.ReadHalfLittleEndian(tensors[$"{layer}.scales"].AsSpan(2 * i)));

        Assert.All(tensors[$"{layer}.qzeros"], pair => Assert.True(pair is 0x77 or 0x78 or 0x87 or 0x88));
        Assert.Equal(7.5, mean, 0.05);
        Assert.Equal(0.02, deviation * scale, 0.001);
    }

    [Theory, InlineData("tiny", "qwen2-awq-tiny"), InlineData("bge-small", "bert-tiny"), InlineData("nomic-embed-text", "nomic-bert-tiny")]
    public void Tensors_of_a_layer_are_named_as_in_the_fixture_of_its_architecture(string shape, string fixture)
    {
        string path = Make(new() { Shape = shape, Output = _folder, Quant = shape == "tiny" ? "awq" : "fp16" });
        string[] expected = [.. Layer0(Header(TestPaths.Data("fixtures", fixture, "model.safetensors")).Keys)];
        string[] actual = [.. Layer0(Header(Path.Combine(path, "model.safetensors")).Keys)];
        Assert.NotEmpty(expected);
        Assert.Equal(expected, actual);

        static IEnumerable<string> Layer0(IEnumerable<string> names) => names.Where(name => name.Contains(".0.", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
    }

    [Fact]
    public void An_embedder_has_no_awq_form()
    {
        var checkpoint = new RandomCheckpoint { Shape = "bge-small", Quant = "awq", Output = _folder };
        Assert.Contains("embedder", Assert.Throws<ArgumentException>(() => checkpoint.Write()).Message, StringComparison.Ordinal);
    }

    private static string Make(RandomCheckpoint checkpoint)
    {
        checkpoint.Write();
        return checkpoint.Output;
    }

    private static Dictionary<string, byte[]> Tensors(string folder) => Directory.GetFiles(folder, "*.safetensors")
        .SelectMany(file =>
        {
            byte[] bytes = File.ReadAllBytes(file);
            int start = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
            return Header(file).Select(tensor => (tensor.Key, Value: bytes[(start + tensor.Value.Start)..(start + tensor.Value.End)]));
        })
        .ToDictionary(tensor => tensor.Key, tensor => tensor.Value);

    private static Dictionary<string, (int Start, int End)> Header(string file)
    {
        using FileStream stream = File.OpenRead(file);
        byte[] length = new byte[8];
        stream.ReadExactly(length);
        byte[] header = new byte[BinaryPrimitives.ReadInt64LittleEndian(length)];
        stream.ReadExactly(header);
        using JsonDocument document = JsonDocument.Parse(header);
        return document.RootElement.EnumerateObject().Where(entry => entry.Name != "__metadata__").ToDictionary(entry => entry.Name, entry =>
        {
            JsonElement offsets = entry.Value.GetProperty("data_offsets");
            return (offsets[0].GetInt32(), offsets[1].GetInt32());
        });
    }
}
