using System.Diagnostics;
using Malrule.Tests;

namespace Malrule.Mining.Tests.Results.Report;

/// <summary>A headless Chromium: opens a file and prints the document as its scripts left it, or is started for <see cref="BrowserPage"/>.</summary>
internal static class Chromium
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];

    public static async Task<string> DumpAsync(string path, CancellationToken cancellation)
    {
        using Process process = Start(["--dump-dom", "--virtual-time-budget=5000", new Uri(path).AbsoluteUri]);
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancellation), error = process.StandardError.ReadToEndAsync(cancellation);
        await process.WaitForExitAsync(cancellation);
        string document = await output;
        Assert.True(process.ExitCode == 0 && document.Length > 0, await error);
        return document;
    }

    /// <summary>Starts a browser with a profile of its own. The running test is skipped, with the reason printed, where there is no Chromium.</summary>
    public static Process Start(IEnumerable<string> arguments)
    {
        string? program = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .SelectMany(folder => Names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
        Assert.SkipWhen(program is null, "needs chromium, which is absent");

        var start = new ProcessStartInfo(program!) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in (IEnumerable<string>)[
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", $"--user-data-dir={TestPaths.TemporaryFolder()}", .. arguments])
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }
}
