using System.Text.Json;
using Malrule.Tests;

namespace Malrule.Cli.Tests.Commands;

/// <summary>rank and evaluate on runs of the starter bank.</summary>
public sealed class RankTests(TinyModels models) : IDisposable
{
    private static readonly string Starter = Path.Combine(TestPaths.Repository, "samples", "starter"), Train = Path.Combine(Starter, "train.csv");
    private readonly string _folder = TestPaths.TemporaryFolder();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string In(string name) => Path.Combine(_folder, name);

    private static async Task<Tool> DoneAsync(params string[] arguments)
    {
        Tool tool = await Tool.RunAsync(arguments);
        Assert.True(tool.ExitCode == 0, tool.Error);
        return tool;
    }

    private string Texts(params string[] lines)
    {
        File.WriteAllLines(In("texts.jsonl"), lines);
        return In("texts.jsonl");
    }

    [Fact]
    public async Task A_runs_texts_are_ranked_anew_without_its_language_model_and_the_two_are_compared()
    {
        await DoneAsync("mine", "--data", Starter, "--questions", Train, "--output", In("a"), "--limit", "6", "--model", models.Chat, "--embedder", models.Embedder,
            "-n", "3", "--max-tokens", "4", "--shots", "1", "--memory", "200MB", "--max-model-len", "4000", "--vector-cache", In("cache"),
            "--rerank", "4", "--rerank-permutations", "1");
        Tool ranked = await DoneAsync("rank", In("a"), "--fusion", "borda@25", "--sample-weights", "logprob", "--output", In("b"), "--vector-cache", In("cache"));
        Assert.All(Directory.GetFiles(In("cache")), kept => Assert.Contains(kept, ranked.Error, StringComparison.Ordinal));
        Assert.Contains($"{In("a")} was reranked", ranked.Error, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(In("b"), "submission.csv"), ranked.Output, StringComparison.Ordinal);
        JsonElement options = JsonDocument.Parse(File.ReadAllText(Path.Combine(In("b"), "run.json"))).RootElement.GetProperty("options");
        Assert.Equal(("borda", 25, "logprob"), (options.GetProperty("fusion").GetProperty("method").GetString(), options.GetProperty("fusion").GetProperty("depth").GetInt32(), options.GetProperty("fusion").GetProperty("weights").GetString()));
        Assert.Equal(3, options.GetProperty("sampling").GetProperty("n").GetInt32());
        Assert.Contains("Prompt", (await DoneAsync("explain", In("b"), File.ReadLines(Path.Combine(In("b"), "submission.csv")).ElementAt(1).Split(',')[0])).Output, StringComparison.Ordinal);

        Tool evaluated = await DoneAsync("evaluate", In("a"), "--compare", In("b"), "--resamples", "50");
        foreach (string part in (string[])["6 distractors of", "MAP@25", "recall@100", "nDCG@25", "median rank", "not among 100", "of 6 prompts show", "answered", "What reranking the first 4 does", "first ranking           reranked", $"{In("b")} less {In("a")}: 6 distractors in both"])
            Assert.Contains(part, evaluated.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_whose_data_are_gone_asks_where_they_are()
    {
        string data = In("data");
        Directory.CreateDirectory(data);
        foreach (string file in Directory.GetFiles(Starter, "*.csv"))
            File.Copy(file, Path.Combine(data, Path.GetFileName(file)));
        await DoneAsync("mine", "--data", data, "--method", "lexical", "--output", In("run"));
        await DoneAsync("export", In("run"));
        Directory.Delete(data, recursive: true);
        await Tool.RefusesAsync(["export", In("run")], data, "--data");
        await DoneAsync("export", In("run"), "--data", Starter);
    }

    [Fact]
    public async Task Texts_from_anywhere_are_ranked_by_words_and_measured()
    {
        await DoneAsync("mine", "--data", Starter, "--questions", Train, "--method", "hybrid", "--output", In("plain"));
        string[] ids = [.. File.ReadLines(Path.Combine(In("plain"), "submission.csv")).Skip(1).Select(line => line.Split(',')[0])];
        string texts = Texts([.. ids.Take(5).Select(id => JsonSerializer.Serialize(new { id, texts = new[] { "Adds the numerators and the denominators" } })), """{"id":"4711_B","texts":["x"]}"""]);
        string[] rank = ["rank", "--generations", texts, "--data", Starter, "--questions", Train, "--retriever", "lexical"];

        Tool tool = await DoneAsync([.. rank, "--method", "hybrid", "--output", In("hybrid")]);
        Assert.Contains("4711_B", tool.Error, StringComparison.Ordinal);
        Assert.Contains($"{ids.Length - 5} of {ids.Length} distractors have no text.", tool.Error, StringComparison.Ordinal);
        await DoneAsync([.. rank, "--only-with-texts", "--output", In("texts")]);
        Assert.Equal(6, File.ReadLines(Path.Combine(In("texts"), "submission.csv")).Count());

        JsonElement json = JsonDocument.Parse((await DoneAsync("evaluate", In("plain"), "--compare", In("texts"), "--split", "by-question", "mixed", "--data", Starter, "--json", "--resamples", "20")).Output).RootElement;
        Assert.Equal(2, json.GetProperty("splits").EnumerateObject().Count());
        Assert.Equal(5, json.GetProperty("compared").GetProperty("difference").GetProperty("distractors").GetInt32());
    }

    [Fact]
    public async Task Wrong_input_is_refused_with_what_to_do()
    {
        string texts = Texts("""{"id":"1_B","texts":["x"]}""", """{"id":"1_B","texts":["y"]}""");
        await Tool.RefusesAsync(["rank", "--generations", texts, "--data", Starter, "--questions", Train, "--retriever", "lexical", "--output", In("a")], "texts.jsonl, line 2", "1_B again");
        await Tool.RefusesAsync(["rank", "--generations", texts, "--data", Starter, "--questions", Train, "--output", In("a")], "--retriever lexical");
        await Tool.RefusesAsync(["rank", "--output", In("a")], "Name either a run or a file of texts");
        await Tool.RefusesAsync(["rank", "x", "--generations", texts, "--output", In("a")], "Name either a run or a file of texts");
        await Tool.RefusesAsync(["rank", "x", "--output", In("a"), "--fusion", "median"], "--fusion", "rrf:60");
        await Tool.RefusesAsync(["rank", Starter, "--output", In("a")], "no run.json");
        await Tool.RefusesAsync(["evaluate", Starter], "no run.json");
        await Tool.RefusesAsync(["evaluate", "x", "--split", "by-luck"], "by-luck");
        await Tool.RefusesAsync(["evaluate", "x", "--resamples", "0"], "--resamples");
        await DoneAsync("mine", "--data", Starter, "--method", "lexical", "--output", In("blind"));
        await Tool.RefusesAsync(["evaluate", In("blind"), "--data", Starter], "carry no labels");
        await Tool.RefusesAsync(["rank", In("blind"), "--data", Starter, "--output", In("a")], "no generations.jsonl");
    }
}
