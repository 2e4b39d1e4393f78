using System.Text.Json;
using System.Text.RegularExpressions;
using Malrule.Tests;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Malrule.Cli.Tests.Documents;

/// <summary>The examples of the documents do what the documents say.</summary>
public sealed partial class ReadmeTests
{
    private const string Tool = "dotnet run -c Release --project src/Malrule.Cli -- ";
    private static readonly string Readme = Path.Combine(TestPaths.Repository, "README.md");

    public static TheoryData<string> Documents { get; } = [.. Directory.EnumerateFiles(TestPaths.Repository, "*.md", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(TestPaths.Repository, path)).Where(path => !path.StartsWith("artifacts", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    /// <summary>
    /// Part of the main job with the real models, from questions to results: any numeric mistake on the way makes the answers worse.
    /// </summary>
    [Fact]
    public async Task The_first_command_mines_the_bundled_bank_and_its_answers_are_right()
    {
        string run = TestPaths.TemporaryFolder();
        Tool tool = await Cli.Tests.Tool.RunAsync([.. Commands().First(), "--limit", "90", "--memory", "1GiB", "--output", run]);
        Assert.True(tool.ExitCode == 0, tool.Error);
        using JsonDocument json = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(run, "run.json"), TestContext.Current.CancellationToken));
        JsonElement metrics = json.RootElement.GetProperty("metrics");
        Assert.InRange(metrics.GetProperty("map@25_seen").GetDouble(), 0.95, 1);
        Assert.InRange(metrics.GetProperty("map@25_unseen").GetDouble(), 0.90, 1);
    }

    [Theory, MemberData(nameof(Documents))]
    public void Every_command_is_one_the_tool_understands(string document) =>
        Assert.All(Commands(document), arguments => Assert.True(CommandLine.Parse(arguments, TextWriter.Null).Errors.Count == 0, string.Join(' ', arguments)));

    [Fact]
    public void Both_languages_give_the_same_commands() =>
        Assert.Equal(Blocks(Readme, "sh"), Blocks(Path.Combine(TestPaths.Repository, "README.zh-CN.md"), "sh"));

    [Fact]
    public async Task Tables_of_one_s_own_are_imported_mined_and_exported_as_written()
    {
        string folder = TestPaths.TemporaryFolder();
        foreach (string command in (string[])["import", "mine", "export"])
        {
            string[] arguments = [.. Commands("README.md").Last(arguments => arguments[0] == command && arguments.Any(argument => argument.EndsWith("mydata", StringComparison.Ordinal)) && !arguments.Contains("--model"))
                .TakeWhile(argument => argument != ">")
                .Select(argument => argument.StartsWith("samples/", StringComparison.Ordinal) ? Path.Combine(TestPaths.Repository, argument) : argument.EndsWith("mydata", StringComparison.Ordinal) ? Path.Combine(folder, argument) : argument)];
            Tool tool = await Cli.Tests.Tool.RunAsync(arguments);
            Assert.True(tool.ExitCode == 0, tool.Error);
            if (command == "export")
                Assert.Contains("\"source_id\":\"M-201\",\"letter\":\"B\"", tool.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_sample_requests_are_all_answered()
    {
        string answers = Path.Combine(TestPaths.TemporaryFolder(), "answers.jsonl");
        Tool tool = await Cli.Tests.Tool.RunAsync("run-batch", "-i", Path.Combine(TestPaths.Repository, "samples", "requests.jsonl"), "-o", answers, "--model", "bundled", "--memory", "200MB");
        Assert.True(tool.ExitCode == 0, tool.Error);
        Assert.All(await File.ReadAllLinesAsync(answers, TestContext.Current.CancellationToken), line => Assert.EndsWith("\"error\":null}", line, StringComparison.Ordinal));
    }

    [Fact]
    public void The_test_command_is_the_one_that_ci_runs()
    {
        string ci = File.ReadAllText(Path.Combine(TestPaths.Repository, ".ci", "run"));
        string command = Regex.Match(ci, @"^test_command=\((.*)\)$", RegexOptions.Multiline).Groups[1].Value;
        Assert.Contains($"```sh\n{command}\n```", File.ReadAllText(Readme), StringComparison.Ordinal);
    }

    [Fact]
    public void Examples_in_csharp_compile()
    {
        string[] examples = [.. Blocks(Readme, "csharp")];
        Assert.NotEmpty(examples);
        MetadataReference[] references = [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path))];
        const string implicitUsings = "global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq; global using System.Threading; global using System.Threading.Tasks;";
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        Assert.All(examples, example =>
        {
            SyntaxTree[] sources = [CSharpSyntaxTree.ParseText(example, cancellationToken: cancellation), CSharpSyntaxTree.ParseText(implicitUsings, cancellationToken: cancellation)];
            var compilation = CSharpCompilation.Create("example", sources, references,
                new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));
            Assert.Empty(compilation.GetDiagnostics(cancellation).Where(found => found.Severity >= DiagnosticSeverity.Warning).Select(found => found.ToString()));
        });
    }

    [Theory, MemberData(nameof(Documents))]
    public void Links_lead_somewhere(string document)
    {
        string path = Path.Combine(TestPaths.Repository, document);
        Assert.All(Link().Matches(File.ReadAllText(path)).Where(link => !link.Value.Contains("://", StringComparison.Ordinal)), link =>
        {
            (string file, string heading) = (link.Groups["file"].Value, link.Groups["heading"].Value);
            string target = file.Length == 0 ? path : Path.Combine(Path.GetDirectoryName(path)!, file);
            Assert.True(Path.Exists(target), $"{document}: {link.Value}");
            if (heading.Length > 0)
                Assert.Contains(heading, Heading().Matches(File.ReadAllText(target)).Select(line => Anchor(line.Groups["title"].Value)));
        });
    }

    // As GitHub makes a heading's anchor.
    private static string Anchor(string title) => Regex.Replace(title.ToLowerInvariant(), @"[^\w\- ]", "").Replace(' ', '-');

    /// <summary>The arguments of every call of the tool in a document's shell blocks.</summary>
    private static IEnumerable<string[]> Commands(string document = "README.md") => Blocks(Path.Combine(TestPaths.Repository, document), "sh")
        .SelectMany(block => block.Replace("\\\n", " ", StringComparison.Ordinal).Split('\n'))
        .Where(line => line.StartsWith(Tool, StringComparison.Ordinal) || line.StartsWith("malrule ", StringComparison.Ordinal))
        .Select(line => Words(line.StartsWith(Tool, StringComparison.Ordinal) ? line[Tool.Length..] : line["malrule ".Length..]));

    /// <summary>What a shell makes of a line: words apart by blanks, quotes around what belongs together, nothing after a redirection.</summary>
    private static string[] Words(string line) => [.. Word().Matches(line.Split(" > ")[0]).Select(word => Quotes().Replace(word.Value, "$1$2"))];

    [GeneratedRegex("""(?:[^\s"']|"[^"]*"|'[^']*')+""")]
    private static partial Regex Word();

    [GeneratedRegex("""["]([^"]*)["]|'([^']*)'""")]
    private static partial Regex Quotes();

    private static IEnumerable<string> Blocks(string path, string language) =>
        Regex.Matches(File.ReadAllText(path), $@"^```{language}\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline).Select(block => block.Groups[1].Value);

    [GeneratedRegex(@"\]\((?<file>[^)#]*)(#(?<heading>[^)]+))?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#+ (?<title>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();
}
