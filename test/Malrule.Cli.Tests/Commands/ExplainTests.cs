using Malrule.Tests;

namespace Malrule.Cli.Tests.Commands;

/// <summary>explain on runs of the starter bank.</summary>
public sealed class ExplainTests(TinyModels models)
{
    private static readonly string Starter = Path.Combine(TestPaths.Repository, "samples", "starter"), Train = Path.Combine(Starter, "train.csv");
    private readonly string _run = Path.Combine(TestPaths.TemporaryFolder(), "run");

    private async Task<string> MineAsync(params string[] options)
    {
        Tool mined = await Tool.RunAsync(["mine", "--data", Starter, "--questions", Train, "--output", _run, "--limit", "3", .. options]);
        Assert.True(mined.ExitCode == 0, mined.Error);
        return File.ReadLines(Path.Combine(_run, "submission.csv")).ElementAt(1).Split(',')[0];
    }

    [Fact]
    public async Task A_run_without_models_shows_question_ranking_and_where_the_label_stands()
    {
        string id = await MineAsync("--method", "neighbours");
        Tool tool = await Tool.RunAsync("explain", _run, id, "--data", Starter, "--top", "3");

        Assert.True(tool.ExitCode == 0, tool.Error);
        Assert.StartsWith(id, tool.Output.TrimStart(), StringComparison.Ordinal);
        Assert.Contains("(this distractor)", tool.Output, StringComparison.Ordinal);
        Assert.Matches("The label, .+, (stands at [0-9]+|is not among the [0-9]+ candidates);", tool.Output);
        Assert.Contains("\n  3  ", tool.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\n  4  ", tool.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', tool.Output);
        Assert.DoesNotContain("Prompt", tool.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_with_models_shows_the_prompt_and_counts_the_inferred_texts()
    {
        string id = await MineAsync("--model", models.Chat, "--embedder", models.Embedder, "-n", "2", "--max-tokens", "4", "--shots", "1", "--memory", "200MB", "--max-model-len", "4000");
        Tool tool = await Tool.RunAsync("explain", _run, id, "--data", Starter);

        Assert.True(tool.ExitCode == 0, tool.Error);
        Assert.Contains("\nassistant:\n", tool.Output, StringComparison.Ordinal);
        Assert.Matches("\nInferred\n  [12] x  .*\n +-?[0-9.]+ → .+\n", tool.Output);
    }

    [Fact]
    public async Task A_reranked_run_shows_probabilities_earlier_places_and_that_of_none()
    {
        string id = await MineAsync("--method", "lexical", "--rerank", "4", "--rerank-window", "2", "--rerank-permutations", "1", "--model", models.Chat, "--memory", "200MB", "--max-model-len", "2000");
        Tool tool = await Tool.RunAsync("explain", _run, id, "--data", Starter);

        Assert.True(tool.ExitCode == 0, tool.Error);
        Assert.Matches("\nRanking, as reranked\n  1 +0\\.[0-9E-]+ +was [1-4] ", tool.Output);
        Assert.Matches("\n  None of these: [0-9.E-]+\\.\n", tool.Output);
        await Tool.RefusesAsync(["mine", "--data", Starter, "--method", "lexical", "--output", _run, "--rerank-window", "3"], "--rerank-window has no effect without --rerank");
        await Tool.RefusesAsync(["mine", "--data", Starter, "--method", "lexical", "--output", _run, "--rerank", "5"], "--model");
    }

    [Fact]
    public async Task A_question_shows_all_its_mined_distractors_and_an_unknown_id_or_other_data_are_refused()
    {
        string id = await MineAsync("--method", "lexical");
        string question = id.Split('_')[0];
        int mined = File.ReadLines(Path.Combine(_run, "submission.csv")).Count(line => line.StartsWith($"{question}_", StringComparison.Ordinal));
        Tool tool = await Tool.RunAsync("explain", _run, question, "--data", Starter);
        Assert.Equal(mined, tool.Output.Split("(this distractor)").Length - 1);

        await Tool.RefusesAsync(["explain", _run, "999999_B", "--data", Starter], "999999_B", "submission.csv");
        await Tool.RefusesAsync(["explain", Starter, id, "--data", Starter], "run.json");
        string other = TestPaths.TemporaryFolder();
        foreach (string file in Directory.GetFiles(Starter, "*.csv"))
            File.WriteAllText(Path.Combine(other, Path.GetFileName(file)), File.ReadAllText(file) + "\n");
        await Tool.RefusesAsync(["explain", _run, id, "--data", other], "SHA-256 differs");
    }
}
