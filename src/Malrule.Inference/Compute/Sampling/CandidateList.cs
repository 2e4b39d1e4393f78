namespace Malrule.Inference.Compute.Sampling;

/// <summary>
/// Tokens with their logits, packed so that ascending keys are "more likely first, then the lower id":
/// the high half is the logit's bits in descending order, the low half the id.
/// </summary>
internal static class CandidateList
{
    public static ulong Key(float logit, int token) => (ulong)~Ordered(logit) << 32 | (uint)token;

    public static int Token(ulong key) => (int)(uint)key;

    public static float Logit(ulong key)
    {
        uint ordered = ~(uint)(key >> 32);
        return BitConverter.UInt32BitsToSingle((ordered & 0x8000_0000) != 0 ? ordered & 0x7FFF_FFFF : ~ordered);
    }

    /// <summary>The lowest logit among candidates; the greatest number where there are none.</summary>
    public static float Least(ReadOnlySpan<ulong> keys)
    {
        float least = float.MaxValue;
        foreach (ulong key in keys)
            least = Math.Min(least, Logit(key));
        return least;
    }

    /// <summary>
    /// Brings the most likely candidates to the front, in no particular order, until their weights (one each, or
    /// <paramref name="weights"/>[token]) reach <paramref name="needed"/>, and returns how many there are: no fewer would do.
    /// Expected linear time.
    /// </summary>
    public static int Select(Span<ulong> keys, double needed, ReadOnlySpan<float> weights)
    {
        int first = 0, end = keys.Length;
        double reached = 0;
        while (end - first > 32)
        {
            int middle = first + Partition(keys[first..end]);
            double part = 0;
            foreach (ulong key in keys[first..middle])
                part += Weight(key, weights);
            if (reached + part >= needed)
                end = middle;
            else
                (first, reached) = (middle, reached + part);
        }
        keys[first..end].Sort();
        while (first < end && reached < needed)
            reached += Weight(keys[first++], weights);
        return first;
    }

    private static double Weight(ulong key, ReadOnlySpan<float> weights) => weights.IsEmpty ? 1 : weights[Token(key)];

    /// <summary>Puts keys up to a pivot before those above it; both parts hold something, since keys differ.</summary>
    private static int Partition(Span<ulong> keys)
    {
        ulong a = keys[0], b = keys[keys.Length / 2], c = keys[^1];
        ulong pivot = Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
        int left = -1, right = keys.Length;
        while (true)
        {
            while (keys[++left] < pivot) { }
            while (keys[--right] > pivot) { }
            if (left >= right)
                return left == right ? left + 1 : left;
            (keys[left], keys[right]) = (keys[right], keys[left]);
        }
    }

    private static uint Ordered(float logit)
    {
        uint bits = BitConverter.SingleToUInt32Bits(logit);
        return (bits & 0x8000_0000) != 0 ? ~bits : bits | 0x8000_0000;
    }
}
