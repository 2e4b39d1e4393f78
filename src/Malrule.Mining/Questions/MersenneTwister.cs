namespace Malrule.Mining.Questions;

/// <summary>
/// MT19937 by Matsumoto and Nishimura (1998), seeded with one 32-bit number as <c>init_genrand</c> does: the generator behind
/// numpy's <c>RandomState(seed)</c>. Not safe for concurrent use.
/// </summary>
internal sealed class MersenneTwister
{
    private const int Length = 624, Middle = 397;

    private readonly uint[] _state = new uint[Length];
    private int _next = Length;

    public MersenneTwister(uint seed)
    {
        _state[0] = seed;
        for (int i = 1; i < Length; i++)
            _state[i] = 1812433253u * (_state[i - 1] ^ (_state[i - 1] >> 30)) + (uint)i;
    }

    public uint NextUInt32()
    {
        if (_next == Length)
            Renew();
        uint y = _state[_next++];
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c5680;
        y ^= (y << 15) & 0xefc60000;
        return y ^ (y >> 18);
    }

    /// <summary>A number from 0 to <paramref name="max"/>, both included: draws are masked and drawn again while too large.</summary>
    public uint NextUpTo(uint max)
    {
        if (max == 0)
            return 0;
        uint mask = uint.MaxValue >> System.Numerics.BitOperations.LeadingZeroCount(max);
        uint value;
        do
            value = NextUInt32() & mask;
        while (value > max);
        return value;
    }

    private void Renew()
    {
        for (int i = 0; i < Length; i++)
        {
            uint y = (_state[i] & 0x80000000) | (_state[(i + 1) % Length] & 0x7fffffff);
            _state[i] = _state[(i + Middle) % Length] ^ (y >> 1) ^ ((y & 1) * 0x9908b0df);
        }
        _next = 0;
    }
}
