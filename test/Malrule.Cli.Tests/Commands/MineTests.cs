using System.Text.Json.Nodes;
using Malrule.Tests;

namespace Malrule.Cli.Tests.Commands;

/// <summary>mine from the starter bank to the run folder, on tiny checkpoints.</summary>
public sealed class MineTests(TinyModels models) : IDisposable
{
    private static readonly string Starter = Path.Combine(TestPaths.Repository, "samples", "starter"), Train = Path.Combine(Starter, "train.csv");
    private readonly string _folder = TestPaths.TemporaryFolder();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory, InlineData("default"), InlineData("tutorial")]
    public async Task Infer_goes_from_questions_to_a_scored_submission(string preset)
    {
        string run = Path.Combine(_folder, "run");
        Tool tool = await InferAsync(run, "--preset", preset, "--questions", Train, "--sample", "3", "--sample-seed", "3", "--limit", "4");

        Assert.True(tool.ExitCode == 0, tool.Error);
        Assert.Contains("MAP@25", tool.Output, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(run, "submission.csv"), tool.Output, StringComparison.Ordinal);
        Assert.Contains("kernel", File.ReadAllText(Path.Combine(run, "run.json")), StringComparison.Ordinal);
        string[] submission = File.ReadAllLines(Path.Combine(run, "submission.csv"));
        Assert.Equal("QuestionId_Answer,MisconceptionId", submission[0]);
        Assert.Equal(5, submission.Length);
        Assert.All(submission[1..], row => Assert.Equal(25, row.Split(',')[1].Split(' ').Distinct().Count()));
        Assert.Equal(4, File.ReadLines(Path.Combine(run, "generations.jsonl")).Count());
        JsonNode options = JsonNode.Parse(File.ReadAllText(Path.Combine(run, "run.json")))!["options"]!;
        Assert.Equal(preset, options["preset"]!.GetValue<string>());
        Assert.Equal(2, options["sampling"]!["n"]!.GetValue<int>());
    }

    [Fact]
    public async Task A_model_that_embeds_nothing_is_refused_before_anything_is_generated()
    {
        string run = Path.Combine(_folder, "run");
        await Tool.RefusesAsync(["mine", "--data", Starter, "--model", models.Chat, "--embedder", models.Chat, "--output", run, "--memory", "200MB"], "model_type must be bert or nomic_bert");
        Assert.Equal(0, new FileInfo(Path.Combine(run, "generations.jsonl")).Length);
    }

    [Fact]
    public async Task The_same_command_again_goes_on_with_what_is_there_and_changes_nothing()
    {
        string run = Path.Combine(_folder, "run");
        string[] options = ["--questions", Train, "--limit", "3"];
        Assert.Equal(0, (await InferAsync(run, options)).ExitCode);
        Dictionary<string, string> before = Results(run);
        Tool again = await InferAsync(run, options);
        Assert.True(again.ExitCode == 0, again.Error);
        Assert.Equal(before, Results(run));

        Tool other = await InferAsync(run, [.. options, "--seed", "5"]);
        Assert.Equal(2, other.ExitCode);
        Assert.Contains("seed", other.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_next_run_takes_the_vectors_of_names_and_texts_from_the_cache_unless_told_not_to()
    {
        string cache = Path.Combine(_folder, "cache");
        string[] options = ["--questions", Train, "--limit", "2"];
        Tool first = await InferAsync(Path.Combine(_folder, "first"), [.. options, "--vector-cache", cache]);
        Tool second = await InferAsync(Path.Combine(_folder, "second"), [.. options, "--vector-cache", cache]);
        Tool without = await InferAsync(Path.Combine(_folder, "without"), [.. options, "--vector-cache", "none"]);
        string[] kept = Directory.GetFiles(cache);
        Assert.Equal(2, kept.Length);
        Assert.DoesNotContain(".vectors", first.Error, StringComparison.Ordinal);
        Assert.All(kept, file => Assert.Contains(file, second.Error, StringComparison.Ordinal));
        Assert.DoesNotContain(".vectors", without.Error, StringComparison.Ordinal);
        foreach (string file in (string[])["candidates.csv", "submission.csv"])
        {
            string whole = File.ReadAllText(Path.Combine(_folder, "without", file));
            Assert.Equal(whole, File.ReadAllText(Path.Combine(_folder, "first", file)));
            Assert.Equal(whole, File.ReadAllText(Path.Combine(_folder, "second", file)));
        }
    }

    [Fact]
    public async Task Unlabelled_questions_get_every_wrong_option_and_no_score()
    {
        string run = Path.Combine(_folder, "run");
        Tool tool = await Tool.RunAsync("mine", "--data", Starter, "--method", "lexical", "--output", run);
        Assert.True(tool.ExitCode == 0, tool.Error);
        Assert.DoesNotContain("MAP@25", tool.Output, StringComparison.Ordinal);
        Assert.Equal(1 + 3 * 8, File.ReadLines(Path.Combine(run, "submission.csv")).Count());
        Assert.False(File.Exists(Path.Combine(run, "submission_debug.csv")));
    }

    [Fact]
    public async Task Every_labelled_distractor_of_the_starter_bank_is_ranked_without_a_model()
    {
        string run = Path.Combine(_folder, "run");
        Tool tool = await Tool.RunAsync("mine", "--data", Starter, "--questions", Train, "--method", "lexical", "--output", run);
        Assert.True(tool.ExitCode == 0, tool.Error);
        Assert.Equal(1 + 121, File.ReadLines(Path.Combine(run, "submission.csv")).Count());
        double map = JsonNode.Parse(File.ReadAllText(Path.Combine(run, "run.json")))!["metrics"]!["map@25"]!.GetValue<double>();
        Assert.InRange(map, 0.3, 1);
    }

    private Task<Tool> InferAsync(string run, params string[] options) => Tool.RunAsync(
    [
        "mine", "--data", Starter, "--model", models.Chat, "--embedder", models.Embedder, "--output", run,
        "--samples", "2", "--max-tokens", "6", "--memory", "200MB", "--max-model-len", "4000", .. options,
    ]);

    private static Dictionary<string, string> Results(string run) => Directory.GetFiles(run).Where(file => Path.GetFileName(file) is not ("run.json" or ".lock"))
        .ToDictionary(file => Path.GetFileName(file), File.ReadAllText);
}
