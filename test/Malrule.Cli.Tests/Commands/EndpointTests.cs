using System.Text.Json.Nodes;
using Malrule.Tests;

namespace Malrule.Cli.Tests.Commands;

/// <summary>mine with servers in place of models on this machine.</summary>
public sealed class EndpointTests : IDisposable
{
    private static readonly string Starter = Path.Combine(TestPaths.Repository, "samples", "starter"), Train = Path.Combine(Starter, "train.csv");
    private readonly string _run = Path.Combine(TestPaths.TemporaryFolder(), "run");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_run)!, recursive: true);

    [Fact]
    public async Task Both_models_may_be_servers()
    {
        Environment.SetEnvironmentVariable("MALRULE_TEST_CLI_KEY", "sk-cli-secret");
        await using var server = new OpenAiServer();
        Tool tool = await Tool.RunAsync("mine", "--data", Starter, "--questions", Train, "--limit", "12", "--output", _run, "--samples", "3",
            "--endpoint", server.Url, "--model", "m", "--api-key-env", "MALRULE_TEST_CLI_KEY", "--embedder-endpoint", server.Url, "--embedder", "m",
            "--endpoint-concurrency", "2", "--prompt-price", "0.15", "--output-price", "0.6", "--extra-body", """{"top_k": 40}""");
        Assert.True(tool.ExitCode == 0, tool.Error);
        Assert.Contains("MAP@25", tool.Output, StringComparison.Ordinal);
        Assert.Contains($"Model m at {server.Url}, 2 requests at once, at most 4096 tokens a sequence.", tool.Error, StringComparison.Ordinal);
        Assert.Contains("At the prices given that costs at most", tool.Error, StringComparison.Ordinal);
        Assert.Contains("generating: 12/12, prompts ", tool.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("prefix cache", tool.Error, StringComparison.Ordinal); // the server does not say
        Assert.DoesNotContain("sk-cli-secret", tool.Error + tool.Output + File.ReadAllText(Path.Combine(_run, "run.json")), StringComparison.Ordinal);
        JsonNode endpoint = JsonNode.Parse(File.ReadAllText(Path.Combine(_run, "run.json")))!["options"]!["endpoint"]!;
        Assert.Equal((server.Url, "m", """{"top_k":40}"""), (endpoint["url"]!.GetValue<string>(), endpoint["model"]!.GetValue<string>(), endpoint["extra_body"]!.GetValue<string>()));
        Assert.All(server.Requests, request => Assert.Equal("Bearer sk-cli-secret", request.Headers["authorization"])); // one server: one key
        Assert.Equal(12, server.Requests.Count(request => request.Body.ContainsKey("messages")));
    }

    [Fact]
    public Task A_server_needs_the_name_of_a_model() =>
        Tool.RefusesAsync(["mine", "--endpoint", "http://127.0.0.1:9", "--output", _run], "--model");

    [Fact]
    public Task A_key_that_is_not_set_is_named() => Tool.RefusesAsync(
        ["mine", "--data", Starter, "--questions", Train, "--endpoint", "http://127.0.0.1:9", "--model", "m", "--embedder", "bundled", "--api-key-env", "MALRULE_TEST_CLI_NO_KEY", "--output", _run],
        "MALRULE_TEST_CLI_NO_KEY", "is not set");

    [Fact]
    public Task Options_that_have_no_effect_without_a_server_are_refused() =>
        Tool.RefusesAsync(["mine", "--api-key-env", "KEY", "--output", _run], "--api-key-env has no effect without --endpoint");
}
