using System.Text.Json;
using Malrule.Cli.Commands;
using Malrule.Inference;

namespace Malrule.Cli.Tests.Commands;

public sealed class BenchCommandTests(TinyModels models)
{
    [Fact]
    public async Task Bench_prints_every_figure_as_json()
    {
        Tool run = await Tool.RunAsync("bench", "--model", models.TokenIdsOnly, "--prompt-tokens", "40", "--samples", "3", "--output-tokens", "4", "--runs", "2", "--threads", "1", "--memory", "512MiB", "--json");
        Assert.Equal(0, run.ExitCode);
        using JsonDocument json = JsonDocument.Parse(run.Output);
        foreach (string field in (string[])["total_seconds", "prompt_tokens_per_second", "output_tokens_per_second", "time_to_first_token_seconds",
            "step_seconds_p50", "step_seconds_p90", "step_seconds_p99", "peak_int8_gops", "peak_fp32_gflops", "peak_read_gbps", "load_seconds"])
            Assert.InRange(json.RootElement.GetProperty(field).GetDouble(), 1e-9, 1e9);
        Assert.InRange(json.RootElement.GetProperty("peak_memory_bytes").GetInt64(), 1 << 20, long.MaxValue);
        Assert.Equal(0, json.RootElement.GetProperty("prefix_hit_tokens").GetInt64());
        Assert.Equal(2, json.RootElement.GetProperty("all_total_seconds").GetArrayLength());
    }

    [Fact]
    public async Task Bench_of_an_embedder_prints_every_figure_as_json()
    {
        using JsonDocument json = JsonDocument.Parse((await Embedder("--json")).Output);
        foreach (string field in (string[])["total_seconds", "texts_per_second", "tokens_per_second", "share_of_peak", "peak_int8_gops", "peak_fp32_gflops", "peak_read_gbps", "load_seconds"])
            Assert.InRange(json.RootElement.GetProperty(field).GetDouble(), 1e-9, 1e9);
        Assert.InRange(json.RootElement.GetProperty("peak_memory_bytes").GetInt64(), 1 << 20, long.MaxValue);
        Assert.Equal((20, 5, 2), (json.RootElement.GetProperty("texts").GetInt32(), json.RootElement.GetProperty("tokens").GetInt32(), json.RootElement.GetProperty("all_total_seconds").GetArrayLength()));
    }

    [Fact]
    public async Task Bench_refuses_to_compare_with_another_job_or_another_file()
    {
        string kept = Path.Combine(models.Copy(models.Embedder), "kept.json");
        await File.WriteAllTextAsync(kept, (await Embedder("--json")).Output.Replace("\"texts\": 20", "\"texts\": 21", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        Tool other = await Embedder("--compare", kept);
        Assert.Equal(2, other.ExitCode);
        Assert.Contains("different jobs", other.Error, StringComparison.Ordinal);
        await File.WriteAllTextAsync(kept, "{}", TestContext.Current.CancellationToken);
        await Tool.RefusesAsync(["bench", "--model", models.TokenIdsOnly, "--compare", kept], kept, "result of malrule bench");
        await Tool.RefusesAsync(["bench"], "--model or --embedder");
    }

    [Theory]
    [InlineData(0.50, 100, 0.1, true)]
    [InlineData(0.46, 109, 0.1, true)]
    [InlineData(0.46, 100, 0.05, false)]
    [InlineData(0.44, 100, 0.1, false)]
    [InlineData(0.50, 111, 0.1, false)]
    [InlineData(0.90, 10, 0.1, true)]
    public void A_comparison_fails_where_a_share_falls_or_memory_grows_past_the_tolerance(double share, double memory, double tolerance, bool holds)
    {
        static BenchComparison Result(double share, double memory) => new("a job", [("share_of_peak", share), ("peak_memory_bytes", memory)], PeaksPlausible: true);
        var lines = new List<string>();
        Assert.Equal(holds, Result(share, memory).Holds(Result(0.5, 100), tolerance, lines.Add));
        Assert.Equal(3, lines.Count);
        Assert.Equal(holds ? 0 : 1, lines.Count(line => line.EndsWith("FELL BEHIND", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_comparison_of_shares_of_implausible_peaks_is_invalid()
    {
        var sound = new BenchComparison("a job", [("share_of_peak", 0.5)], PeaksPlausible: true);
        Assert.Contains("invalid", Assert.Throws<MalruleException>(() => (sound with { PeaksPlausible = false }).Holds(sound, 0.1, _ => { })).Message, StringComparison.Ordinal);
        Assert.Contains("kept run is invalid", Assert.Throws<MalruleException>(() => sound.Holds(sound with { PeaksPlausible = false }, 0.1, _ => { })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public Task Bench_refuses_a_job_without_tokens() => Tool.RefusesAsync(["bench", "--model", models.TokenIdsOnly, "--samples", "0"], "number of samples must be at least 1");

    private Task<Tool> Embedder(params string[] more) => Tool.RunAsync(["bench", "--embedder", models.Embedder, "--texts", "20", "--tokens", "5", "--runs", "2", "--threads", "1", .. more]);
}
