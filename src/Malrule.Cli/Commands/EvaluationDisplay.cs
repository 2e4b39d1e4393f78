using System.Globalization;
using Malrule.Mining.Evaluation;

namespace Malrule.Cli.Commands;

/// <summary>An evaluation as plain text.</summary>
internal static class EvaluationDisplay
{
    private const int Label = 24, Column = 24;
    private static readonly int[] Coverages = [5, 10, 25, 50, 75, 100]; // in per cent

    private static readonly (string Metric, string Name)[] Metrics =
    [
        ("map@25", "MAP@25"), ("recall@1", "recall@1"), ("recall@5", "recall@5"), ("recall@10", "recall@10"), ("recall@25", "recall@25"),
        ("recall@100", "recall@100"), ("ndcg@25", "nDCG@25"), ("median_rank", "median rank"), ("macro_map@25", "macro MAP@25"),
    ];

    public static void Write(RunEvaluation evaluation, TextWriter output)
    {
        RankingReport report = evaluation.Report;
        output.WriteLine($"{evaluation.Run}: {evaluation.Method.ToString().ToLowerInvariant()}, {Count(report.All.Distractors)} distractors of {Count(report.Questions)} questions");
        output.WriteLine();
        Row(output, "", "all", $"seen ({Count(report.Seen.Distractors)})", $"unseen ({Count(report.Unseen.Distractors)})");
        foreach ((string metric, string name) in Metrics.Where(entry => report.All.Metrics.ContainsKey(entry.Metric)))
            Row(output, name, Cell(report.All, metric), Cell(report.Seen, metric), Cell(report.Unseen, metric));
        if (report.Mixed is { } mixed)
            Row(output, "0.4 seen + 0.6 unseen", Text(mixed));

        output.WriteLine();
        StageAttribution[] stages = evaluation.Reranking is null ? [evaluation.Stages] : [evaluation.Reranking.First, evaluation.Stages];
        output.WriteLine("Where MAP@25 goes, of 1");
        if (stages.Length > 1)
            Row(output, "", "first ranking", "reranked");
        Row(output, "reached", [.. stages.Select(stage => Text(stage.Reached))]);
        Row(output, "order of the first 25", [.. stages.Select(stage => Text(stage.Order))]);
        Row(output, "below the first 25", [.. stages.Select(stage => Text(stage.Below))]);
        Row(output, $"not among {Count(evaluation.Stages.Depth)}", [.. stages.Select(stage => Text(stage.NotRetrieved))]);

        if (evaluation.Reranking is { } reranking)
            Write(reranking, output);

        if (evaluation.LabelShown is { } leak)
        {
            output.WriteLine();
            output.WriteLine($"{Count(leak.Shown)} of {Count(leak.Prompts)} prompts show the distractor's own label in a demonstration");
            Row(output, "MAP@25 where shown", Text(leak.Map25Shown));
            Row(output, "MAP@25 elsewhere", Text(leak.Map25Hidden));
        }

        output.WriteLine();
        output.WriteLine("Answering only where the first score is well above the second");
        Row(output, "answered", "first is right", "MAP@25");
        foreach (int coverage in Coverages)
        {
            RiskPoint point = report.RiskCoverage.MinBy(entry => Math.Abs(entry.Coverage - coverage / 100.0));
            Row(output, string.Create(CultureInfo.InvariantCulture, $"{coverage} %"), Number(point.Accuracy), Number(point.Map25));
        }

        foreach ((string split, RankingReport measured) in evaluation.Splits ?? new Dictionary<string, RankingReport>())
        {
            output.WriteLine();
            output.WriteLine($"Measured anew, {split}: {Count(measured.All.Distractors)} distractors");
            Row(output, "", "all", $"seen ({Count(measured.Seen.Distractors)})", $"unseen ({Count(measured.Unseen.Distractors)})");
            Row(output, "MAP@25", Text(measured.All.Map25), Text(measured.Seen.Map25), Text(measured.Unseen.Map25));
            Row(output, "0.4 seen + 0.6 unseen", Text(measured.Mixed));
        }
        if (evaluation.Compared is { } compared)
            Write(evaluation.Run, compared, output);
    }

    private static void Write(RerankAttribution reranking, TextWriter output)
    {
        output.WriteLine();
        output.WriteLine($"What reranking the first {Count(reranking.Shown)} does to MAP@25");
        Row(output, "gained", Text(reranking.Gained), $"the label rose: {Count(reranking.Rose)}");
        Row(output, "lost", Text(reranking.Lost), $"the label fell: {Count(reranking.Fell)}");
        Row(output, "gained less lost", Difference(reranking.Difference));
        Row(output, "at best", Text(reranking.Ceiling), "every label that was shown put first");
    }

    private static void Write(string run, RunComparison compared, TextWriter output)
    {
        PairedComparison difference = compared.Difference;
        output.WriteLine();
        output.WriteLine($"{compared.Run} less {run}: {Count(difference.Distractors)} distractors in both, {Count(difference.LeftOut)} in one only; {Count(difference.Better)} better, {Count(difference.Worse)} worse within the first 25");
        Row(output, "", run, compared.Run, "difference");
        foreach ((string metric, string name) in Metrics.Where(entry => difference.Metrics.ContainsKey(entry.Metric)))
        {
            PairedDifference pair = difference.Metrics[metric];
            Row(output, name, Number(pair.First, metric), Number(pair.Second, metric), Difference(pair.Difference, metric));
        }
    }

    private static void Row(TextWriter output, string label, params ReadOnlySpan<string> cells)
    {
        string line = label.PadRight(Label);
        foreach (string cell in cells)
            line += cell.PadRight(Column);
        output.WriteLine(line.TrimEnd());
    }

    private static string Cell(GroupMetrics group, string metric) => group.Metrics.TryGetValue(metric, out Estimate value) ? Text(value, metric) : "-";

    private static string Text(Estimate? estimate, string metric = "") => estimate is not { } value ? "-"
        : $"{Number(value.Value, metric)} [{Number(value.Low, metric)}, {Number(value.High, metric)}]";

    private static string Difference(Estimate difference, string metric = "") =>
        $"{Signed(difference.Value, metric)} [{Signed(difference.Low, metric)}, {Signed(difference.High, metric)}]";

    private static string Signed(double value, string metric) => Number(value, metric) is var number && value > 0 ? $"+{number}" : number;

    private static string Number(double value, string metric = "") => value.ToString(metric == "median_rank" ? "0.#" : "F3", CultureInfo.InvariantCulture);

    private static string Count(int count) => count.ToString(CultureInfo.InvariantCulture);
}
