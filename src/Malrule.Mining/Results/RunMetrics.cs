using System.Text.Json.Serialization;
using Malrule.Mining.Evaluation;
using Malrule.Mining.Questions;

namespace Malrule.Mining.Results;

/// <summary>How well a run ranks labelled distractors; null where there is none to measure on.</summary>
public sealed record RunMetrics
{
    /// <summary>Mean average precision at 25.</summary>
    [JsonPropertyName("map@25")]
    public double? Map25 { get; init; }

    /// <summary>The same over the distractors whose misconception also labels a distractor of another labelled question.</summary>
    [JsonPropertyName("map@25_seen")]
    public double? Map25Seen { get; init; }

    /// <summary>The same over all others.</summary>
    [JsonPropertyName("map@25_unseen")]
    public double? Map25Unseen { get; init; }

    /// <summary>Share of distractors whose misconception is among the first 25.</summary>
    [JsonPropertyName("recall@25")]
    public double? Recall25 { get; init; }

    /// <summary>Distractors measured on.</summary>
    [JsonPropertyName("scored")]
    public int Scored { get; init; }

    /// <summary>Those of them whose misconception is a seen one.</summary>
    [JsonPropertyName("seen")]
    public int Seen { get; init; }

    /// <summary>The same of the ranking before it was reranked; null where it was not.</summary>
    [JsonPropertyName("before_reranking")]
    public RunMetrics? BeforeReranking { get; init; }

    /// <summary>Measures a run; <paramref name="labelled"/> is where misconceptions can have been seen.</summary>
    public static RunMetrics Of(IEnumerable<MinedDistractor> mined, IEnumerable<Question> labelled)
    {
        var seen = new SeenMisconceptions(labelled);
        var scored = mined.Where(item => item.Distractor.MisconceptionId is not null).Select(item => (
            Precision: AveragePrecision.At(item.Candidates, item.Distractor.MisconceptionId!.Value, ResultFiles.SubmissionDepth),
            Seen: seen.Contains(item.Distractor))).ToArray();
        return new RunMetrics
        {
            Map25 = scored.Select(item => (double?)item.Precision).Average(),
            Map25Seen = scored.Where(item => item.Seen).Select(item => (double?)item.Precision).Average(),
            Map25Unseen = scored.Where(item => !item.Seen).Select(item => (double?)item.Precision).Average(),
            Recall25 = scored.Select(item => (double?)(item.Precision > 0 ? 1 : 0)).Average(),
            Scored = scored.Length,
            Seen = scored.Count(item => item.Seen),
        };
    }
}
