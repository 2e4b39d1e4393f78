using Malrule.Mining.Questions;

namespace Malrule.Mining.Rankings;

/// <summary>Picks the best misconceptions from scores over the whole catalogue.</summary>
internal static class TopCandidates
{
    /// <summary>At most <paramref name="top"/> candidates, best first.</summary>
    /// <param name="catalogue">What the scores count.</param>
    /// <param name="scores">[catalogue]</param>
    /// <param name="top">Length of the list.</param>
    /// <param name="above">Rows that score no more than this are no candidates.</param>
    /// <param name="tieOrder">[catalogue] or empty: among equal scores the row with the smaller number stands first; empty for the lower id.</param>
    /// <exception cref="ArgumentException">A score is not a number.</exception>
    public static IReadOnlyList<Candidate> Select(
        MisconceptionCatalogue catalogue, ReadOnlySpan<double> scores, int top, double above = double.NegativeInfinity, ReadOnlySpan<int> tieOrder = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(top);
        var best = new List<int>(Math.Min(top, scores.Length) + 1);
        for (int row = 0; row < scores.Length; row++)
        {
            double score = scores[row];
            if (score <= above)
                continue;
            if (double.IsNaN(score))
                throw new ArgumentException("A score is not a number, so the catalogue cannot be ranked by it.");
            int place = best.Count;
            while (place > 0 && Precedes(row, best[place - 1], scores, tieOrder))
                place--;
            if (place == top)
                continue;
            best.Insert(place, row);
            if (best.Count > top)
                best.RemoveAt(top);
        }
        var candidates = new Candidate[best.Count];
        for (int place = 0; place < candidates.Length; place++)
            candidates[place] = new Candidate(catalogue.Items[best[place]].Id, scores[best[place]]);
        return candidates;

        bool Precedes(int row, int other, ReadOnlySpan<double> scores, ReadOnlySpan<int> tieOrder)
        {
            if (scores[row] != scores[other])
                return scores[row] > scores[other];
            return tieOrder.IsEmpty ? catalogue.Items[row].Id < catalogue.Items[other].Id : tieOrder[row] < tieOrder[other];
        }
    }
}
