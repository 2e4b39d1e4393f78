using System.Text.Json;

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
    public Task Bench_refuses_a_job_without_tokens() => Tool.RefusesAsync(["bench", "--model", models.TokenIdsOnly, "--samples", "0"], "number of samples must be at least 1");
}
