using System.Text.Json;
using Malrule.Inference;
using Malrule.Mining.Embeddings;
using Malrule.Mining.Evaluation;
using Malrule.Mining.Generations;
using Malrule.Mining.Results;
using Malrule.Mining.Tests.Scripts;
using Malrule.Tests;

namespace Malrule.Mining.Tests.Evaluation;

public sealed class RunEvaluationTests
{
    private static readonly Bootstrap Few = new() { Resamples = 200 };
    private readonly string _data = Path.Combine(TestPaths.TemporaryFolder(), "data");
    private readonly string _output = Path.Combine(TestPaths.TemporaryFolder(), "run");

    public RunEvaluationTests() => ScriptedBank.Write(_data, questions: 40);

    private async Task<FinishedRun> MineAsync(MiningOptions options)
    {
        await MiningRun.RunAsync(options, () => Task.FromResult<IGenerator>(new ScriptedGenerator()), () => Task.FromResult<IEmbedder>(new ScriptedEmbedder()), null, TestContext.Current.CancellationToken);
        return FinishedRun.Open(options.Output, _data);
    }

    private MiningOptions Plain(MiningMethod method, string output = "") => MiningOptions.Of(MiningPreset.Default, _data, _output + output) with { Method = method };

    // Rank of the label by id, counted in the lines of candidates.csv; 0 where it is absent.
    private Dictionary<string, int> Ranks(string folder)
    {
        Dictionary<string, string> labels = new();
        foreach (string line in File.ReadAllText(Path.Combine(_data, "train.csv")).Split("key ").Skip(1))
        {
            string[] cells = line.Split('\n')[0].Split(',');
            labels[$"{cells[0]}_B"] = cells[5].Split('.')[0];
            labels[$"{cells[0]}_D"] = cells[7].Split('.')[0];
        }
        Dictionary<string, int> ranks = labels.ToDictionary(label => label.Key, _ => 0);
        foreach (string[] cells in File.ReadLines(Path.Combine(folder, "candidates.csv")).Skip(1).Select(line => line.Split(',')))
        {
            if (labels[cells[0]] == cells[2])
                ranks[cells[0]] = int.Parse(cells[1], System.Globalization.CultureInfo.InvariantCulture);
        }
        return ranks;
    }

    [Fact]
    public async Task A_run_read_back_measures_what_its_files_say()
    {
        FinishedRun run = await MineAsync(Plain(MiningMethod.Neighbours));
        RunEvaluation evaluation = RunEvaluation.Of(run, Few);
        int[] ranks = [.. Ranks(_output).Values];
        Assert.Equal(80, ranks.Length);
        double map = ranks.Average(rank => rank is > 0 and <= 25 ? 1.0 / rank : 0);

        Assert.Equal(map, evaluation.Report.All.Map25!.Value.Value, 12);
        Assert.Equal(run.Manifest.Metrics!.Map25Seen!.Value, evaluation.Report.Seen.Map25!.Value.Value, 12);
        StageAttribution stages = evaluation.Stages;
        Assert.Equal(map, stages.Reached.Value, 12);
        Assert.Equal(ranks.Count(rank => rank == 0) / 80.0, stages.NotRetrieved.Value, 12);
        Assert.Equal(ranks.Count(rank => rank > 25) / 80.0, stages.Below.Value, 12);
        Assert.Equal(1, stages.Reached.Value + stages.Order.Value + stages.Below.Value + stages.NotRetrieved.Value, 12);
        Assert.True(stages.Reached.Low < map && map < stages.Reached.High);
        Assert.Null(evaluation.LabelShown);
        Assert.Equal(_output, evaluation.Run);
    }

    [Fact]
    public async Task A_reranked_run_says_what_the_first_ranking_and_reranking_did_each()
    {
        FinishedRun first = await MineAsync(ScriptedBank.RerankOptions(_data, _output + "-first") with { Rerank = null });
        FinishedRun run = await MineAsync(ScriptedBank.RerankOptions(_data, _output));
        RunEvaluation evaluation = RunEvaluation.Of(run, Few);
        RerankAttribution reranking = evaluation.Reranking!;
        Dictionary<string, int> before = Ranks(_output + "-first"), after = Ranks(_output);
        double[] gains = [.. before.Keys.Select(id => Precision(after[id]) - Precision(before[id]))];

        Assert.Null(RunEvaluation.Of(first, Few).Reranking);
        Assert.Equal(RunEvaluation.Of(first, Few).Stages, reranking.First);
        Assert.Equal(evaluation.Stages.NotRetrieved, reranking.First.NotRetrieved); // the retriever's part is the same
        Assert.Equal((gains.Count(gain => gain > 0), gains.Count(gain => gain < 0)), (reranking.Rose, reranking.Fell));
        Assert.True(reranking is { Rose: > 0, Fell: > 0 });
        Assert.Equal(gains.Sum(gain => Math.Max(gain, 0)) / 80, reranking.Gained.Value, 12);
        Assert.Equal(gains.Sum(gain => Math.Max(-gain, 0)) / 80, reranking.Lost.Value, 12);
        Assert.Equal(evaluation.Stages.Reached.Value, reranking.First.Reached.Value + reranking.Gained.Value - reranking.Lost.Value, 12);
        Assert.Equal(run.Manifest.Metrics!.BeforeReranking!.Map25!.Value, reranking.First.Reached.Value, 12);
        Assert.Equal(before.Values.Average(rank => rank is > 0 and <= 12 ? 1 : Precision(rank)), reranking.Ceiling.Value, 12);
        // Paired: narrower than two intervals apart.
        PairedDifference paired = RunEvaluation.Of(first, Few).With(first, run, Few).Compared!.Difference.Metrics["map@25"];
        Assert.Equal(paired.Difference.Value, reranking.Difference.Value, 12);
        Assert.Equal(paired.Difference.Low, reranking.Difference.Low, 12);

        JsonElement json = JsonDocument.Parse(evaluation.ToJson()).RootElement.GetProperty("reranking");
        Assert.Equal(12, json.GetProperty("shown").GetInt32());
        Assert.Equal(reranking.Ceiling.Value, json.GetProperty("ceiling").GetProperty("value").GetDouble());
        Assert.Equal(reranking.First.Order.Value, json.GetProperty("first").GetProperty("order").GetProperty("value").GetDouble());
        static double Precision(int rank) => rank is > 0 and <= 25 ? 1.0 / rank : 0;
    }

    [Fact]
    public async Task Prompts_that_show_the_label_are_measured_apart()
    {
        FinishedRun run = await MineAsync(ScriptedBank.Options(_data, _output));
        LabelLeak leak = RunEvaluation.Of(run, Few).LabelShown!;
        Assert.Equal((80, run.Manifest.Counts!.LabelShown), (leak.Prompts, leak.Shown));
        Assert.InRange(leak.Shown, 1, 79);
        Assert.Equal(run.Manifest.Metrics!.Map25!.Value, (leak.Shown * leak.Map25Shown!.Value.Value + (80 - leak.Shown) * leak.Map25Hidden!.Value.Value) / 80, 12);

        run = await MineAsync(ScriptedBank.Options(_data, _output + "-none") with { Demonstrations = new() { Shots = 0 } });
        leak = RunEvaluation.Of(run, Few).LabelShown!;
        Assert.Equal((0, null), (leak.Shown, leak.Map25Shown));
    }

    [Fact]
    public async Task Two_runs_are_compared_item_by_item()
    {
        FinishedRun one = await MineAsync(Plain(MiningMethod.Lexical)), other = await MineAsync(Plain(MiningMethod.Hybrid, "-other") with { Limit = 60 });
        RunComparison compared = RunEvaluation.Of(one, Few).With(one, other, Few).Compared!;
        Dictionary<string, int> first = Ranks(_output), second = Ranks(_output + "-other");
        string[] shared = [.. other.Read().Select(item => item.Distractor.Id)];
        Assert.Equal((60, 20), (compared.Difference.Distractors, compared.Difference.LeftOut));
        PairedDifference map = compared.Difference.Metrics["map@25"];
        Assert.Equal(shared.Average(id => Precision(second[id]) - Precision(first[id])), map.Difference.Value, 12);
        Assert.Equal(shared.Average(id => Precision(first[id])), map.First, 12);
        Assert.Equal(shared.Count(id => Place(second[id]) < Place(first[id])), compared.Difference.Better);
        static double Precision(int rank) => rank is > 0 and <= 25 ? 1.0 / rank : 0;
        static int Place(int rank) => rank is > 0 and <= 25 ? rank : 26;
    }

    [Theory, InlineData(MiningMethod.Lexical), InlineData(MiningMethod.Neighbours), InlineData(MiningMethod.Hybrid)]
    public async Task A_method_without_texts_is_measured_anew_on_other_divisions(MiningMethod method)
    {
        FinishedRun run = await MineAsync(Plain(method));
        RunEvaluation evaluation = RunEvaluation.Of(run, Few).With(run, [EvaluationSplit.LeaveOwnQuestionOut, EvaluationSplit.ByMisconception()], Few, TestContext.Current.CancellationToken);
        Assert.Equal(evaluation.Report.All.Map25, evaluation.Splits!["leave own question out"].All.Map25);
        Assert.Equal(0, evaluation.Splits["5 folds by misconception"].Seen.Distractors);
    }

    [Fact]
    public async Task What_cannot_be_measured_is_refused()
    {
        FinishedRun run = await MineAsync(ScriptedBank.Options(_data, _output));
        Assert.Contains("ranks texts", Assert.Throws<InvalidInputException>(() => RunEvaluation.Of(run, Few).With(run, [EvaluationSplit.ByStem()], Few, TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);

        string unlabelled = Path.Combine(_data, "test.csv");
        File.WriteAllText(unlabelled, "QuestionId,ConstructName,SubjectName,CorrectAnswer,QuestionText,AnswerAText,AnswerBText,AnswerCText,AnswerDText\n900,c,s,A,q,1,2,3,4\n");
        FinishedRun blind = await MineAsync(Plain(MiningMethod.Lexical, "-blind"));
        Assert.Contains("carry no labels", Assert.Throws<InvalidInputException>(() => RunEvaluation.Of(blind, Few)).Message, StringComparison.Ordinal);

        File.AppendAllText(Path.Combine(_output + "-blind", "submission.csv"), "1234_B,1\n");
        Assert.Contains("names 1 distractors that the questions do not have", Assert.Throws<InvalidInputException>(() => blind.Read()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_holds_every_part()
    {
        FinishedRun run = await MineAsync(Plain(MiningMethod.Neighbours));
        string json = RunEvaluation.Of(run, Few).With(run, [EvaluationSplit.Mixed()], Few, TestContext.Current.CancellationToken).With(run, run, Few).ToJson();
        JsonElement root = JsonDocument.Parse(json).RootElement;
        Assert.Equal("neighbours", root.GetProperty("method").GetString());
        JsonElement map = root.GetProperty("report").GetProperty("all").GetProperty("metrics").GetProperty("map@25");
        Assert.True(map.GetProperty("low").GetDouble() <= map.GetProperty("value").GetDouble());
        Assert.Equal(20, root.GetProperty("report").GetProperty("risk_coverage").GetArrayLength());
        Assert.Equal(100, root.GetProperty("stages").GetProperty("depth").GetInt32());
        Assert.Single(root.GetProperty("splits").EnumerateObject());
        Assert.Equal(0, root.GetProperty("compared").GetProperty("difference").GetProperty("metrics").GetProperty("map@25").GetProperty("difference").GetProperty("high").GetDouble());
    }
}
