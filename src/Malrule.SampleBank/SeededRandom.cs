namespace Malrule.SampleBank;

/// <summary>
/// Random numbers that are the same on every machine and runtime for a seed and a stream: SplitMix64 (Steele, Lea and Flood, 2014).
/// Each bank and each conversation has its own stream, so the order in which they are made does not matter.
/// </summary>
internal sealed class SeededRandom(long seed, long stream = 0)
{
    private ulong _state = Mix((ulong)seed) ^ Mix(Mix((ulong)stream) + 0x632BE59BD9B4E019);

    /// <summary>A whole number between the two, both included.</summary>
    public int Int(int from, int to) => from + (int)(((UInt128)NextBits() * (ulong)(to - from + 1)) >> 64);

    /// <summary>A whole number between the two with either sign; never zero when <paramref name="from"/> is positive.</summary>
    public int SignedInt(int from, int to) => Chance(0.5) ? Int(from, to) : -Int(from, to);

    public bool Chance(double probability) => (NextBits() >> 11) < probability * (1UL << 53);

    public T Pick<T>(IReadOnlyList<T> items) => items[Int(0, items.Count - 1)];

    /// <summary>An index drawn in proportion to the weights.</summary>
    public int Weighted(ReadOnlySpan<int> weights)
    {
        int total = 0;
        foreach (int weight in weights)
            total += weight;
        int ticket = Int(0, total - 1);
        for (int i = 0; ; i++)
        {
            ticket -= weights[i];
            if (ticket < 0)
                return i;
        }
    }

    public void Shuffle<T>(IList<T> items)
    {
        for (int i = items.Count - 1; i > 0; i--)
        {
            int j = Int(0, i);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    private ulong NextBits() => Mix(_state += 0x9E3779B97F4A7C15);

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
