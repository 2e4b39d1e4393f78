namespace Malrule.Cli.Tests;

/// <summary>Runs the tool's command line in this process.</summary>
internal sealed record Tool(int ExitCode, string Output, string Error)
{
    public static async Task<Tool> RunAsync(params string[] arguments)
    {
        var output = new StringWriter();
        var error = new StringWriter();
        int exitCode = await CommandLine.RunAsync(arguments, output, TextWriter.Synchronized(error), TestContext.Current.CancellationToken);
        return new Tool(exitCode, output.ToString(), error.ToString());
    }

    /// <summary>Runs the tool on input it must refuse: exit code 2 and one line that holds all of <paramref name="expected"/>.</summary>
    public static async Task RefusesAsync(string[] arguments, params string[] expected)
    {
        Tool run = await RunAsync(arguments);
        string line = run.Error.Split('\n').Last(text => text.StartsWith("malrule:", StringComparison.Ordinal));
        Assert.Equal("", run.Output);
        Assert.All(expected, part => Assert.Contains(part, line, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
        Assert.Equal(2, run.ExitCode);
    }
}
