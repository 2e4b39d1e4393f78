using System.Globalization;
using Malrule.Mining;
using Malrule.Mining.Questions;

namespace Malrule.Cli.Commands;

/// <summary>What a finished run shows on stdout: some of its answers, how well it ranked, and where its files lie.</summary>
internal static class MiningReport
{
    private const int Shown = 5, TextWidth = 28;

    public static void Write(MiningResult result, MisconceptionCatalogue catalogue, string folder, TextWriter output)
    {
        output.WriteLine($"{"distractor",-12} {"wrong answer",-TextWidth} likeliest misconception");
        foreach (var mined in result.Mined.Take(Shown))
            output.WriteLine($"{mined.Distractor.SourceId ?? mined.Distractor.Id,-12} {OneLine(mined.Distractor.Text),-TextWidth} {(mined.Candidates.Count > 0 ? catalogue[mined.Candidates[0].MisconceptionId].Name.Trim().ReplaceLineEndings(" ") : "-")}");
        if (result.Mined.Count > Shown)
            output.WriteLine(FormattableString.Invariant($"... and {result.Mined.Count - Shown} more"));
        output.WriteLine();

        if (result.Manifest.Metrics is { Scored: > 0 } metrics)
        {
            output.WriteLine($"{"measure",-12} {"value",8} {"distractors",12}");
            Row("MAP@25", metrics.Map25, metrics.Scored);
            Row("  seen", metrics.Map25Seen, metrics.Seen);
            Row("  unseen", metrics.Map25Unseen, metrics.Scored - metrics.Seen);
            Row("recall@25", metrics.Recall25, metrics.Scored);
            if (metrics.BeforeReranking is { } before)
                Row("not reranked", before.Map25, before.Scored);
            output.WriteLine("(seen: the misconception labels a distractor of another question too)");
        }
        else
            output.WriteLine("The questions carry no labels, so the ranking is not scored.");

        output.WriteLine();
        foreach (string file in (IEnumerable<string>)["report.html", "submission.csv", "submission_debug.csv", "candidates.csv", "generations.jsonl", "nearest.jsonl", "reranks.jsonl", "run.json"])
        {
            string path = Path.Combine(folder, file);
            if (File.Exists(path))
                output.WriteLine(path);
        }

        void Row(string name, double? value, int count) =>
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-12} {(value is null ? "-" : value.Value.ToString("F4", CultureInfo.InvariantCulture)),8} {count,12}"));
    }

    private static string OneLine(string text)
    {
        string line = text.Trim().ReplaceLineEndings(" ");
        return line.Length <= TextWidth ? line : $"{line.AsSpan(0, TextWidth - 3)}...";
    }
}
