namespace Malrule.Mining.Evaluation;

/// <summary>
/// Measures a group of items in which every question counts a given number of times. With one right candidate an item, average precision is
/// 1 / rank (so MAP is the mean reciprocal rank) and nDCG is 1 / log2(1 + rank). The macro average gives an item the weight 1 / n of the n items
/// that share its misconception; a resample keeps these weights, for counting anew would favour the rare misconceptions it happens to hold once.
/// </summary>
internal sealed class RankingMetrics
{
    /// <summary>What <see cref="Measure"/> returns, in this order.</summary>
    public static readonly IReadOnlyList<string> Names =
        ["map@25", "recall@1", "recall@5", "recall@10", "recall@25", "recall@100", "ndcg@25", "median_rank", "macro_map@25"];

    private static readonly int[] Cutoffs = [1, 5, 10, 25, 100];

    private readonly int _depth;
    private readonly int[] _ranks; // depth + 1 for what the list does not hold
    private readonly int[] _questions;
    private readonly double[] _macroWeights; // 1 / items of the same misconception in the whole group

    /// <param name="items">The group.</param>
    /// <param name="questionOf">Numbers the questions.</param>
    /// <param name="depth">Length the lists could have.</param>
    public RankingMetrics(IReadOnlyList<RankedItem> items, IReadOnlyDictionary<int, int> questionOf, int depth)
    {
        _depth = depth;
        _ranks = [.. items.Select(item => item.Rank == 0 || item.Rank > depth ? depth + 1 : item.Rank)];
        _questions = [.. items.Select(item => questionOf[item.QuestionId])];
        Dictionary<int, int> counts = items.CountBy(item => item.MisconceptionId).ToDictionary();
        _macroWeights = [.. items.Select(item => 1.0 / counts[item.MisconceptionId])];
    }

    /// <summary>The metrics by <see cref="Names"/>; NaN where the group is empty or the lists are too short to tell.</summary>
    /// <param name="weights">[questions] how often each counts.</param>
    public double[] Measure(ReadOnlySpan<int> weights)
    {
        double macro = 0, macroWeight = 0;
        var histogram = new long[_depth + 2];
        for (int i = 0; i < _ranks.Length; i++)
        {
            int weight = weights[_questions[i]];
            histogram[_ranks[i]] += weight;
            macroWeight += weight * _macroWeights[i];
            if (_ranks[i] <= 25)
                macro += weight * _macroWeights[i] / _ranks[i];
        }
        long count = 0;
        double precision = 0, gain = 0;
        var found = new double[Cutoffs.Length];
        for (int rank = 1; rank < histogram.Length; rank++)
        {
            long here = histogram[rank];
            count += here;
            if (rank > _depth)
                continue;
            if (rank <= 25)
                (precision, gain) = (precision + (double)here / rank, gain + here / Math.Log2(1 + rank));
            for (int cutoff = 0; cutoff < Cutoffs.Length; cutoff++)
            {
                if (rank <= Cutoffs[cutoff])
                    found[cutoff] += here;
            }
        }
        if (count == 0)
            return [.. Enumerable.Repeat(double.NaN, Names.Count)];
        return
        [
            Deep(25, precision / count), .. Cutoffs.Select((cutoff, i) => Deep(cutoff, found[i] / count)), Deep(25, gain / count),
            (RankAt((count - 1) / 2) + RankAt(count / 2)) / 2.0, Deep(25, macro / macroWeight),
        ];

        double Deep(int cutoff, double value) => cutoff <= _depth ? value : double.NaN;

        int RankAt(long place)
        {
            int rank = 1;
            for (long below = histogram[1]; below <= place; below += histogram[rank])
                rank++;
            return rank;
        }
    }
}
