using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using Malrule.Tests;

namespace Malrule.Cli.Tests.Commands;

/// <summary>Damaged and hostile files, each answered by one line that names what is wrong, and exit code 2.</summary>
public sealed class MalformedInputTests(TinyModels models) : IDisposable
{
    private static readonly string Starter = Path.Combine(TestPaths.Repository, "samples", "starter");
    private readonly string _folder = TestPaths.TemporaryFolder();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public Task Truncated_safetensors() => RefusesWeightsAsync((header, data) => (header, data[..^1000]), "model.safetensors");

    [Fact]
    public Task Header_longer_than_the_file()
    {
        string model = models.Copy(models.TokenIdsOnly), file = Path.Combine(model, "model.safetensors");
        byte[] bytes = File.ReadAllBytes(file);
        BinaryPrimitives.WriteInt64LittleEndian(bytes, bytes.Length);
        File.WriteAllBytes(file, bytes);
        return RefusesModelAsync(model, "model.safetensors", "header");
    }

    [Fact]
    public Task Overlapping_tensors() => RefusesWeightsAsync((header, data) =>
    {
        JsonArray first = header["model.layers.0.input_layernorm.weight"]!["data_offsets"]!.AsArray(), second = header["model.layers.0.post_attention_layernorm.weight"]!["data_offsets"]!.AsArray();
        second[0] = (long)first[0]! + 2;
        second[1] = (long)first[1]! + 2;
        return (header, data);
    }, "model.safetensors", "overlap");

    [Fact]
    public Task Missing_tensor() => RefusesWeightsAsync((header, data) =>
    {
        JsonNode tensor = header["model.norm.weight"]!.DeepClone();
        header.Remove("model.norm.weight");
        header["model.other.weight"] = tensor;
        return (header, data);
    }, "model.norm.weight");

    [Fact]
    public Task Wrong_shape() => RefusesWeightsAsync((header, data) =>
    {
        header["model.norm.weight"]!["shape"] = new JsonArray(2, 128);
        return (header, data);
    }, "model.norm.weight", "256");

    [Fact]
    public Task Unknown_quantisation_version()
    {
        string model = models.Copy(models.Chat), file = Path.Combine(model, "config.json");
        File.WriteAllText(file, File.ReadAllText(file).Replace("\"gemm\"", "\"gemv_fast\"", StringComparison.Ordinal));
        return RefusesModelAsync(model, "gemv_fast");
    }

    [Fact]
    public Task Tokenizer_of_an_unknown_model_type()
    {
        string model = models.Copy(models.Chat), file = Path.Combine(model, "tokenizer.json");
        JsonNode tokenizer = JsonNode.Parse(File.ReadAllText(file))!;
        tokenizer["model"]!["type"] = "Unigram";
        File.WriteAllText(file, tokenizer.ToJsonString());
        return RefusesModelAsync(model, "tokenizer.json", "Unigram");
    }

    [Fact]
    public Task Template_that_loops_for_ever()
    {
        string model = models.Copy(models.Chat);
        File.WriteAllText(Path.Combine(model, "tokenizer_config.json"),
            """{"eos_token": "<|im_end|>", "chat_template": "{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}x{% endfor %}{% endfor %}{% endfor %}"}""");
        return Tool.RefusesAsync(["mine", "--data", Starter, "--model", model, "--embedder", models.Embedder, "--output", Path.Combine(_folder, "run"), "--memory", "200MB", "--limit", "2"], "template");
    }

    [Fact]
    public Task Csv_with_a_missing_column()
    {
        string data = CopyStarter();
        Edit(Path.Combine(data, "train.csv"), text => text.Replace("CorrectAnswer", "RightAnswer", StringComparison.Ordinal));
        return RefusesDataAsync(data, "train.csv", "CorrectAnswer");
    }

    [Fact]
    public Task Unknown_misconception_id()
    {
        string data = CopyStarter();
        Edit(Path.Combine(data, "train.csv"), text => text.Replace(",19.0,20.0,,", ",19.0,999.0,,", StringComparison.Ordinal));
        return RefusesDataAsync(data, "train.csv", "line 2", "999");
    }

    [Theory, InlineData("train.csv"), InlineData("misconception_mapping.csv")]
    public Task Empty_csv(string file)
    {
        string data = CopyStarter();
        File.WriteAllText(Path.Combine(data, file), "");
        return RefusesDataAsync(data, file);
    }

    [Theory, InlineData("config.json"), InlineData("model.safetensors"), InlineData("tokenizer.json"), InlineData("tokenizer_config.json")]
    public Task Empty_file_of_a_checkpoint(string file)
    {
        string model = models.Copy(models.Chat);
        File.WriteAllText(Path.Combine(model, file), "");
        return RefusesModelAsync(model, file);
    }

    [Fact]
    public async Task A_folder_that_does_not_exist()
    {
        string absent = Path.Combine(_folder, "absent");
        await RefusesDataAsync(absent, absent);
        await RefusesModelAsync(absent, absent);
    }

    private Task RefusesWeightsAsync(Func<JsonObject, byte[], (JsonObject, byte[])> damage, params string[] expected)
    {
        string model = models.Copy(models.TokenIdsOnly), file = Path.Combine(model, "model.safetensors");
        byte[] bytes = File.ReadAllBytes(file);
        int start = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        (JsonObject header, byte[] data) = damage(JsonNode.Parse(Encoding.UTF8.GetString(bytes, 8, start - 8))!.AsObject(), bytes[start..]);
        byte[] json = Encoding.UTF8.GetBytes(header.ToJsonString()), length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        File.WriteAllBytes(file, [.. length, .. json, .. data]);
        return RefusesModelAsync(model, expected);
    }

    private Task RefusesModelAsync(string model, params string[] expected)
    {
        string input = Path.Combine(_folder, "in.jsonl");
        File.WriteAllText(input, "");
        return Tool.RefusesAsync(["run-batch", "-i", input, "-o", Path.Combine(_folder, "out.jsonl"), "--model", model, "--memory", "200MB"], expected);
    }

    private Task RefusesDataAsync(string data, params string[] expected) =>
        Tool.RefusesAsync(["mine", "--data", data, "--method", "lexical", "--output", Path.Combine(_folder, "run")], expected);

    private string CopyStarter()
    {
        string data = Path.Combine(_folder, "data");
        Directory.CreateDirectory(data);
        foreach (string file in Directory.GetFiles(Starter, "*.csv"))
            File.Copy(file, Path.Combine(data, Path.GetFileName(file)));
        return data;
    }

    private static void Edit(string file, Func<string, string> edit)
    {
        string before = File.ReadAllText(file), after = edit(before);
        Assert.NotEqual(before, after);
        File.WriteAllText(file, after);
    }
}
