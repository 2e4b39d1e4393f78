using System.Text.Json;
using Malrule.Tests;

namespace Malrule.Cli.Tests.Commands;

/// <summary><c>malrule verify</c>: a line a check, the verdict last, the exit code, JSON. What the checks find is tested with the engine.</summary>
public sealed class VerifyCommandTests : IDisposable
{
    private static readonly string Whole = TestPaths.Data("fixtures", "qwen3-bf16-tiny");
    private readonly string _folder = TestPaths.TemporaryFolder();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_whole_model_has_a_line_for_each_check_and_exit_code_0()
    {
        Tool run = await Tool.RunAsync("verify", Whole, "--memory", "512MiB");
        string[] lines = run.Output.TrimEnd().Split(Environment.NewLine);
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(Whole, lines[0]);
        Assert.StartsWith("  OK   config     Qwen3ForCausalLM, unquantised: 2 layers of 96, 4 heads of 40 over 1, vocabulary 300", lines[1]);
        Assert.Contains(lines, line => line.StartsWith("  WARN tokenizer ", StringComparison.Ordinal));
        Assert.StartsWith("  => usable, with ", lines[^1]);
        Assert.Equal("", run.Error);
    }

    [Fact]
    public async Task A_damaged_model_among_others_says_what_is_wrong_and_has_exit_code_1()
    {
        foreach (string file in Directory.GetFiles(Whole))
            File.Copy(file, Path.Combine(_folder, Path.GetFileName(file)));
        using (FileStream weights = File.OpenWrite(Path.Combine(_folder, "model.safetensors")))
            weights.SetLength(weights.Length / 2);
        Tool run = await Tool.RunAsync("verify", _folder, Whole, "--memory", "512MiB");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("  FAIL tensors ", run.Output);
        Assert.Contains("it may be cut off", run.Output);
        Assert.Contains("  => FAIL: tensors", run.Output);
        Assert.Contains("  => usable", run.Output);
    }

    [Fact]
    public async Task The_report_is_JSON_on_request_and_the_lines_go_to_stderr()
    {
        Tool run = await Tool.RunAsync("verify", TestPaths.Data("fixtures", "bert-tiny"), "--json");
        Assert.Equal(0, run.ExitCode);
        using var json = JsonDocument.Parse(run.Output);
        JsonElement report = json.RootElement[0];
        Assert.True(report.GetProperty("passed").GetBoolean());
        Assert.Equal("Ok", report.GetProperty("checks")[1].GetProperty("verdict").GetString());
        Assert.Equal(64, report.GetProperty("files")[0].GetProperty("sha256").GetString()!.Length);
        Assert.Contains("  OK   tensors ", run.Error);
    }

    [Fact]
    public Task A_folder_that_is_not_there_is_wrong_input()
    {
        string absent = Path.Combine(_folder, "absent");
        return Tool.RefusesAsync(["verify", absent, "--json"], absent, "no such folder");
    }
}
