using System.Diagnostics;
using System.Globalization;
using Malrule.Mining.Embeddings;
using Malrule.Mining.Generations;
using Malrule.Mining.Tests.Scripts;
using Malrule.Tests;

namespace Malrule.Mining.Tests;

/// <summary>Runs in a process of their own that is killed (SIGKILL on Unix) or starved of disk.</summary>
public sealed class KilledRunTests
{
    private const int Questions = 150, Items = 2 * Questions;

    private readonly string _data = Path.Combine(TestPaths.TemporaryFolder(), "data");
    private readonly string _output = Path.Combine(TestPaths.TemporaryFolder(), "run");

    public KilledRunTests() => ScriptedBank.Write(_data, Questions);

    private string Journal => Path.Combine(_output, "generations.jsonl");
    private string Reranks => Path.Combine(_output, "reranks.jsonl");

    private static string ChildProgramme
    {
        get
        {
            const string name = "Malrule.Mining.Tests.Child";
            // artifacts/bin/<project>/<configuration>/
            var own = new DirectoryInfo(AppContext.BaseDirectory);
            return Path.Combine(own.Parent!.Parent!.FullName, name, own.Name, name + ".dll");
        }
    }

    private static Process Start(string command, params ReadOnlySpan<string> arguments)
    {
        var start = new ProcessStartInfo(command, [.. arguments]) { RedirectStandardOutput = true };
        start.Environment["DOTNET_TieredPGO"] = "0";
        return Process.Start(start)!;
    }

    private Process StartChild() => Start("dotnet", ChildProgramme, _data, _output);

    private int JournalLines() => Lines(Journal);

    private static int Lines(string journal) => File.Exists(journal) ? File.ReadAllBytes(journal).Count(value => value == '\n') : 0;

    private async Task<SortedDictionary<string, string>> UninterruptedContents(bool rerank = false)
    {
        string whole = _output + "-whole";
        await MiningRun.RunAsync(rerank ? ScriptedBank.RerankOptions(_data, whole) : ScriptedBank.Options(_data, whole), () => Task.FromResult<IGenerator>(new ScriptedGenerator()), () => Task.FromResult<IEmbedder>(new ScriptedEmbedder()), null, TestContext.Current.CancellationToken);
        return MiningRunTests.Contents(whole);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_run_killed_twenty_five_times_loses_nothing_repeats_nothing_and_ends_in_the_same_bytes(int seed)
    {
        const int rounds = 25;
        var random = new Random(seed);
        int generated = 0;
        for (int round = 0; round < rounds; round++)
        {
            int before = JournalLines();
            using Process child = StartChild();
            int safe = 0, items = 0, killAfter = random.Next(1, 30);
            for (int lines = 0; lines < killAfter && await child.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line; lines++)
            {
                if (line.StartsWith("safe ", StringComparison.Ordinal))
                    safe = int.Parse(line.AsSpan(5), CultureInfo.InvariantCulture);
                else if (line.StartsWith("item ", StringComparison.Ordinal))
                    items++;
            }
            child.Kill();
            generated += items + CountItems(await child.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
            await child.WaitForExitAsync(TestContext.Current.CancellationToken);

            int after = JournalLines();
            Assert.True(after >= safe && after >= before, $"round {round}: {before} lines before, {safe} reported as safe, {after} after");
        }

        Assert.InRange(JournalLines(), rounds, Items); // the rounds did get somewhere
        using (Process last = StartChild())
        {
            string said = await last.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await last.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.EndsWith("finished\n", said.ReplaceLineEndings("\n"), StringComparison.Ordinal);
            generated += CountItems(said);
        }
        // Only an item that was under way when its process was killed may have been begun again.
        Assert.InRange(generated, Items, Items + rounds);
        Assert.Equal(await UninterruptedContents(), MiningRunTests.Contents(_output));

        static int CountItems(string said) => said.Split('\n').Count(line => line.StartsWith("item ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_run_killed_while_it_reranks_keeps_every_answer_it_reported_and_ends_in_the_same_bytes()
    {
        const int rounds = 8, requests = 6;
        var random = new Random(3);
        for (int round = 0; round < rounds; round++)
        {
            int before = Lines(Reranks), safe = 0, killAfter = random.Next(1, 300);
            using Process child = Start("dotnet", ChildProgramme, _data, _output, "rerank");
            for (int lines = 0; lines < killAfter && await child.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line; lines++)
            {
                if (line.StartsWith("safe ", StringComparison.Ordinal))
                    safe = int.Parse(line.AsSpan(5), CultureInfo.InvariantCulture);
            }
            child.Kill();
            await child.WaitForExitAsync(TestContext.Current.CancellationToken);
            int after = Lines(Reranks);
            Assert.True(after * requests >= safe && after >= before, $"round {round}: {before} lines before, {safe} requests reported as safe, {after} lines after");
        }

        Assert.InRange(Lines(Reranks), rounds, Items);
        using (Process last = Start("dotnet", ChildProgramme, _data, _output, "rerank"))
        {
            await last.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await last.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(0, last.ExitCode);
        }
        Assert.Equal(await UninterruptedContents(rerank: true), MiningRunTests.Contents(_output));
    }

    [Fact]
    public async Task A_second_process_is_refused_while_the_first_works()
    {
        using Process child = StartChild();
        while (await child.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line && !line.StartsWith("item ", StringComparison.Ordinal)) { }
        using (Process second = StartChild())
            Assert.Contains("error InvalidInputException The run folder", await second.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await child.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, child.ExitCode);
        Assert.Equal(await UninterruptedContents(), MiningRunTests.Contents(_output));
    }

    [Fact]
    public async Task A_run_on_a_full_disk_says_so_and_goes_on_when_there_is_room()
    {
        // A file system in memory, of a namespace of its own: first too small for the journal, then large enough.
        string mount = TestPaths.TemporaryFolder();
        string script = $"""
            mount -t tmpfs -o size=48k none '{mount}' || exit 77
            dotnet '{ChildProgramme}' '{_data}' '{mount}/run'; echo "exit $?"; wc -l < '{mount}/run/generations.jsonl'
            mount -o remount,size=8m '{mount}' && dotnet '{ChildProgramme}' '{_data}' '{mount}/run' && cp -r '{mount}/run' '{_output}'
            """;
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs a file system that can be made small: Linux's tmpfs");
        using Process shell = Start("unshare", "--map-root-user", "--mount", "sh", "-c", script);
        string[] said = (await shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Split('\n');
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.SkipWhen(said.Length == 1, "needs the right to mount a tmpfs in a namespace of its own");

        int exit = Array.IndexOf(said, "exit 1");
        Assert.True(exit > 0, string.Join('\n', said.TakeLast(3)));
        Assert.StartsWith($"error MalruleException {mount}/run/generations.jsonl cannot be written: No space left on device", said[exit - 1], StringComparison.Ordinal);
        Assert.EndsWith("the same command then goes on where it stopped.", said[exit - 1], StringComparison.Ordinal);
        Assert.InRange(int.Parse(said[exit + 1], CultureInfo.InvariantCulture), 1, Items - 1);
        Assert.Equal(await UninterruptedContents(), MiningRunTests.Contents(_output));
    }
}
