using System.Diagnostics;
using Malrule.Tests;

namespace Malrule.Cli.Tests.Documents;

/// <summary>A file of <c>samples/</c>, run as its head says.</summary>
internal static class SampleFile
{
    public static Process Start(string name, string[] arguments, string? folder = null)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = folder ?? TestPaths.Repository,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in (string[])["run", "-c", "Release", Path.Combine(TestPaths.Repository, "samples", name), "--", .. arguments])
            start.ArgumentList.Add(argument);
        // What the test runner's own build left behind must not reach this one.
        foreach (string variable in start.Environment.Keys.Where(variable => variable.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(variable);
        return Process.Start(start)!;
    }
}
