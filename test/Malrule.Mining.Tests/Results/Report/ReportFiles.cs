using System.Text.Json;
using Malrule.Mining.Questions;
using Malrule.Mining.Rankings.Reranking;
using Malrule.Mining.Results;
using Malrule.Mining.Results.Report;
using Malrule.Tests;
using static Malrule.Mining.Tests.Questions.Banks;

namespace Malrule.Mining.Tests.Results.Report;

/// <summary>A report about a small bank whose stem, name and inferred text attack the page.</summary>
internal static class ReportFiles
{
    public const string Attack = "</script><img src=x onerror=\"document.title='attacked'\"><script>document.title='attacked'</script><!--";

    /// <summary>A bank of so many plain questions, from id 1.</summary>
    public static QuestionBank Bank(int questions)
    {
        Question[] all = [.. Enumerable.Range(1, questions).Select(id => Question(id, "Add fractions", "Number", $"What is \\( {id} + 1 \\)?", 1))];
        return new QuestionBank(new([new(0, "None"), new(1, "Adds one too few"), new(2, "Adds nothing")]), all, all);
    }

    public static QuestionBank Bank()
    {
        MisconceptionCatalogue catalogue = new([new(0, $"Believes {Attack}"), new(1, " Adds\n\\( a^2 \\) "), new(2, "Plain")]);
        Question[] questions =
        [
            Question(3, "Add fractions", "Number", $"What is \\( \\frac{{1}}{{2}} \\) of {Attack}? ![A circle {Attack}]() \\begin{{tabular}}{{|c|c|}}\n\\hline \\( x \\) & \\( 1 \\& 2 \\) \\\\\n\\hline\n\\end{{tabular}}", 1, 0),
            Question(5, "Add fractions", "Number", "What is \\( \\frac{1}{3} \\) of it?", 1),
            Question(8, "Name angles", "Shape", "Open \\( and never closed", null, 2),
        ];
        return new QuestionBank(catalogue, questions, questions);
    }

    public static string Write(QuestionBank bank, MiningMethod method = MiningMethod.Infer, bool reranked = false)
    {
        MinedDistractor[] mined = [.. bank.Distractors.Select((distractor, i) => new MinedDistractor(distractor, i == 3 ? [] : [new(2, 0.123456789), new(1, 0.1)])
        {
            Inferred = method == MiningMethod.Infer ? ["adds", Attack, "adds", ""] : [],
            Nearest = method == MiningMethod.Infer ? [[new(1, 0.91234), new(2, 0.5)], [new(0, 0.4)], [new(1, 0.91234)], []] : [],
            Demonstrations = method == MiningMethod.Infer ? [distractor.Question.Id == 5 ? 8 : 5] : [],
            Error = i == 3 ? $"The prompt has 5000 tokens {Attack}" : null,
            Reranked = reranked && i < 3 ? new Reranked(i == 1 ? 0.6 : 0.05, [new(1, 7), new(2, 5)]) : null,
        })];
        var manifest = new RunManifest
        {
            Options = RunOptions.Of(MiningOptions.Of(MiningPreset.Default, "data", "run") with { Method = method, Rerank = reranked ? new RerankOptions() : null }),
            Inputs = new() { ["questions"] = new("train.csv", new string('a', 64)), ["catalogue"] = new("misconception_mapping.csv", new string('b', 64)) },
            Counts = new RunCounts { Distractors = mined.Length, WithoutLabel = 5 },
        };
        string path = Path.Combine(TestPaths.TemporaryFolder(), "report.html");
        HtmlReport.Write(path, bank, mined, manifest);
        return path;
    }

    /// <summary>The block of JSON in a report.</summary>
    public static JsonElement Data(string path)
    {
        const string opening = "<script type=\"application/json\" id=\"data\">";
        string html = File.ReadAllText(path);
        int start = html.IndexOf(opening, StringComparison.Ordinal) + opening.Length;
        return JsonDocument.Parse(html[start..html.IndexOf('<', start)]).RootElement;
    }
}
