using System.Text.Json;
using Malrule.Tests;

namespace Malrule.Cli.Tests.Commands;

[Collection<HubEnvironment>]
public sealed class DoctorCommandTests(TinyModels models) : IDisposable
{
    private readonly HubVariables _variables = new();

    public void Dispose() => _variables.Dispose();

    [Fact]
    public async Task A_healthy_machine_is_told_in_text_and_as_json()
    {
        Tool text = await Tool.RunAsync("doctor", "--threads", "1");
        Assert.Equal(0, text.ExitCode);
        foreach (string part in (string[])["kernels", "GB/s read", "free of", _variables.Cache, "free on its disk", "no token", "malrule pull", "nothing stands in the way"])
            Assert.Contains(part, text.Output, StringComparison.Ordinal);

        JsonElement json = await JsonAsync(0);
        Assert.Equal("portable", json.GetProperty("machine").GetProperty("kernel_paths").EnumerateArray().Last().GetString());
        Assert.InRange(json.GetProperty("machine").GetProperty("free_memory_bytes").GetInt64(), 1 << 20, json.GetProperty("machine").GetProperty("memory_bytes").GetInt64());
        Assert.Equal(JsonValueKind.Null, json.GetProperty("machine").GetProperty("peak_read_gbps").ValueKind);
        Assert.Empty(json.GetProperty("problems").EnumerateArray());
    }

    [Fact]
    public async Task A_model_is_told_by_its_ledger_and_an_embedder_by_its_vectors()
    {
        JsonElement model = (await JsonAsync(0, "--model", models.Chat, "--memory", "200MB", "--max-model-len", "512")).GetProperty("model");
        long pages = model.GetProperty("kv_pages").GetInt64();
        Assert.Equal(16 * pages, model.GetProperty("kv_tokens").GetInt64());
        Assert.Equal(Math.Min(256, pages / 32), model.GetProperty("longest_sequences").GetInt64());
        Assert.InRange(model.GetProperty("weight_bytes").GetInt64() + model.GetProperty("workspace_bytes").GetInt64() + pages * model.GetProperty("kv_page_bytes").GetInt64(), 1, 200_000_000);
        JsonElement embedder = (await JsonAsync(0, "--model", models.Embedder)).GetProperty("embedder");
        Assert.Equal((128, "cls"), (embedder.GetProperty("dimensions").GetInt32(), embedder.GetProperty("pooling").GetString()));
        Assert.InRange(embedder.GetProperty("weight_bytes").GetInt64(), 1 << 16, 1 << 30);
    }

    [Theory, InlineData("absent/model", "malrule pull absent/model"), InlineData(null, "does not fit")]
    public async Task What_prevents_work_is_a_problem_and_exits_with_1(string? model, string expected)
    {
        JsonElement problem = Assert.Single((await JsonAsync(1, "--model", model ?? models.Chat, "--memory", "1MB")).GetProperty("problems").EnumerateArray());
        Assert.Contains(expected, problem.GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Secrets_are_told_by_their_place_only()
    {
        File.WriteAllText(Path.Combine(_variables.Cache, "token"), "hf_secret-in-a-file");
        Assert.Contains($"token from {Path.Combine(_variables.Cache, "token")}", await TextAsync(), StringComparison.Ordinal);
        Environment.SetEnvironmentVariable("HF_TOKEN", "hf_secret-in-a-variable");
        string text = await TextAsync();
        Assert.Contains("token from HF_TOKEN", text, StringComparison.Ordinal);
        Assert.Contains("HF_TOKEN=set", text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", (await JsonAsync(0)).GetRawText(), StringComparison.Ordinal);

        async Task<string> TextAsync() => (await Tool.RunAsync("doctor", "--no-peaks")).Output;
    }

    [Fact]
    public async Task Cached_models_are_listed_and_incomplete_ones_can_be_gone_on_with()
    {
        using var hub = new PullCommandTests.OneModelHub(TestPaths.Data("fixtures", "qwen2-fp16-tiny"));
        Environment.SetEnvironmentVariable("HF_ENDPOINT", hub.Address);
        await Tool.RunAsync("pull", "org/name");
        JsonElement model = Assert.Single((await JsonAsync(0)).GetProperty("hub").GetProperty("models").EnumerateArray());
        Assert.Equal(("org/name", "main", 0), (model.GetProperty("id").GetString(), model.GetProperty("revisions")[0].GetString(), model.GetProperty("missing").GetArrayLength()));

        File.Delete(Path.Combine(model.GetProperty("directory").GetString()!, "model.safetensors"));
        string text = (await Tool.RunAsync("doctor", "--no-peaks")).Output;
        Assert.Contains("lacks model.safetensors", text, StringComparison.Ordinal);
        Assert.Contains("malrule pull org/name", text, StringComparison.Ordinal);
    }

    private static async Task<JsonElement> JsonAsync(int exitCode, params string[] arguments)
    {
        Tool run = await Tool.RunAsync(["doctor", "--no-peaks", "--json", .. arguments]);
        Assert.True(run.ExitCode == exitCode, run.Output + run.Error);
        return JsonElement.Parse(run.Output);
    }
}
