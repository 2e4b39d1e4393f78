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

    [Fact]
    public void Every_command_is_one_the_tool_understands()
    {
        Assert.NotEmpty(Commands());
        Assert.All(Commands(), arguments => Assert.Empty(CommandLine.Parse(arguments, TextWriter.Null).Errors));
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

    private static IEnumerable<string[]> Commands() => Blocks(Readme, "sh").SelectMany(block => block.Split('\n'))
        .Where(line => line.StartsWith(Tool, StringComparison.Ordinal)).Select(line => line[Tool.Length..].Split(' '));

    private static IEnumerable<string> Blocks(string path, string language) =>
        Regex.Matches(File.ReadAllText(path), $@"^```{language}\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline).Select(block => block.Groups[1].Value);

    [GeneratedRegex(@"\]\((?<file>[^)#]*)(#(?<heading>[^)]+))?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#+ (?<title>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();
}
