namespace Malrule.Mining.Rankings;

/// <summary>
/// Orders the rows of a catalogue by descending score. Equal scores stand in ascending row order, as a stable argsort has them.
/// A NaN is an error: it would make the order meaningless.
/// </summary>
internal static class RankOrder
{
    /// <summary>Writes all rows, best first, into <paramref name="order"/>. <paramref name="keys"/> is scratch of the same length.</summary>
    public static void Full(ReadOnlySpan<double> scores, Span<int> order, Span<long> keys)
    {
        for (int row = 0; row < scores.Length; row++)
            (order[row], keys[row]) = (row, DescendingKey(scores[row]));
        keys.Sort(order);
        for (int start = 0, end; start < order.Length; start = end)
        {
            for (end = start + 1; end < order.Length && keys[end] == keys[start]; end++) { }
            if (end - start > 1)
                order[start..end].Sort();
        }
    }

    /// <summary>Writes the best <paramref name="order"/>.Length rows, best first; <paramref name="keys"/> is scratch of the same length.</summary>
    /// <returns>How many were written: fewer where the catalogue is shorter.</returns>
    public static int Top(ReadOnlySpan<double> scores, Span<int> order, Span<long> keys)
    {
        int count = 0;
        for (int row = 0; row < scores.Length; row++)
        {
            long key = DescendingKey(scores[row]);
            if (count == order.Length)
            {
                if (count == 0 || key >= keys[count - 1])
                    continue;
                count--;
            }
            int place = count++;
            for (; place > 0 && keys[place - 1] > key; place--)
                (keys[place], order[place]) = (keys[place - 1], order[place - 1]);
            (keys[place], order[place]) = (key, row);
        }
        return count;
    }

    // The bits of a double as an integer that grows as the number falls; -0 and 0 are the same score.
    private static long DescendingKey(double score)
    {
        if (double.IsNaN(score))
            throw new ArgumentException("A score is not a number, so the catalogue cannot be ranked by it.");
        long bits = BitConverter.DoubleToInt64Bits(score == 0 ? 0.0 : score);
        return bits < 0 ? bits ^ long.MinValue : ~bits;
    }
}
