using System.Text.Json;
using Malrule.Inference;
using Malrule.Mining.Embeddings;
using Malrule.Mining.Generations;
using Malrule.Mining.Questions;
using Malrule.Mining.Rankings;
using Malrule.Mining.Rankings.Hybrid;
using Malrule.Mining.Results;
using Malrule.Mining.Tests.Scripts;
using Malrule.Tests;

namespace Malrule.Mining.Tests;

/// <summary>Ranking from texts that are there already, and the hybrid of all evidence.</summary>
public sealed class StoredTextsTests
{
    private readonly string _data = Path.Combine(TestPaths.TemporaryFolder(), "data");
    private readonly string _output = Path.Combine(TestPaths.TemporaryFolder(), "run");

    public StoredTextsTests() => ScriptedBank.Write(_data, questions: 12);

    private static Task<MiningResult> Run(MiningOptions options, ScriptedGenerator? generator = null, ScriptedEmbedder? embedder = null, IProgress<MiningProgress>? progress = null) => MiningRun.RunAsync(
        options, () => Task.FromResult<IGenerator>(generator ?? throw new InvalidOperationException("No language model is needed.")), () => Task.FromResult<IEmbedder>(embedder ?? new()), progress, TestContext.Current.CancellationToken);

    private MiningOptions FromFile(params string[] lines)
    {
        string file = Path.Combine(_data, "texts.jsonl");
        File.WriteAllLines(file, lines);
        return MiningOptions.Of(MiningPreset.Default, _data, _output) with { Generations = file, Retriever = Retriever.Lexical };
    }

    private static string Line(string id, params string[] texts) => JsonSerializer.Serialize(new { id, texts });

    [Theory, InlineData("rrf:60"), InlineData("borda@5"), InlineData("softmax:0.2")]
    public async Task A_runs_texts_ranked_anew_give_what_the_run_would_have_given(string fusion)
    {
        foreach (MiningPreset preset in Enum.GetValues<MiningPreset>())
        {
            string run = $"{_output}-{preset}";
            MiningOptions options = ScriptedBank.Options(_data, run, preset) with { Limit = 20 };
            MiningOptions other = options with { Output = run + "-mined", Fusion = FusionOptions.Parse(fusion) with { Ties = options.Fusion.Ties } };
            await Run(options, new ScriptedGenerator());
            await Run(other, new ScriptedGenerator());

            MiningOptions again = FinishedRun.Open(run, _data).RankAgain(run + "-ranked") with { Embedder = options.Embedder, Fusion = other.Fusion };
            MiningResult ranked = await Run(again);
            foreach (string file in (string[])["submission.csv", "candidates.csv", "submission_debug.csv", "generations.jsonl"])
                Assert.Equal(File.ReadAllText(Path.Combine(other.Output, file)), File.ReadAllText(Path.Combine(again.Output, file)));
            RunManifest mined = RunManifest.Read(Path.Combine(other.Output, "run.json"));
            Assert.StartsWith("inputs.generations", Assert.Single(ranked.Manifest.DifferencesFrom(mined), difference => difference.EndsWith("has other contents", StringComparison.Ordinal)), StringComparison.Ordinal);
            Assert.Equal(2, ranked.Manifest.DifferencesFrom(mined).Count);
            Assert.Equal(mined.Metrics, ranked.Manifest.Metrics);

            // And once more from the ranked run, back to where it began.
            MiningOptions back = FinishedRun.Open(again.Output, _data).RankAgain(run + "-back") with { Embedder = options.Embedder, Fusion = options.Fusion };
            await Run(back);
            Assert.Equal(File.ReadAllText(Path.Combine(run, "candidates.csv")), File.ReadAllText(Path.Combine(back.Output, "candidates.csv")));
        }
    }

    [Fact]
    public async Task Texts_of_unknown_questions_missing_distractors_and_failed_requests_are_counted()
    {
        var notes = new List<string>();
        MiningOptions options = FromFile(Line("0_B", "Believes that idea 3 holds"), Line("1_B", "idea 7", "idea 7"), Line("99_B", "x"), Line("0_A", "the key"), Line("1_C", "no label"), """{"id":"2_B","texts":[],"error":"No."}""");
        MiningResult result = await Run(options, progress: new Notes(notes));
        RunCounts counts = result.Manifest.Counts!;
        Assert.Equal((24, 22, 0, 3, 22, (int?)null), (counts.Distractors, counts.WithoutTexts!.Value, counts.WithoutTextsLeftOut!.Value, counts.TextsUnused!.Value, counts.WithoutCandidates, counts.FailedRequests));
        Assert.Equal((2, (int?)null, (long?)null), (counts.DistinctTexts!.Value, counts.LabelShown, counts.PromptTokens));
        Assert.Contains($"{options.Generations} has lines about no distractor of these questions: 99_B, 0_A, 1_C.", notes);
        Assert.Contains("22 of 24 distractors have no text.", notes);
        Assert.Equal(25, File.ReadLines(Path.Combine(_output, "submission.csv")).Count());
        Assert.Equal(["0_B", "1_B", "2_B"], GenerationFile.Read(Path.Combine(_output, "generations.jsonl")).Keys);

        result = await Run(options with { Output = _output + "-only", OnlyWithTexts = true });
        Assert.Equal(["0_B", "1_B"], result.Mined.Select(item => item.Distractor.Id));
        Assert.Equal((0, 22, 0), (result.Manifest.Counts!.WithoutTexts!.Value, result.Manifest.Counts.WithoutTextsLeftOut!.Value, result.Manifest.Counts.WithoutCandidates));
        Assert.Equal(3, result.Mined[0].Candidates[0].MisconceptionId);
    }

    [Theory]
    [InlineData("{\"id\":\"0_B\"}", "line 2", "\"texts\"")]
    [InlineData("{\"id\":\"0_B\",\"texts\":[null]}", "line 2", "null")]
    [InlineData("{\"id\":\"0_B\",\"texts\":\"x\"}", "line 2", "list of strings")]
    [InlineData("not json", "line 2", "JSON object")]
    [InlineData("{\"id\":\"1_B\",\"texts\":[\"x\"]}", "line 2", "1_B again")]
    [InlineData("{\"id\":\"0_B\",\"texts\":[\"x\"],\"demonstrations\":[77]}", "0_B", "question 77")]
    public async Task A_wrong_line_is_named_and_no_folder_is_made(string line, params string[] expected)
    {
        string message = (await Assert.ThrowsAsync<InvalidInputException>(() => Run(FromFile(Line("1_B", "x"), line)))).Message;
        Assert.All([.. expected, "texts.jsonl"], part => Assert.Contains(part, message, StringComparison.Ordinal));
        Assert.False(Directory.Exists(_output));
    }

    [Fact]
    public async Task Texts_about_nothing_that_is_mined_are_refused()
    {
        async Task<string> Refusal(MiningOptions options) => (await Assert.ThrowsAsync<InvalidInputException>(() => Run(options))).Message;
        Assert.Contains("none of its 2 lines has a text about one of the 24 distractors to rank, such as 0_B; the first is about 1-B", await Refusal(FromFile(Line("1-B", "x"), Line("0_B"))), StringComparison.Ordinal);
        Assert.Contains("none of its 0 lines", await Refusal(FromFile()), StringComparison.Ordinal);
        Assert.Contains("does not exist", await Refusal(FromFile() with { Generations = "nowhere.jsonl" }), StringComparison.Ordinal);
        Assert.Contains("(--embedder)", await Refusal(FromFile() with { Retriever = Retriever.Embedder }), StringComparison.Ordinal);
        Assert.Contains("ranks no texts", await Refusal(FromFile() with { Method = MiningMethod.Neighbours }), StringComparison.Ordinal);
        Assert.Contains("no file of texts", await Refusal(MiningOptions.Of(MiningPreset.Default, _data, _output) with { Method = MiningMethod.Lexical, OnlyWithTexts = true }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Samples_weigh_by_their_probability_where_that_is_asked_for()
    {
        // Names 2 and 5 point along two axes and every other name along a third, so that a name's score is its text's weight.
        static float[] Axis(string text) => text.EndsWith(" 2", StringComparison.Ordinal) || text.EndsWith("idea 2 holds", StringComparison.Ordinal) ? [1, 0, 0]
            : text.EndsWith(" 5", StringComparison.Ordinal) || text.EndsWith("idea 5 holds", StringComparison.Ordinal) ? [0, 1, 0] : [0, 0, 1];
        MiningOptions options = FromFile("""{"id":"0_B","texts":["about 2","about 5","about 5"],"cumulative_logprobs":[-1,-3,-4]}""") with { Retriever = Retriever.Embedder, Embedder = Path.Combine(_data, "embedder"), OnlyWithTexts = true };
        var embedder = new ScriptedEmbedder { Vector = Axis };
        Candidate[] byCount = [.. (await Run(options, embedder: embedder)).Mined[0].Candidates.Take(2)];
        Assert.Equal([new(5, 2), new(2, 1)], byCount);

        options = options with { Output = _output + "-logprob", Fusion = new FusionOptions { Weights = SampleWeighting.Logprob } };
        Candidate[] byLogprob = [.. (await Run(options, embedder: embedder)).Mined[0].Candidates.Take(2)];
        Assert.Equal([2, 5], byLogprob.Select(candidate => candidate.MisconceptionId));
        Assert.Equal(0.13533528 + 0.04978707, byLogprob[1].Score / byLogprob[0].Score, 1e-7); // exp(-2) + exp(-3)

        options = FromFile(Line("0_B", "x", "y")) with { Fusion = options.Fusion };
        Assert.Contains("0_B has 2 texts and 0 cumulative_logprobs", (await Assert.ThrowsAsync<InvalidInputException>(() => Run(options with { Output = _output + "-none" }))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hybrid_fuses_what_there_is()
    {
        MiningOptions options = MiningOptions.Of(MiningPreset.Default, _data, _output) with { Method = MiningMethod.Hybrid };
        MiningResult plain = await Run(options);
        HybridFit fit = Assert.Single(plain.Manifest.HybridFits!);
        Assert.Equal((HybridEvidence.Lexical | HybridEvidence.Neighbours, false), (fit.Evidence, fit.Fitted));
        Assert.False(File.Exists(Path.Combine(_output, "generations.jsonl")));
        QuestionBank bank = QuestionBank.Load(_data);
        Assert.Equal(new HybridRanker(bank.Labelled, bank.Catalogue).RankAll([.. bank.Distractors], 100, cancellation: TestContext.Current.CancellationToken), plain.Mined.Select(item => item.Candidates));

        MiningResult infers = await Run(ScriptedBank.Options(_data, _output + "-infers") with { Method = MiningMethod.Hybrid }, new ScriptedGenerator());
        Assert.Equal(HybridEvidence.Lexical | HybridEvidence.Neighbours | HybridEvidence.Inferred, Assert.Single(infers.Manifest.HybridFits!).Evidence);
        Assert.Equal(["catalogue", "embedder", "labelled", "model", "questions"], infers.Manifest.Inputs.Keys);

        // Half of the distractors have a text; the others rank by words and neighbours as if there were none.
        string[] texts = [.. plain.Mined.Take(12).Select(item => Line(item.Distractor.Id, "Believes that idea 8 holds"))];
        MiningResult half = await Run(FromFile(texts) with { Method = MiningMethod.Hybrid, Output = _output + "-half" });
        Assert.Equal(2, half.Manifest.HybridFits!.Count);
        Assert.Equal(plain.Mined.Skip(12).Select(item => item.Candidates), half.Mined.Skip(12).Select(item => item.Candidates));
        Assert.All(half.Mined.Take(12).Zip(plain.Mined), pair => Assert.True(ScoreOf8(pair.First) > ScoreOf8(pair.Second)));
        static double ScoreOf8(MinedDistractor item) => item.Candidates.Single(candidate => candidate.MisconceptionId == 8).Score;
    }

    [Fact]
    public async Task Hybrid_keeps_texts_about_labelled_distractors_to_learn_from()
    {
        MiningOptions options = FromFile(Line("11_D", "idea 1"), Line("0_B", "idea 3")) with { Limit = 2 };
        MiningResult infer = await Run(options);
        Assert.Equal(1, infer.Manifest.Counts!.TextsUnused);
        MiningResult hybrid = await Run(options with { Method = MiningMethod.Hybrid, Output = _output + "-hybrid" });
        Assert.Equal(0, hybrid.Manifest.Counts!.TextsUnused);
        Assert.Equal(["0_B", "11_D"], GenerationFile.Read(Path.Combine(_output + "-hybrid", "generations.jsonl")).Keys);
    }

    [Fact]
    public async Task Hybrid_with_half_of_what_texts_need_is_refused()
    {
        async Task<string> Refusal(MiningOptions options) => (await Assert.ThrowsAsync<InvalidInputException>(() => Run(options))).Message;
        MiningOptions options = ScriptedBank.Options(_data, _output) with { Method = MiningMethod.Hybrid };
        Assert.Contains("no language model", await Refusal(options with { Model = null }), StringComparison.Ordinal);
        Assert.Contains("--retriever lexical", await Refusal(options with { Embedder = null }), StringComparison.Ordinal);
        await Run(options with { Embedder = null, Retriever = Retriever.Lexical }, new ScriptedGenerator());
    }

    [Fact]
    public async Task A_run_without_texts_cannot_be_ranked_anew()
    {
        await Run(MiningOptions.Of(MiningPreset.Default, _data, _output) with { Method = MiningMethod.Lexical });
        Assert.Contains("no generations.jsonl", Assert.Throws<InvalidInputException>(() => FinishedRun.Open(_output, _data).RankAgain("x")).Message, StringComparison.Ordinal);
    }

    private sealed class Notes(List<string> notes) : IProgress<MiningProgress>
    {
        public void Report(MiningProgress value)
        {
            if (value.Note is not null)
                notes.Add(value.Note);
        }
    }
}
