using Malrule.Inference;

namespace Malrule.Mining.Evaluation;

/// <summary>The difference of two rankings in one metric.</summary>
/// <param name="First">The first ranking's value.</param>
/// <param name="Second">The second's.</param>
/// <param name="Difference">Second less first, with its 95 % interval: the two differ where it excludes 0.</param>
public readonly record struct PairedDifference(double First, double Second, Estimate Difference);

/// <summary>Two rankings of the same distractors compared item by item, which tells far smaller differences apart than two intervals do.</summary>
public sealed record PairedComparison
{
    /// <summary>Distractors that both ranked; the others are left out.</summary>
    public required int Distractors { get; init; }

    /// <summary>Distractors that only one of the two ranked.</summary>
    public required int LeftOut { get; init; }

    /// <summary>Distractors whose misconception the second places higher within the first 25.</summary>
    public required int Better { get; init; }

    /// <summary>Distractors whose misconception the second places lower.</summary>
    public required int Worse { get; init; }

    /// <summary>By metric, as in <see cref="GroupMetrics"/>.</summary>
    public required IReadOnlyDictionary<string, PairedDifference> Metrics { get; init; }

    /// <summary>Compares two rankings by resampling the questions they share.</summary>
    /// <exception cref="InvalidInputException">They share no distractor, or disagree about a label.</exception>
    public static PairedComparison Of(IReadOnlyList<RankedItem> first, IReadOnlyList<RankedItem> second, int depth = 100, Bootstrap? bootstrap = null)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        Dictionary<string, RankedItem> byId = second.ToDictionary(item => item.Id);
        RankedItem[] left = [.. first.Where(item => byId.ContainsKey(item.Id))];
        if (left.Length == 0)
            throw new InvalidInputException("The two rankings share no labelled distractor, so they cannot be compared. Rank the same questions with both.");
        RankedItem[] right = Array.ConvertAll(left, item => byId[item.Id]);
        foreach ((RankedItem one, RankedItem other) in left.Zip(right))
        {
            if (one.MisconceptionId != other.MisconceptionId)
                throw new InvalidInputException($"Distractor {one.Id} is labelled {one.MisconceptionId} in one ranking and {other.MisconceptionId} in the other. Compare runs on the same labels.");
        }
        Dictionary<int, int> questions = RankingReport.NumberQuestions(left);
        var metrics = (First: new RankingMetrics(left, questions, depth), Second: new RankingMetrics(right, questions, depth));
        double[] ofFirst = metrics.First.Measure(RankingReport.Ones(questions.Count)), ofSecond = metrics.Second.Measure(RankingReport.Ones(questions.Count));
        var resampled = new List<double[]>();
        foreach (int[] weights in (bootstrap ?? new Bootstrap()).Weights(questions.Count))
            resampled.Add([.. metrics.First.Measure(weights).Zip(metrics.Second.Measure(weights), (one, other) => other - one)]);
        return new PairedComparison
        {
            Distractors = left.Length,
            LeftOut = first.Count + second.Count - 2 * left.Length,
            Better = left.Zip(right).Count(pair => Place(pair.Second) < Place(pair.First)),
            Worse = left.Zip(right).Count(pair => Place(pair.Second) > Place(pair.First)),
            Metrics = new SortedDictionary<string, PairedDifference>(
                RankingMetrics.Names.Select((name, i) => (name, i)).Where(entry => !double.IsNaN(ofFirst[entry.i])).ToDictionary(
                    entry => entry.name,
                    entry => new PairedDifference(ofFirst[entry.i], ofSecond[entry.i], Estimate.Of(ofSecond[entry.i] - ofFirst[entry.i], resampled.Select(draw => draw[entry.i])))),
                StringComparer.Ordinal),
        };

        static int Place(RankedItem item) => item.Rank is > 0 and <= 25 ? item.Rank : 26;
    }
}
