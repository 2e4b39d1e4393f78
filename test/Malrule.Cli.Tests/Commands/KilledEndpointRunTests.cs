using System.Diagnostics;
using System.Text.Json.Nodes;
using Malrule.Tests;

namespace Malrule.Cli.Tests.Commands;

/// <summary>The tool itself, asking servers, killed (SIGKILL on Unix) while answers come.</summary>
public sealed class KilledEndpointRunTests
{
    private const int Items = 150;

    private readonly string _folder = TestPaths.TemporaryFolder();

    private static string Journal(string run) => Path.Combine(run, "generations.jsonl");

    private static int Lines(string run)
    {
        if (!File.Exists(Journal(run)))
            return 0;
        using var stream = new FileStream(Journal(run), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var text = new StreamReader(stream);
        return text.ReadToEnd().Count(character => character == '\n');
    }

    private static Process Start(OpenAiServer server, string run)
    {
        string bank = Path.Combine(TestPaths.Repository, "samples", "bank");
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "malrule.dll"), "mine", "--data", bank, "--limit", $"{Items}", "--samples", "3", "--output", run,
            "--endpoint", server.Url, "--model", "m", "--embedder-endpoint", server.Url, "--embedder", "m", "--vector-cache", "none", "--endpoint-concurrency", "4",
        ];
        return Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
    }

    private static async Task FinishAsync(OpenAiServer server, string run)
    {
        using Process process = Start(server, run);
        Task<string> said = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, await said);
    }

    /// <summary>The seeds of the samples asked for; every distractor has its own.</summary>
    private static HashSet<long> Asked(OpenAiServer server) => [.. server.Requests.Where(request => request.Body.ContainsKey("messages")).Select(request => request.Seed)];

    private static long[] SeedsInJournal(string run) => [.. File.ReadAllText(Journal(run)).Split('\n')[..^1].Select(line => JsonNode.Parse(line)!["seed"]!.GetValue<long>())];

    private static Dictionary<string, string> Contents(string run) => Directory.GetFiles(run).ToDictionary(path => Path.GetFileName(path), path =>
    {
        string text = File.ReadAllText(path);
        if (Path.GetFileName(path) != "run.json")
            return text;
        JsonObject manifest = JsonNode.Parse(text)!.AsObject();
        Assert.True(manifest.Remove("timings") && manifest.Remove("environment"));
        return manifest.ToJsonString();
    });

    [Fact]
    public async Task A_run_on_servers_killed_time_and_again_asks_nothing_twice_that_came_and_ends_in_the_same_bytes()
    {
        int requests = 0;
        await using var server = new OpenAiServer(request => !request.Body.ContainsKey("messages") ? null
            : Interlocked.Increment(ref requests) % 9 == 0 ? OpenAiServer.Error(503, "busy") with { Headers = [("Retry-After", "0")] }
            : OpenAiServer.Chat(request, Math.Min(2, request.N)) with { Delay = TimeSpan.FromMilliseconds(request.Seed % 25) });
        string run = Path.Combine(_folder, "run"), whole = Path.Combine(_folder, "whole");
        var random = new Random(5);
        for (int round = 0, before = 0; round < 6; round++)
        {
            long[] kept = before == 0 ? [] : SeedsInJournal(run);
            server.Requests.Clear();
            using Process process = Start(server, run);
            Task said = Task.WhenAll(process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
            int killAt = before + random.Next(1, 25);
            while (Lines(run) < killAt && !process.HasExited)
                await Task.Delay(random.Next(1, 10), TestContext.Current.CancellationToken);
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            await said;
            int after = Lines(run);
            Assert.True(after >= killAt, $"round {round}: {before} lines before, killed at {killAt}, {after} after");
            HashSet<long> asked = Asked(server);
            Assert.DoesNotContain(kept, seed => asked.Contains(seed) || asked.Contains(seed + 2));
            before = after;
        }
        Assert.InRange(Lines(run), 6, Items - 1); // all rounds were killed at work
        long[] last = SeedsInJournal(run);
        server.Requests.Clear();
        await FinishAsync(server, run);
        Assert.DoesNotContain(last, seed => Asked(server).Contains(seed) || Asked(server).Contains(seed + 2));

        await FinishAsync(server, whole);
        Assert.Equal(Contents(whole), Contents(run));
    }
}
