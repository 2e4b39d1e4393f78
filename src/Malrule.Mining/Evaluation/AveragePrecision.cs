using Malrule.Mining.Rankings;

namespace Malrule.Mining.Evaluation;

/// <summary>Average precision where one candidate is right, which is the reciprocal of its rank.</summary>
public static class AveragePrecision
{
    /// <summary>1 / rank of <paramref name="gold"/>, 0 where it is not among the first <paramref name="depth"/>.</summary>
    public static double At(IReadOnlyList<Candidate> candidates, int gold, int depth = 25) => OfRank(Rank(candidates, gold), depth);

    /// <summary>1 / <paramref name="rank"/>, 0 where it is 0 (absent) or beyond <paramref name="depth"/>.</summary>
    public static double OfRank(int rank, int depth = 25) => rank > 0 && rank <= depth ? 1.0 / rank : 0;

    /// <summary>The place of <paramref name="gold"/>, from 1; 0 where it is absent.</summary>
    public static int Rank(IReadOnlyList<Candidate> candidates, int gold)
    {
        ArgumentNullException.ThrowIfNull(candidates);
        for (int place = 0; place < candidates.Count; place++)
        {
            if (candidates[place].MisconceptionId == gold)
                return place + 1;
        }
        return 0;
    }
}
