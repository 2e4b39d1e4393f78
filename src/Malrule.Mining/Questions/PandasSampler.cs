namespace Malrule.Mining.Questions;

/// <summary>
/// The rows that pandas' <c>DataFrame.sample(n, random_state=seed)</c> picks: the first n of numpy's legacy
/// <c>RandomState(seed).permutation(rows)</c>, a Fisher–Yates shuffle from the last row down.
/// </summary>
internal static class PandasSampler
{
    /// <summary>The picked rows, counted from 0, in the order in which pandas returns them.</summary>
    public static int[] Sample(int rows, int count, uint seed)
    {
        var random = new MersenneTwister(seed);
        int[] permutation = [.. Enumerable.Range(0, rows)];
        for (int last = rows - 1; last > 0; last--)
        {
            int other = (int)random.NextUpTo((uint)last);
            (permutation[last], permutation[other]) = (permutation[other], permutation[last]);
        }
        return permutation[..count];
    }
}
