using System.Globalization;
using System.Text;

namespace Malrule.Mining.Evaluation;

/// <summary>A row of a table: a method measured on some distractors.</summary>
/// <param name="Section">What rows are compared within, such as the name of a split.</param>
/// <param name="Method">What was measured.</param>
/// <param name="Items">How it ranked.</param>
public sealed record EvaluationRow(string Section, string Method, IReadOnlyList<RankedItem> Items);

/// <summary>
/// Methods side by side, with 95 % intervals by bootstrap over questions and, within a section, each method's paired difference to the section's first.
/// </summary>
/// <param name="Rows">Rows of one section stand together.</param>
public sealed record EvaluationTable(IReadOnlyList<EvaluationRow> Rows)
{
    /// <summary>The table in Markdown. Lists must have been asked 100 long.</summary>
    public string ToMarkdown(Bootstrap? bootstrap = null)
    {
        var text = new StringBuilder();
        string? section = null;
        IReadOnlyList<RankedItem> first = [];
        foreach (EvaluationRow row in Rows)
        {
            RankingReport report = RankingReport.Of(row.Items, bootstrap: bootstrap);
            if (row.Section != section)
            {
                text.Append(section is null ? "" : "\n").Append(CultureInfo.InvariantCulture,
                    $"**{row.Section}** — {report.All.Distractors} distractors of {report.Questions} questions, {Share(report.Unseen.Distractors, report.All.Distractors)} unseen\n\n");
                text.Append("| method | MAP@25 | less the first's | seen | unseen | 0.4 seen + 0.6 unseen | R@1 | R@25 | R@100 | median rank | macro MAP@25 |\n");
                text.Append("|---|---|---|---|---|---|---|---|---|---|---|\n");
                (section, first) = (row.Section, row.Items);
            }
            string difference = ReferenceEquals(first, row.Items) ? "" : Signed(PairedComparison.Of(first, row.Items, bootstrap: bootstrap).Metrics["map@25"].Difference);
            text.Append(CultureInfo.InvariantCulture, $"| {row.Method} | {report.All.Map25} | {difference} | {report.Seen.Map25} | {report.Unseen.Map25} | {report.Mixed} ");
            foreach (string metric in (string[])["recall@1", "recall@25", "recall@100"])
                text.Append(CultureInfo.InvariantCulture, $"| {report.All.Metrics[metric].Value:F3} ");
            text.Append(CultureInfo.InvariantCulture, $"| {report.All.Metrics["median_rank"].Value:0.#} | {report.All.Metrics["macro_map@25"]} |\n");
        }
        return text.ToString();
    }

    private static string Share(int part, int whole) => string.Create(CultureInfo.InvariantCulture, $"{100.0 * part / whole:F1} %");

    private static string Signed(Estimate difference) =>
        string.Create(CultureInfo.InvariantCulture, $"{difference.Value:+0.000;−0.000} [{difference.Low:+0.000;−0.000}, {difference.High:+0.000;−0.000}]");
}
