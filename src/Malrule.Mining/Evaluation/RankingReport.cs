using System.Text.Json.Serialization;

namespace Malrule.Mining.Evaluation;

/// <summary>The metrics of a group of distractors.</summary>
/// <param name="Distractors">Items in the group.</param>
/// <param name="Metrics">
/// <c>map@25</c>, <c>recall@1</c> … <c>recall@100</c>, <c>ndcg@25</c>, <c>median_rank</c> (what a list does not hold counts as one beyond its end)
/// and <c>macro_map@25</c> (the mean over misconceptions of their own MAP@25). What the lists are too short to tell is left out.
/// </param>
public sealed record GroupMetrics(int Distractors, IReadOnlyDictionary<string, Estimate> Metrics)
{
    /// <summary>MAP@25; null for an empty group or shorter lists.</summary>
    [JsonIgnore]
    public Estimate? Map25 => Metrics.TryGetValue("map@25", out Estimate value) ? value : null;
}

/// <summary>How well some labelled distractors were ranked, with 95 % intervals by bootstrap over questions. Never one number.</summary>
public sealed record RankingReport
{
    /// <summary>The share of unseen misconceptions that <see cref="Mixed"/> assumes: about that of the competition's hidden test.</summary>
    public const double MixedUnseenShare = 0.6;

    /// <summary>Questions measured on.</summary>
    public required int Questions { get; init; }

    /// <summary>All distractors.</summary>
    public required GroupMetrics All { get; init; }

    /// <summary>Those whose misconception could be seen on another question.</summary>
    public required GroupMetrics Seen { get; init; }

    /// <summary>Those whose misconception could not.</summary>
    public required GroupMetrics Unseen { get; init; }

    /// <summary>0.4 · MAP@25 of the seen + 0.6 · MAP@25 of the unseen; null where either group is empty.</summary>
    public Estimate? Mixed { get; init; }

    /// <summary>What is gained by answering only where the ranker is sure.</summary>
    public required IReadOnlyList<RiskPoint> RiskCoverage { get; init; }

    /// <summary>Measures <paramref name="items"/>.</summary>
    /// <param name="items">One a distractor.</param>
    /// <param name="depth">The length that lists were asked for; a rank beyond it counts as not found.</param>
    /// <param name="bootstrap">How intervals are drawn; null for the defaults.</param>
    public static RankingReport Of(IReadOnlyList<RankedItem> items, int depth = 100, Bootstrap? bootstrap = null)
    {
        ArgumentNullException.ThrowIfNull(items);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(depth);
        Dictionary<int, int> questions = NumberQuestions(items);
        IReadOnlyList<RankedItem>[] groups = [items, [.. items.Where(item => item.Seen)], [.. items.Where(item => !item.Seen)]];
        RankingMetrics[] metrics = [.. groups.Select(group => new RankingMetrics(group, questions, depth))];
        double[][] values = [.. metrics.Select(group => group.Measure(Ones(questions.Count)))];
        List<double[]>[] resampled = [[], [], []];
        foreach (int[] weights in (bootstrap ?? new Bootstrap()).Weights(questions.Count))
        {
            for (int group = 0; group < groups.Length; group++)
                resampled[group].Add(metrics[group].Measure(weights));
        }
        double mixed = Mix(values[1][0], values[2][0]);
        return new RankingReport
        {
            Questions = questions.Count,
            All = Group(0),
            Seen = Group(1),
            Unseen = Group(2),
            Mixed = double.IsNaN(mixed) ? null : Estimate.Of(mixed, resampled[1].Zip(resampled[2], (seen, unseen) => Mix(seen[0], unseen[0]))),
            RiskCoverage = RiskPoint.Curve(items),
        };

        GroupMetrics Group(int group) => new(groups[group].Count, new SortedDictionary<string, Estimate>(
            RankingMetrics.Names.Select((name, i) => (name, i)).Where(entry => !double.IsNaN(values[group][entry.i]))
                .ToDictionary(entry => entry.name, entry => Estimate.Of(values[group][entry.i], resampled[group].Select(draw => draw[entry.i]))),
            StringComparer.Ordinal));

        static double Mix(double seen, double unseen) => (1 - MixedUnseenShare) * seen + MixedUnseenShare * unseen;
    }

    internal static Dictionary<int, int> NumberQuestions(IEnumerable<RankedItem> items)
    {
        var numbers = new Dictionary<int, int>();
        foreach (RankedItem item in items)
            numbers.TryAdd(item.QuestionId, numbers.Count);
        return numbers;
    }

    internal static int[] Ones(int count)
    {
        var ones = new int[count];
        ones.AsSpan().Fill(1);
        return ones;
    }
}
