using Malrule.Mining.Questions;
using Malrule.Mining.Rankings;

namespace Malrule.Mining.Evaluation;

/// <summary>How a labelled distractor's own misconception was ranked: all that metrics need to know.</summary>
public sealed record RankedItem
{
    /// <summary>QuestionId_Answer.</summary>
    public required string Id { get; init; }

    /// <summary>Distractors of one question depend on each other, so questions are what is resampled.</summary>
    public required int QuestionId { get; init; }

    /// <summary>The label.</summary>
    public required int MisconceptionId { get; init; }

    /// <summary>The label's place in the list, from 1; 0 where the list does not hold it.</summary>
    public required int Rank { get; init; }

    /// <summary>Whether the ranker could have seen the label on a distractor of another question.</summary>
    public required bool Seen { get; init; }

    /// <summary>Score of the first candidate less that of the second: how sure the first place is. 0 for an empty list.</summary>
    public double Confidence { get; init; }

    /// <summary>The item of a labelled distractor.</summary>
    /// <param name="distractor">A distractor with a label.</param>
    /// <param name="candidates">Its list, best first.</param>
    /// <param name="seen">What the ranker could have seen.</param>
    public static RankedItem Of(Distractor distractor, IReadOnlyList<Candidate> candidates, SeenMisconceptions seen)
    {
        ArgumentNullException.ThrowIfNull(distractor);
        ArgumentNullException.ThrowIfNull(candidates);
        ArgumentNullException.ThrowIfNull(seen);
        int label = distractor.MisconceptionId ?? throw new ArgumentException($"Distractor {distractor.Id} has no label to measure by.", nameof(distractor));
        return new RankedItem
        {
            Id = distractor.Id,
            QuestionId = distractor.Question.Id,
            MisconceptionId = label,
            Rank = AveragePrecision.Rank(candidates, label),
            Seen = seen.Contains(distractor),
            Confidence = candidates.Count == 0 ? 0 : candidates[0].Score - (candidates.Count == 1 ? 0 : candidates[1].Score),
        };
    }
}
