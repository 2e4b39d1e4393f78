using System.Text.Json;
using System.Text.Json.Nodes;
using Malrule.Inference;
using Malrule.Mining.Embeddings;
using Malrule.Mining.Evaluation;
using Malrule.Mining.Generations;
using Malrule.Mining.Results;
using Malrule.Mining.Tests.Scripts;
using Malrule.Tests;

namespace Malrule.Mining.Tests;

public sealed class MiningRunTests
{
    private readonly string _data = Path.Combine(TestPaths.TemporaryFolder(), "data");
    private readonly string _output = Path.Combine(TestPaths.TemporaryFolder(), "run");

    public MiningRunTests() => ScriptedBank.Write(_data, questions: 12);

    private MiningOptions Options(MiningPreset preset = MiningPreset.Default) => ScriptedBank.Options(_data, _output, preset);

    private static Task<MiningResult> Run(MiningOptions options, ScriptedGenerator? generator = null, ScriptedEmbedder? embedder = null, IProgress<MiningProgress>? progress = null) =>
        MiningRun.RunAsync(options, () => Task.FromResult<IGenerator>(generator ?? new()), () => Task.FromResult<IEmbedder>(embedder ?? new()), progress, TestContext.Current.CancellationToken);

    /// <summary>Every file of a run, run.json without what may differ.</summary>
    internal static SortedDictionary<string, string> Contents(string folder)
    {
        var contents = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string path in Directory.GetFiles(folder))
        {
            string text = File.ReadAllText(path);
            if (Path.GetFileName(path) == "run.json")
            {
                JsonObject manifest = JsonNode.Parse(text)!.AsObject();
                Assert.True(manifest.Remove("timings") && manifest.Remove("environment"));
                text = manifest.ToJsonString();
            }
            contents.Add(Path.GetFileName(path), text);
        }
        return contents;
    }

    [Fact]
    public async Task A_run_writes_every_file_in_the_order_of_the_questions()
    {
        MiningResult result = await Run(Options());

        Assert.Equal([".lock", "candidates.csv", "generations.jsonl", "nearest.jsonl", "report.html", "run.json", "submission.csv", "submission_debug.csv"], Directory.GetFiles(_output).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        string[] ids = [.. Enumerable.Range(0, 12).SelectMany(id => new[] { $"{id}_B", $"{id}_D" })];
        Assert.Equal(ids, result.Mined.Select(item => item.Distractor.Id));
        Assert.Equal(ids, GenerationFile.Read(Path.Combine(_output, "generations.jsonl")).Keys);
        Assert.Equal(["QuestionId_Answer", .. ids], File.ReadLines(Path.Combine(_output, "submission.csv")).Select(line => line.Split(',')[0]));
        Assert.All(File.ReadLines(Path.Combine(_output, "submission.csv")).Skip(1), line => Assert.Equal(25, line.Split(',')[1].Split(' ').Distinct().Count()));
        Assert.Equal(1 + 24 * 30, File.ReadLines(Path.Combine(_output, "candidates.csv")).Count());
        foreach (string file in Directory.GetFiles(_output))
        {
            byte[] bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
            Assert.False(bytes.AsSpan().StartsWith("\ufeff"u8) || bytes.Contains((byte)'\r'), file);
        }
    }

    [Fact]
    public async Task The_names_nearest_to_each_text_are_kept_with_their_cosines_so_that_explaining_needs_no_model()
    {
        var embedder = new ScriptedEmbedder();
        MiningResult result = await Run(Options(), embedder: embedder);
        Dictionary<string, NearestLine> lines = NearestLine.Format.Read(Path.Combine(_output, "nearest.jsonl"));
        Assert.Equal(result.Mined.SelectMany(item => item.Inferred).Distinct(), lines.Keys);

        (string text, NearestLine line) = lines.First();
        float[] vector = embedder.Vector(text);
        double Cosine(int id)
        {
            float[] name = embedder.Vector($"Believes that idea {id} holds");
            double Dot(float[] a, float[] b) => a.Zip(b, (x, y) => (double)x * y).Sum();
            return Dot(vector, name) / Math.Sqrt(Dot(vector, vector) * Dot(name, name));
        }
        int[] nearest = [.. Enumerable.Range(0, 30).OrderByDescending(id => Math.Round(Cosine(id), 5)).ThenBy(id => id).Take(5)];
        Assert.Equal(nearest, line.Ids);
        Assert.All(line.Ids.Zip(line.Scores), pair => Assert.Equal(Cosine(pair.First), pair.Second, 5));

        Explanation explanation = Assert.Single(FinishedRun.Open(_output, _data).Explain(result.Mined[3].Distractor.Id));
        InferredText inferred = explanation.Texts[0];
        Assert.Equal(lines[inferred.Text].Names, inferred.Nearest);
        Assert.Equal(result.Mined[3].Inferred.Count(other => other == inferred.Text), inferred.Count);
    }

    [Fact]
    public async Task The_manifest_says_what_came_about_and_how()
    {
        MiningResult result = await Run(Options());
        using JsonDocument manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_output, "run.json")));
        JsonElement root = manifest.RootElement;
        Assert.Equal("finished", root.GetProperty("status").GetString());
        Assert.Equal("infer", root.GetProperty("options").GetProperty("method").GetString());
        Assert.Equal(4, root.GetProperty("options").GetProperty("sampling").GetProperty("n").GetInt32());
        Assert.Equal(64, root.GetProperty("inputs").GetProperty("model").GetProperty("sha256").GetString()!.Length);
        Assert.Equal("train.csv", root.GetProperty("inputs").GetProperty("questions").GetProperty("name").GetString());
        Assert.Equal("scripted", root.GetProperty("kernel_path").GetProperty("model").GetString());
        Assert.Equal("scripted embedder", root.GetProperty("kernel_path").GetProperty("embedder").GetString());
        Assert.Equal(24, root.GetProperty("counts").GetProperty("distractors").GetInt32());
        Assert.Equal(12, root.GetProperty("counts").GetProperty("without_label").GetInt32());
        Assert.Equal(24, root.GetProperty("counts").GetProperty("samples_cut").GetInt32());
        JsonElement metrics = root.GetProperty("metrics");
        double map = result.Mined.Average(item => AveragePrecision.At(item.Candidates, item.Distractor.MisconceptionId!.Value));
        Assert.Equal(map, metrics.GetProperty("map@25").GetDouble(), 12);
        double seen = metrics.GetProperty("map@25_seen").GetDouble(), unseen = metrics.GetProperty("map@25_unseen").GetDouble();
        int seenCount = metrics.GetProperty("seen").GetInt32();
        Assert.Equal(map, (seen * seenCount + unseen * (24 - seenCount)) / 24, 12);
        Assert.InRange(metrics.GetProperty("recall@25").GetDouble(), map, 1);
        Assert.True(root.GetProperty("timings").GetProperty("total_seconds").GetDouble() > 0);
        Assert.Equal("0", root.GetProperty("environment").GetProperty("resumed_with").GetString());
        Assert.Equivalent(result.Manifest, RunManifest.Read(Path.Combine(_output, "run.json")));
    }

    [Fact]
    public async Task An_interrupted_run_goes_on_and_ends_in_the_same_bytes()
    {
        await Run(Options() with { Output = _output + "-whole" });

        var first = new ScriptedGenerator { Before = (finished, _) => finished < 9 ? Task.CompletedTask : throw new MalruleException("The power went.") };
        Assert.Equal("The power went.", (await Assert.ThrowsAsync<MalruleException>(() => Run(Options(), first))).Message);
        Assert.True(first.Disposed);
        Assert.Equal(9, File.ReadLines(Path.Combine(_output, "generations.jsonl")).Count());
        await File.AppendAllTextAsync(Path.Combine(_output, "generations.jsonl"), "{\"id\":\"torn", TestContext.Current.CancellationToken);

        var second = new ScriptedGenerator();
        await Run(Options(), second);
        Assert.Equal(24 - 9, second.Requests.Count);
        Assert.Equal(Contents(_output + "-whole"), Contents(_output));
    }

    [Fact]
    public async Task A_cancelled_run_keeps_what_was_generated()
    {
        using var cancellation = new CancellationTokenSource();
        var generator = new ScriptedGenerator { Before = (finished, _) => finished < 5 ? Task.CompletedTask : cancellation.CancelAsync() };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => MiningRun.RunAsync(
            Options(), () => Task.FromResult<IGenerator>(generator), () => Task.FromResult<IEmbedder>(new ScriptedEmbedder()), null, cancellation.Token));
        Assert.Equal(5, File.ReadLines(Path.Combine(_output, "generations.jsonl")).Count());
    }

    [Fact]
    public async Task A_finished_run_is_written_again_without_its_model()
    {
        await Run(Options());
        SortedDictionary<string, string> before = Contents(_output);
        File.Delete(Path.Combine(_output, "submission.csv"));
        await MiningRun.RunAsync(Options(), () => throw new InvalidOperationException("not needed"), () => Task.FromResult<IEmbedder>(new ScriptedEmbedder()), null, TestContext.Current.CancellationToken);
        Assert.Equal(before, Contents(_output));
    }

    [Fact]
    public async Task Another_run_is_refused_by_name_of_what_differs()
    {
        await Run(Options());
        async Task<string> Refusal(MiningOptions options) => (await Assert.ThrowsAsync<InvalidInputException>(() => Run(options))).Message;

        Assert.Contains("options.seed is 2, there it is 1", await Refusal(Options() with { Seed = 2 }), StringComparison.Ordinal);
        Assert.Contains("options.demonstrations.shots is 1, there it is 3", await Refusal(Options() with { Demonstrations = new() { Shots = 1 } }), StringComparison.Ordinal);
        Assert.Contains("options.limit is 3, there it is not set", await Refusal(Options() with { Limit = 3 }), StringComparison.Ordinal);
        Assert.Contains("options.method is \"lexical\"", await Refusal(Options() with { Method = MiningMethod.Lexical }), StringComparison.Ordinal);
        Assert.Contains("options.clean_names is false, there it is true", await Refusal(Options(MiningPreset.Tutorial)), StringComparison.Ordinal);
        await File.AppendAllTextAsync(Path.Combine(_data, "train.csv"), "99,c,s,A,q,a,b,c,d,,1,,\n", TestContext.Current.CancellationToken);
        Assert.Contains("inputs.questions has other contents", await Refusal(Options()), StringComparison.Ordinal);
        await File.AppendAllTextAsync(Path.Combine(_data, "model", "config.json"), " ", TestContext.Current.CancellationToken);
        Assert.Contains("inputs.model has other contents", await Refusal(Options()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_does_not_change_results_may_differ()
    {
        await Assert.ThrowsAsync<MalruleException>(() => Run(Options(), new ScriptedGenerator { Before = (finished, _) => finished < 3 ? Task.CompletedTask : throw new MalruleException("x") }));
        await Run(Options() with { Engine = Options().Engine with { Threads = 1, MaxNumSeqs = 3, Memory = 0.5, MaxNumBatchedTokens = 64 } });
    }

    [Fact]
    public async Task Generations_of_two_kernel_paths_are_not_mixed()
    {
        await Assert.ThrowsAsync<MalruleException>(() => Run(Options(), new ScriptedGenerator { Before = (finished, _) => finished < 3 ? Task.CompletedTask : throw new MalruleException("x") }));
        var error = await Assert.ThrowsAsync<InvalidInputException>(() => Run(Options(), new ScriptedGenerator { KernelPath = "other" }));
        Assert.Contains("kernel_path.model is \"other\", there it is \"scripted\"", error.Message, StringComparison.Ordinal);
        error = await Assert.ThrowsAsync<InvalidInputException>(() => Run(Options(), new ScriptedGenerator { MaxModelLength = 2048 }));
        Assert.Contains("served_length is 2048, there it is 4096", error.Message, StringComparison.Ordinal);
        await Run(Options());
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"malrule\":\"0.1.0\",\"options\":{\"preset\":\"best\"}}")]
    public async Task A_broken_manifest_is_named(string text)
    {
        Directory.CreateDirectory(_output);
        await File.WriteAllTextAsync(Path.Combine(_output, "run.json"), text, TestContext.Current.CancellationToken);
        Assert.Contains("run.json: expected", (await Assert.ThrowsAsync<InvalidInputException>(() => Run(Options()))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_with_foreign_generations_is_refused()
    {
        Directory.CreateDirectory(_output);
        await File.WriteAllTextAsync(Path.Combine(_output, "generations.jsonl"), "", TestContext.Current.CancellationToken);
        Assert.Contains("not the run.json", (await Assert.ThrowsAsync<InvalidInputException>(() => Run(Options()))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_request_fails_alone_and_is_tried_again()
    {
        MiningResult result = await Run(Options(), new ScriptedGenerator { Failure = request => ScriptedGenerator.LastTurn(request).EndsWith("wrong 5D", StringComparison.Ordinal) ? "Too long." : null });
        Assert.Equal(1, result.Manifest.Counts!.FailedRequests);
        Assert.Equal(["5_D"], result.Mined.Where(item => item.Candidates.Count == 0).Select(item => item.Distractor.Id));
        Assert.Equal("Too long.", GenerationFile.Read(Path.Combine(_output, "generations.jsonl"))["5_D"].Error);

        var again = new ScriptedGenerator();
        result = await Run(Options(), again);
        Assert.Single(again.Requests);
        Assert.Equal(0, result.Manifest.Counts!.WithoutCandidates);
        await Run(Options() with { Output = _output + "-whole" });
        Assert.Equal(Contents(_output + "-whole"), Contents(_output));
    }

    [Fact]
    public async Task A_run_whose_every_request_fails_says_why() =>
        Assert.Equal("Every request failed. The first: No.", (await Assert.ThrowsAsync<MalruleException>(() => Run(Options(), new ScriptedGenerator { Failure = _ => "No." }))).Message);

    [Fact]
    public async Task Items_have_seeds_of_their_own_unless_the_tutorial_is_followed()
    {
        var generator = new ScriptedGenerator();
        await Run(Options(), generator);
        Assert.Equal(ItemSeed.Of(1, "0_B"), generator.Requests[0].Sampling.Seed);
        Assert.Equal(24, generator.Requests.Select(request => request.Sampling.Seed).Distinct().Count());

        generator = new ScriptedGenerator();
        await Run(Options(MiningPreset.Tutorial) with { Output = _output + "-tutorial" }, generator);
        Assert.All(generator.Requests, request => Assert.Equal(1, request.Sampling.Seed));
        Assert.All(generator.Requests, request => Assert.Equal(["\n\n", ". "], request.Sampling.Stop));
    }

    [Fact]
    public async Task A_long_prompt_loses_its_farthest_demonstrations_and_the_run_counts_them()
    {
        var generous = new ScriptedGenerator();
        await Run(Options(), generous);
        var tight = new ScriptedGenerator { MaxModelLength = 64 + 110 };
        MiningResult result = await Run(Options() with { Output = _output + "-tight" }, tight);

        Assert.True(result.Manifest.Counts!.DemonstrationsDropped > 0);
        Generation cut = GenerationFile.Read(Path.Combine(_output + "-tight", "generations.jsonl"))["0_B"], whole = GenerationFile.Read(Path.Combine(_output, "generations.jsonl"))["0_B"];
        Assert.Equal(3, cut.Demonstrations!.Count + cut.DemonstrationsDropped);
        Assert.Equal(whole.Demonstrations!.Skip(cut.DemonstrationsDropped), cut.Demonstrations);
        Assert.All(tight.Requests, request => Assert.InRange(tight.CountTokens(((Prompt.FromConversation)request.Prompt).Messages), 1, 110));
    }

    [Fact]
    public async Task Each_distinct_text_is_embedded_once_behind_the_prefix_of_its_side()
    {
        var embedder = new ScriptedEmbedder { Prefixes = ("q: ", "d: ") };
        await Run(Options(), embedder: embedder);
        Assert.Equal(embedder.Texts.Distinct(), embedder.Texts);
        Assert.Equal(30, embedder.Texts.Count(text => text.StartsWith("d: Believes", StringComparison.Ordinal)));
        Assert.Contains("d: Believes that idea 4 holds", embedder.Texts);
        Assert.All(embedder.Texts.Skip(30), text => Assert.StartsWith("q: Misconception: idea ", text, StringComparison.Ordinal));

        embedder = new ScriptedEmbedder { Prefixes = ("q: ", "d: ") };
        await Run(Options(MiningPreset.Tutorial) with { Output = _output + "-tutorial" }, embedder: embedder);
        Assert.Contains("Believes that idea 4 holds ", embedder.Texts);
        Assert.All(embedder.Texts.Skip(30), text => Assert.StartsWith("idea ", text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_second_run_takes_vectors_from_the_cache_and_writes_the_same_bytes()
    {
        MiningOptions options = Options();
        options = options with { Embedding = options.Embedding with { CacheFolder = Path.Combine(_data, "cache") } };
        var without = new ScriptedEmbedder();
        var first = new ScriptedEmbedder();
        var second = new ScriptedEmbedder();
        var other = new ScriptedEmbedder { KernelPath = "another" };
        await Run(Options(), embedder: without);
        await Run(options with { Output = _output + "-first" }, embedder: first);
        await Run(options with { Output = _output + "-second" }, embedder: second);
        await Run(options with { Output = _output + "-other" }, embedder: other);

        Assert.Equal(without.Texts, first.Texts);
        Assert.Empty(second.Texts);
        Assert.Equal(first.Texts, other.Texts);
        Assert.Equal(Contents(_output), Contents(_output + "-first"));
        Assert.Equal(Contents(_output), Contents(_output + "-second"));
    }

    [Fact]
    public async Task Blank_samples_have_no_vote_unless_the_tutorial_is_followed()
    {
        var blank = new ScriptedGenerator { Text = (_, _, _) => " " };
        MiningResult result = await Run(Options(), blank);
        Assert.Equal((24, 96), (result.Manifest.Counts!.WithoutCandidates, result.Manifest.Counts.BlankSamples));
        result = await Run(Options(MiningPreset.Tutorial) with { Output = _output + "-tutorial" }, blank);
        Assert.Equal((0, 96), (result.Manifest.Counts!.WithoutCandidates, result.Manifest.Counts.BlankSamples));
    }

    [Fact]
    public async Task Unlabelled_questions_get_every_wrong_option_and_no_score()
    {
        string test = string.Join('\n', File.ReadAllText(Path.Combine(_data, "train.csv")).ReplaceLineEndings("\n").Split('\n').Take(5))
            .Replace(",MisconceptionAId,MisconceptionBId,MisconceptionCId,MisconceptionDId", "", StringComparison.Ordinal);
        test = System.Text.RegularExpressions.Regex.Replace(test, @",,\d+\.0,,\d+\.0", "");
        await File.WriteAllTextAsync(Path.Combine(_data, "test.csv"), test, TestContext.Current.CancellationToken);
        MiningResult result = await Run(Options());
        Assert.Equal(["0_B", "0_C", "0_D", "1_B", "1_C", "1_D"], result.Mined.Select(item => item.Distractor.Id));
        Assert.Null(result.Manifest.Metrics);
        Assert.False(File.Exists(Path.Combine(_output, "submission_debug.csv")));
    }

    [Fact]
    public async Task Limit_counts_distractors_and_sample_questions()
    {
        Assert.Equal(["0_B", "0_D", "1_B"], (await Run(Options() with { Limit = 3 })).Mined.Select(item => item.Distractor.Id));
        MiningResult sampled = await Run(Options() with { Output = _output + "-sample", Sample = 4, SampleSeed = 3 });
        Assert.Equal(4, sampled.Manifest.Counts!.Questions);
    }

    [Fact]
    public async Task Progress_only_grows_and_names_what_is_on_the_disk()
    {
        var reports = new List<MiningProgress>();
        int onDisk = 0;
        var progress = new Reporter(step =>
        {
            if (step is { Stage: MiningStage.Generating, Note: null, Total: > 0 })
            {
                onDisk = File.Exists(Path.Combine(_output, "generations.jsonl")) ? File.ReadLines(Path.Combine(_output, "generations.jsonl")).Count() : 0;
                Assert.InRange(step.Done, 0, onDisk);
            }
            reports.Add(step);
        });
        await Run(Options(), progress: progress);
        Assert.Equal(Enum.GetValues<MiningStage>().Except([MiningStage.Reranking]), reports.Select(step => step.Stage).Distinct());
        int[] generated = [.. reports.Where(step => step is { Stage: MiningStage.Generating, Total: > 0 }).Select(step => step.Done)];
        Assert.Equal(generated.Order(), generated);
        Assert.Equal(24, generated[^1]);
        Assert.Contains(reports, step => step.Note == "Model: scripted");
        Assert.Contains(reports, step => step.Note == "12 other distractors of these questions carry no label and were left out.");
        Assert.Contains(reports, step => step.Note == "24 samples were cut short by the limit of tokens.");
        Assert.DoesNotContain(reports, step => step.Note?.Contains("failed", StringComparison.Ordinal) == true);
        Assert.Single(reports, step => step.Note is { } note && note.StartsWith("Expecting 24 requests of ", StringComparison.Ordinal)
            && note.Contains("at most 6,144 generated tokens, at most ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(MiningMethod.Lexical)]
    [InlineData(MiningMethod.Neighbours)]
    [InlineData(MiningMethod.Hybrid)]
    public async Task A_method_without_models_loads_none(MiningMethod method)
    {
        MiningOptions options = MiningOptions.Of(MiningPreset.Default, _data, _output) with { Method = method };
        MiningResult result = await MiningRun.RunAsync(options, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(24, result.Manifest.Metrics!.Scored);
        Assert.Equal([".lock", "candidates.csv", "report.html", "run.json", "submission.csv", "submission_debug.csv"], Directory.GetFiles(_output).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(["catalogue", "labelled", "questions"], result.Manifest.Inputs.Keys);
        Assert.Null(result.Manifest.Options.Sampling);
    }

    [Theory]
    [InlineData(MiningMethod.Lexical, 0.18)]
    [InlineData(MiningMethod.Neighbours, 0.42)]
    [InlineData(MiningMethod.Hybrid, 0.43)]
    public async Task Eedi_without_models_is_ranked_at_least_as_well_as_promised(MiningMethod method, double map)
    {
        MiningOptions options = MiningOptions.Of(MiningPreset.Default, TestPaths.Shared("eedi"), _output) with { Questions = TestPaths.Shared("eedi", "train.csv"), Method = method };
        MiningResult result = await MiningRun.RunAsync(options, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(result.Manifest.Metrics!.Map25 >= map, $"{result.Manifest.Metrics}");
        Assert.Equal((4370, 3400), (result.Manifest.Metrics.Scored, result.Manifest.Metrics.Seen));
    }

    [Fact]
    public async Task Infer_without_model_embedder_or_demonstrations_is_refused()
    {
        MiningOptions options = MiningOptions.Of(MiningPreset.Default, _data, _output);
        Assert.Contains("(--model)", (await Assert.ThrowsAsync<InvalidInputException>(() => Run(options))).Message, StringComparison.Ordinal);
        Assert.Contains("(--embedder)", (await Assert.ThrowsAsync<InvalidInputException>(() => Run(options with { Model = "x" }))).Message, StringComparison.Ordinal);
        File.Move(Path.Combine(_data, "train.csv"), Path.Combine(_data, "test.csv"));
        Assert.Contains("no train.csv", (await Assert.ThrowsAsync<InvalidInputException>(() => Run(Options()))).Message, StringComparison.Ordinal);
        await Run(Options() with { Demonstrations = new() { Shots = 0 } });
    }

    [Fact]
    public async Task Tutorial_preset_turns_the_golden_generations_into_the_golden_submission()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(TestPaths.Shared("goldens", "tutorial", "golden.json")));
        JsonElement items = golden.RootElement.GetProperty("items");
        Dictionary<string, float[]> vectors = GoldenEmbeddings.Read(items);
        var generator = new ScriptedGenerator { Text = (_, index, sample) => items[index].GetProperty("generations")[sample].GetString()! };
        var embedder = new ScriptedEmbedder { Vector = text => vectors[text] };
        MiningOptions options = MiningOptions.Of(MiningPreset.Tutorial, TestPaths.Shared("eedi"), _output);

        MiningResult result = await Run(options with
        {
            Questions = TestPaths.Shared("eedi", "train.csv"),
            Sample = 100,
            SampleSeed = 3,
            Model = Path.Combine(_data, "model"),
            Embedder = Path.Combine(_data, "embedder"),
            Embedding = options.Embedding with { CataloguePrefix = GoldenEmbeddings.NamePrefix },
        }, generator, embedder);

        Assert.Equal(File.ReadAllText(TestPaths.Shared("goldens", "tutorial", "submission.csv")), File.ReadAllText(Path.Combine(_output, "submission.csv")));
        Assert.Equal(golden.RootElement.GetProperty("map25").GetDouble(), result.Manifest.Metrics!.Map25!.Value, 15);
    }

    private sealed class Reporter(Action<MiningProgress> report) : IProgress<MiningProgress>
    {
        public void Report(MiningProgress value) => report(value);
    }
}
