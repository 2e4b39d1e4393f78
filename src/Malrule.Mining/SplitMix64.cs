namespace Malrule.Mining;

/// <summary>SplitMix64 by Steele, Lea and Flood (2014): a small seeded generator. Not safe for concurrent use.</summary>
internal sealed class SplitMix64(ulong seed)
{
    private ulong _state = seed;

    public ulong NextUInt64()
    {
        ulong z = _state += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }

    /// <summary>A number from 0 to <paramref name="bound"/> - 1; draws beyond the last whole multiple of the bound are drawn again.</summary>
    public int Next(int bound)
    {
        ulong limit = ulong.MaxValue - ulong.MaxValue % (ulong)bound;
        ulong value;
        do
            value = NextUInt64();
        while (value >= limit);
        return (int)(value % (ulong)bound);
    }

    /// <summary><paramref name="count"/> of the items in random order, or all of them where there are fewer.</summary>
    public T[] Sample<T>(IReadOnlyList<T> items, int count)
    {
        T[] shuffled = [.. items];
        count = Math.Min(count, shuffled.Length);
        for (int i = 0; i < count; i++)
        {
            int other = i + Next(shuffled.Length - i);
            (shuffled[i], shuffled[other]) = (shuffled[other], shuffled[i]);
        }
        return shuffled[..count];
    }
}
