using Malrule.Inference;
using Malrule.Mining.Embeddings;
using Malrule.Mining.Generations;
using Malrule.Mining.Rankings;
using Malrule.Mining.Rankings.Reranking;
using Malrule.Mining.Results;
using Malrule.Mining.Tests.Scripts;
using Malrule.Tests;

namespace Malrule.Mining.Tests.Rankings.Reranking;

public sealed class RerankRunTests
{
    private readonly string _data = Path.Combine(TestPaths.TemporaryFolder(), "data");
    private readonly string _output = Path.Combine(TestPaths.TemporaryFolder(), "run");

    public RerankRunTests() => ScriptedBank.Write(_data, questions: 12);

    private MiningOptions Options(MiningMethod method = MiningMethod.Neighbours) =>
        ScriptedBank.RerankOptions(_data, _output) with { Method = method };

    private string Journal => Path.Combine(_output, "reranks.jsonl");

    private static Task<MiningResult> Run(MiningOptions options, ScriptedGenerator? generator = null) => MiningRun.RunAsync(
        options, () => Task.FromResult<IGenerator>(generator ?? new()), () => Task.FromResult<IEmbedder>(new ScriptedEmbedder()), null, TestContext.Current.CancellationToken);

    private static ScriptedGenerator Dying(int after) => new() { Before = (finished, _) => finished < after ? Task.CompletedTask : throw new MalruleException("The power went.") };

    [Theory]
    [InlineData(MiningMethod.Infer)]
    [InlineData(MiningMethod.Lexical)]
    [InlineData(MiningMethod.Neighbours)]
    public async Task The_first_candidates_of_any_method_are_put_in_the_order_of_their_worth(MiningMethod method)
    {
        MiningOptions options = Options(method);
        MiningResult first = await Run(options with { Rerank = null, Output = _output + "-first" });
        // the worth of a name is its number
        var generator = new ScriptedGenerator { Worth = (_, name) => name.StartsWith("Believes", StringComparison.Ordinal) ? int.Parse(name.Split(' ')[3]) / 10.0 : 0.5 };
        MiningResult reranked = await Run(options, generator);

        foreach ((MinedDistractor before, MinedDistractor after) in first.Mined.Zip(reranked.Mined))
        {
            int[] shown = [.. before.Candidates.Take(12).Select(candidate => candidate.MisconceptionId)];
            Assert.Equal([.. shown.OrderDescending(), .. before.Candidates.Skip(12).Select(candidate => candidate.MisconceptionId)], after.Candidates.Select(candidate => candidate.MisconceptionId));
            Assert.All(after.Candidates.Skip(12), candidate => Assert.Equal(0, candidate.Score));
            if (shown.Length == 0)
                continue;
            double all = Math.Exp(0.5) + shown.Sum(id => Math.Exp(id / 10.0));
            Assert.All(shown, id => Assert.Equal(Math.Exp(id / 10.0) / all, after.Candidates.Single(candidate => candidate.MisconceptionId == id).Score, 9));
            Assert.Equal(Math.Exp(0.5) / all, after.Reranked!.None, 9);
            Assert.Equal(before.Candidates, after.Reranked.First);
        }
        Assert.Equivalent(first.Manifest.Metrics, reranked.Manifest.Metrics!.BeforeReranking);
        Assert.NotEqual(first.Manifest.Metrics!.Map25, reranked.Manifest.Metrics.Map25);
        Assert.Equal(Math.Exp(-0.1), reranked.Manifest.Counts!.LetterShare!.Value, 9);
    }

    [Fact]
    public async Task Requests_share_a_prefix_by_question_and_distractor_and_are_queued_together()
    {
        var generator = new ScriptedGenerator();
        await Run(Options(), generator);
        string[] heads = [.. generator.LetterRequests.Select(request => request.Conversation[^1].Content.Split("\nA. ")[0])];
        Assert.Equal(heads.Distinct().Count(), heads.Zip(heads.Skip(1), (a, b) => a == b ? 0 : 1).Sum() + 1); // each stands together
        string[] questions = [.. heads.Select(head => head.Split("\nIncorrect Answer: ")[0])];
        Assert.Equal(12, questions.Zip(questions.Skip(1), (a, b) => a == b ? 0 : 1).Sum() + 1);
        Assert.Contains("Subject: Number\nConstruct: Add fractions\nQuestion: What is 0 + 0,\nand why?\nCorrect Answer: key 0\nIncorrect Answer: wrong 0B\n\nWhich misconception leads to the incorrect answer?", heads);
        Assert.All(generator.LetterRequests, request => Assert.Contains("None of the other misconceptions in this list", ScriptedGenerator.Names(request)));
    }

    [Fact]
    public async Task Files_say_what_was_shown_answered_and_changed()
    {
        MiningResult result = await Run(Options());
        string[] csv = File.ReadAllLines(Path.Combine(_output, "candidates.csv"));
        Assert.Equal("QuestionId_Answer,Rank,MisconceptionId,MisconceptionName,Score,FirstRank,FirstScore", csv[0]);
        MinedDistractor mined = result.Mined[0];
        string[] cells = csv[1].Split(',');
        Candidate first = mined.Reranked!.First[int.Parse(cells[5]) - 1];
        Assert.Equal([mined.Distractor.Id, "1", $"{first.MisconceptionId}", FormattableString.Invariant($"{first.Score:R}")], [cells[0], cells[1], cells[2], cells[6]]);

        Dictionary<string, RerankAnswer> answers = RerankAnswer.Format.Read(Journal);
        Assert.Equal(result.Mined.Where(item => item.Candidates.Count > 0).Select(item => item.Distractor.Id), answers.Keys);
        Assert.Equal(mined.Reranked.None, answers[mined.Distractor.Id].None);
        Assert.Equal(2 * ((Math.Min(12, mined.Candidates.Count) + 3) / 4), answers[mined.Distractor.Id].Windows.Count);
        Assert.Equal(answers.Count, result.Manifest.Counts!.Reranked);
        Assert.Equal(answers.Values.Sum(answer => answer.PromptTokens), result.Manifest.Counts.RerankPromptTokens);
        Explanation explanation = Assert.Single(FinishedRun.Open(_output, _data).Explain(mined.Distractor.Id));
        Assert.Equal(mined.Candidates, explanation.Candidates);
        Assert.Equal(mined.Reranked.None, explanation.Reranked!.None);
        Assert.Equal(mined.Reranked.First, explanation.Reranked.First);
        Assert.Equal(2, RunManifest.Read(Path.Combine(_output, "run.json")).Options.Rerank!.Permutations);
    }

    [Theory]
    [InlineData(MiningMethod.Infer)]
    [InlineData(MiningMethod.Neighbours)]
    public async Task An_interrupted_run_goes_on_and_ends_in_the_same_bytes(MiningMethod method)
    {
        MiningOptions options = Options(method);
        await Run(options with { Output = _output + "-whole" });
        int begun = 0;
        var dying = new ScriptedGenerator { LetterFailure = _ => begun++ < 60 ? null : throw new MalruleException("The power went.") };
        await Assert.ThrowsAsync<MalruleException>(() => Run(options, dying));
        int lines = File.ReadLines(Journal).Count();
        Assert.InRange(lines, 1, 23);
        await File.AppendAllTextAsync(Journal, "{\"id\":\"torn", TestContext.Current.CancellationToken);

        var second = new ScriptedGenerator();
        MiningResult result = await Run(options, second);
        Assert.Empty(second.Requests);
        Assert.Equal(result.Mined.Count(item => item.Candidates.Count > 0) - lines, second.LetterRequests.Select(request => request.Conversation[^1].Content.Split("\nA. ")[0]).Distinct().Count());
        Assert.Equal(MiningRunTests.Contents(_output + "-whole"), MiningRunTests.Contents(_output));

        await MiningRun.RunAsync(options, () => throw new InvalidOperationException("not needed"), () => Task.FromResult<IEmbedder>(new ScriptedEmbedder()), null, TestContext.Current.CancellationToken);
        Assert.Equal(MiningRunTests.Contents(_output + "-whole"), MiningRunTests.Contents(_output));
    }

    [Fact]
    public async Task Answers_about_other_candidates_are_asked_for_again()
    {
        await Run(Options());
        SortedDictionary<string, string> whole = MiningRunTests.Contents(_output);
        string[] lines = await File.ReadAllLinesAsync(Journal, TestContext.Current.CancellationToken);
        string changed = System.Text.RegularExpressions.Regex.Replace(lines[3], "(\"options\":\\[(?:null,)?)[0-9]+", "${1}29");
        Assert.NotEqual(lines[3], changed);
        lines[3] = changed;
        await File.WriteAllLinesAsync(Journal, lines, TestContext.Current.CancellationToken);
        var generator = new ScriptedGenerator();
        await Run(Options(), generator);
        Assert.Single(generator.LetterRequests.Select(request => request.Conversation[^1].Content.Split("\nA. ")[0]).Distinct());
        Assert.Equal(whole, MiningRunTests.Contents(_output));
    }

    [Fact]
    public async Task A_failed_request_leaves_its_distractor_as_it_was_and_is_tried_again()
    {
        MiningResult first = await Run(Options() with { Rerank = null, Output = _output + "-first" });
        string shown = $"Believes that idea {first.Mined.Single(item => item.Distractor.Id == "5_D").Candidates[0].MisconceptionId} holds";
        MiningResult result = await Run(Options(), new ScriptedGenerator
        {
            LetterFailure = request => request.Conversation[^1].Content.Contains("wrong 5D", StringComparison.Ordinal) && ScriptedGenerator.Names(request).Contains(shown) ? "Too long." : null,
        });
        MinedDistractor failed = result.Mined.Single(item => item.Error is not null);
        Assert.Equal(("5_D", "Reranking failed: Too long."), (failed.Distractor.Id, failed.Error));
        Assert.Equal(first.Mined.Single(item => item.Distractor.Id == "5_D").Candidates, failed.Candidates);
        Assert.Equal(1, result.Manifest.Counts!.FailedReranks);

        var again = new ScriptedGenerator();
        await Run(Options(), again);
        Assert.All(again.LetterRequests, request => Assert.Contains("wrong 5D", request.Conversation[^1].Content, StringComparison.Ordinal));
        await Run(Options() with { Output = _output + "-whole" });
        Assert.Equal(MiningRunTests.Contents(_output + "-whole"), MiningRunTests.Contents(_output));

        Assert.Contains("reranking failed. The first: No.", (await Assert.ThrowsAsync<MalruleException>(() =>
            Run(Options() with { Output = _output + "-no" }, new ScriptedGenerator { LetterFailure = _ => "No." }))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Answers_of_two_kernel_paths_are_not_mixed()
    {
        await Assert.ThrowsAsync<MalruleException>(() => Run(Options(), Dying(after: 60)));
        Assert.Contains("kernel_path.model is \"other\"", (await Assert.ThrowsAsync<InvalidInputException>(() => Run(Options(), new ScriptedGenerator { KernelPath = "other" }))).Message, StringComparison.Ordinal);
        await Run(Options());
    }

    [Fact]
    public async Task A_model_that_does_not_answer_with_letters_is_remarked_on()
    {
        MiningResult result = await Run(Options(), new ScriptedGenerator { Worth = (_, _) => 0 });
        Assert.DoesNotContain(result.Manifest.Counts!.Remarks(), remark => remark.Contains("hardly understands", StringComparison.Ordinal));
        Assert.Contains((result.Manifest.Counts with { LetterShare = 0.02 }).Remarks(), remark => remark.Contains("2.0 %", StringComparison.Ordinal) && remark.Contains("hardly understands", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Wrong_options_are_refused_by_name()
    {
        async Task<string> Refusal(MiningOptions options) => (await Assert.ThrowsAsync<InvalidInputException>(() => Run(options))).Message;
        Assert.Contains("--model", await Refusal(Options() with { Model = null }), StringComparison.Ordinal);
        Assert.Contains("window must be from 1 to 25", await Refusal(Options() with { Rerank = new RerankOptions { Window = 26 } }), StringComparison.Ordinal);
        Assert.Contains("permutations must be from 1 to 100; it is 0", await Refusal(Options() with { Rerank = new RerankOptions { Permutations = 0 } }), StringComparison.Ordinal);
        Assert.Contains("at most candidates, which is 100", await Refusal(Options() with { Rerank = new RerankOptions { Candidates = 101 } }), StringComparison.Ordinal);
    }
}
