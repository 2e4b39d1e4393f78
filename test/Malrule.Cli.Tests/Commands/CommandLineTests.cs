using Malrule.Tests;

namespace Malrule.Cli.Tests.Commands;

public sealed class CommandLineTests
{
    [Theory, InlineData("mine"), InlineData("rank"), InlineData("evaluate"), InlineData("explain"), InlineData("run-batch"), InlineData("bench"), InlineData("pull"), InlineData("sample-bank")]
    public async Task Help_ends_with_examples(string command)
    {
        Tool run = await Tool.RunAsync(command, "--help");
        Assert.Equal(0, run.ExitCode);
        Assert.Equal("", run.Error);
        Assert.Contains($"Examples:\n  malrule {command}", run.Output, StringComparison.Ordinal);
    }

    [Theory, InlineData("--help"), InlineData()]
    public async Task Help_lists_the_commands(params string[] arguments)
    {
        Tool run = await Tool.RunAsync(arguments);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("mine", run.Output, StringComparison.Ordinal);
        Assert.Contains("run-batch", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("There is no command mien. Did you mean mine?", new[] { "mien" })]
    [InlineData("mine has no option --colour.", new[] { "mine", "--data", "x", "--colour", "red" })]
    [InlineData("mine has no option --methd. Did you mean --method?", new[] { "mine", "--methd", "lexical" })]
    [InlineData("mine takes no argument eedi.", new[] { "mine", "eedi" })]
    [InlineData("--preset must be default or tutorial; it is \"wild\".", new[] { "mine", "--data", "x", "--preset", "wild" })]
    [InlineData("--limit must be a whole number; it is \"many\".", new[] { "mine", "--data", "x", "--limit", "many" })]
    [InlineData("--temperature must be a number such as 0.7; it is \"0,1\".", new[] { "mine", "--data", "x", "--temperature", "0,1" })]
    [InlineData("--memory must be bytes", new[] { "mine", "--data", "x", "--memory", "lots" })]
    [InlineData("a backslash must be followed", new[] { "mine", "--data", "x", "--stop", @"\q" })]
    [InlineData("--tensor-parallel-size must be 1", new[] { "mine", "--data", "x", "--tensor-parallel-size", "2" })]
    public async Task Wrong_usage_is_one_line_and_a_hint_with_exit_code_2(string expected, string[] arguments)
    {
        Tool run = await Tool.RunAsync(arguments);
        Assert.Equal(2, run.ExitCode);
        Assert.Equal("", run.Output);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        Assert.Contains("--help", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--fusion has no effect with the method lexical", new[] { "--method", "lexical", "--fusion", "borda" })]
    [InlineData("--temperature has no effect with the method hybrid without a language model", new[] { "--data", "x", "--method", "hybrid", "--temperature", "0.2" })]
    [InlineData("--pooling has no effect with --retriever lexical", new[] { "--retriever", "lexical", "--pooling", "cls" })]
    [InlineData("--unseen-share has no effect with the method infer", new[] { "--unseen-share", "0.6" })]
    [InlineData("only a language model on this machine tells", new[] { "--method", "neighbours", "--rerank", "5", "--endpoint", "http://127.0.0.1:9", "--model", "m" })]
    public Task What_would_be_ignored_is_refused(string expected, string[] options) => Tool.RefusesAsync(["mine", .. options], expected);

    [Fact]
    public async Task Defaults_stand_in_the_help_as_they_are_written()
    {
        string help = (await Tool.RunAsync("mine", "--help")).Output;
        Assert.Contains("[default: infer]", help, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"\[default: [A-Z]", help);
    }

    [Fact]
    public async Task A_method_that_needs_models_asks_for_them()
    {
        string starter = Path.Combine(TestPaths.Repository, "samples", "starter");
        await Tool.RefusesAsync(["mine", "--data", starter], "--model");
        await Tool.RefusesAsync(["mine", "--data", starter, "--model", "x"], "--embedder");
    }

    [Fact]
    public async Task An_interrupted_command_ends_with_130()
    {
        using var interrupted = new CancellationTokenSource();
        await interrupted.CancelAsync();
        var error = new StringWriter();
        string starter = Path.Combine(TestPaths.Repository, "samples", "starter"), run = TestPaths.TemporaryFolder();
        Assert.Equal(130, await CommandLine.RunAsync(["mine", "--data", starter, "--method", "lexical", "--output", run], TextWriter.Null, error, interrupted.Token));
        Assert.Contains("interrupted", error.ToString(), StringComparison.Ordinal);
        Directory.Delete(run, recursive: true);
    }

    [Fact]
    public async Task The_stack_of_an_error_is_shown_only_when_asked_for()
    {
        string[] arguments = ["mine", "--data", "/no/such/folder", "--method", "lexical"];
        Assert.DoesNotContain("   at ", (await Tool.RunAsync(arguments)).Error, StringComparison.Ordinal);
        Assert.Contains("   at ", (await Tool.RunAsync([.. arguments, "--verbose"])).Error, StringComparison.Ordinal);
    }
}
