using System.Text.Json;
using Malrule.Tests;

namespace Malrule.Inference.Tests.Models;

/// <summary>A tiny checkpoint under test/data/fixtures and what Hugging Face computes with it (expected.json).</summary>
internal sealed record Fixture(string Directory, IReadOnlyList<Fixture.Case> Cases)
{
    internal sealed record Case(int[] PromptTokenIds, float?[] PromptLogprobs, int[] LastTop8Ids, float[] LastTop8Logprobs, int[] Greedy, float[] GreedyMargins);

    public static readonly string[] LanguageModels = [
        "qwen2-awq-tiny", "qwen2-awq-outliers", "qwen2-fp16-tiny", "qwen3-awq-tiny", "qwen3-bf16-tiny", "llama3-awq-tiny", "llama3-bf16-tiny", "llama-fp16-tiny"];

    public static Fixture Load(string name)
    {
        string directory = TestPaths.Data("fixtures", name);
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(directory, "expected.json")));
        return new Fixture(directory, [.. json.RootElement.GetProperty("cases").EnumerateArray().Select(Parse)]);
    }

    private static Case Parse(JsonElement json)
    {
        T[] List<T>(string name) => json.GetProperty(name).Deserialize<T[]>()!;
        return new Case(List<int>("prompt_token_ids"), List<float?>("prompt_logprobs"), List<int>("last_top8_ids"),
            List<float>("last_top8_logprobs"), List<int>("greedy_24"), List<float>("greedy_margins"));
    }
}
