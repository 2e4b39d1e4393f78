using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;
using Malrule.Mining.Evaluation;

namespace Malrule.Mining.Results.Report;

/// <summary>All that a report shows, as the one block of JSON that its script reads. Questions and names stand once and are referred to.</summary>
internal sealed record ReportData
{
    /// <summary>How misconceptions were ranked.</summary>
    public required MiningMethod Method { get; init; }

    /// <summary>Whether a language model put the first candidates in a new order: then scores are probabilities.</summary>
    public required bool Reranked { get; init; }

    /// <summary>The name of the file with the questions.</summary>
    public required string Source { get; init; }

    /// <summary>What the run is and depends on, as label and value.</summary>
    public required IReadOnlyList<string[]> Facts { get; init; }

    /// <summary>What a reader should know before trusting a figure.</summary>
    public required IReadOnlyList<string> Remarks { get; init; }

    /// <summary>Candidates that a list could have.</summary>
    public required int Depth { get; init; }

    /// <summary>The measured ranking; null where no distractor carries a label.</summary>
    public required RankingReport? Metrics { get; init; }

    /// <summary>What reranking gained and lost; null where there was none, or nothing to measure it on.</summary>
    public required RerankAttribution? Reranking { get; init; }

    /// <summary>The names that occur, by id.</summary>
    public required SortedDictionary<int, string> Names { get; init; }

    /// <summary>The questions that occur, those mined and those that are evidence.</summary>
    public required IReadOnlyList<ReportQuestion> Questions { get; init; }

    /// <summary>The distractors in the order of question id and letter.</summary>
    public required IReadOnlyList<ReportItem> Items { get; init; }
}

/// <summary>A question as it came.</summary>
internal sealed record ReportQuestion(int Id, string Construct, string Subject, string Stem, char Key, IReadOnlyList<string> Options, IReadOnlyList<int?> Labels);

/// <summary>A mined distractor.</summary>
/// <param name="Question">Its place in <see cref="ReportData.Questions"/>.</param>
/// <param name="Letter">A to D.</param>
/// <param name="Gold">Its label.</param>
/// <param name="Seen">Whether the label also stands on another labelled question.</param>
/// <param name="Rank">The label's place among all candidates, from 1; 0 where they do not hold it.</param>
/// <param name="Candidates">Ids of the first candidates.</param>
/// <param name="Scores">Their scores, to five digits.</param>
/// <param name="Texts">The distinct inferred texts, the most frequent first; an empty one stands for samples that named nothing.</param>
/// <param name="Counts">How often each text came.</param>
/// <param name="Demonstrations">The questions shown in its prompt, as places.</param>
/// <param name="Neighbours">The nearest labelled distractors of other questions.</param>
internal sealed record ReportItem(
    int Question, char Letter, int? Gold, bool Seen, int Rank, IReadOnlyList<int> Candidates, IReadOnlyList<double> Scores,
    IReadOnlyList<string> Texts, IReadOnlyList<int> Counts, IReadOnlyList<int> Demonstrations, IReadOnlyList<ReportNeighbour> Neighbours)
{
    /// <summary>For each of <see cref="Texts"/> the id of the nearest name; null where the run compared none.</summary>
    public IReadOnlyList<int?>? Near { get; init; }

    /// <summary>The cosines of <see cref="Near"/>, to three decimals.</summary>
    public IReadOnlyList<double?>? NearScores { get; init; }

    /// <summary>Why a request about it failed.</summary>
    public string? Error { get; init; }

    /// <summary>The probability that none of the candidates explains the answer; null where it was not reranked.</summary>
    public double? None { get; init; }

    /// <summary>The candidates' places before they were reranked, from 1.</summary>
    public IReadOnlyList<int>? Was { get; init; }
}

/// <summary>A labelled distractor that resembles the mined one.</summary>
/// <param name="Question">Its question's place in <see cref="ReportData.Questions"/>.</param>
/// <param name="Letter">A to D.</param>
/// <param name="Similarity">0 to 1, to three decimals.</param>
internal sealed record ReportNeighbour(int Question, char Letter, double Similarity);

/// <summary>Compact JSON that is safe inside a script element: every &lt;, &gt; and &amp; is escaped.</summary>
[JsonSerializable(typeof(ReportData))]
internal sealed partial class ReportJson : JsonSerializerContext
{
    public static ReportJson Compact { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.Create(UnicodeRanges.All),
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    });
}
