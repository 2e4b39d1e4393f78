using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Malrule.Inference.Compute.Sampling;

/// <summary>
/// Philox4x32-10, the counter-based generator of Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3" (SC 2011): random
/// bits as a pure function of a key and a counter. Here the key is a branch's seed and the counter (token id / 4, position, 0, 0);
/// a token's noise is word (token id mod 4) of the four.
/// </summary>
internal static unsafe class Philox
{
    /// <summary>Tokens whose words are made together.</summary>
    public const int Block = 16;

    private const uint Multiplier0 = 0xD2511F53, Multiplier1 = 0xCD9E8D57;
    private const uint Weyl0 = 0x9E3779B9, Weyl1 = 0xBB67AE85;
    private const int Rounds = 10;

    /// <summary>The word of one token.</summary>
    public static uint Word(ulong seed, int position, int token)
    {
        (uint c0, uint c1, uint c2, uint c3) = Words(seed, (uint)token / 4, (uint)position, 0, 0);
        return (token % 4) switch { 0 => c0, 1 => c1, 2 => c2, _ => c3 };
    }

    /// <summary>The generator itself.</summary>
    public static (uint, uint, uint, uint) Words(ulong key, uint c0, uint c1, uint c2, uint c3)
    {
        (uint k0, uint k1) = ((uint)key, (uint)(key >> 32));
        for (int round = 0; round < Rounds; round++, k0 += Weyl0, k1 += Weyl1)
        {
            ulong p0 = (ulong)Multiplier0 * c0, p1 = (ulong)Multiplier1 * c2;
            (c0, c1, c2, c3) = ((uint)(p1 >> 32) ^ c1 ^ k0, (uint)p1, (uint)(p0 >> 32) ^ c3 ^ k1, (uint)p0);
        }
        return (c0, c1, c2, c3);
    }

    /// <summary>The words of tokens first…first + 15, with first a multiple of 16.</summary>
    public static void Fill(ulong seed, int position, int first, uint* words)
    {
        uint counter = (uint)first / 4;
        if (!Avx2.IsSupported)
        {
            for (uint i = 0; i < 4; i++, words += 4)
                (words[0], words[1], words[2], words[3]) = Words(seed, counter + i, (uint)position, 0, 0);
            return;
        }

        // Four counters side by side, each in the low half of a 64-bit lane; the order 0 2 1 3 makes the unpacking below yield 0 1 2 3.
        Vector256<ulong> c0 = Vector256.Create(counter, counter + 2UL, counter + 1UL, counter + 3UL);
        Vector256<ulong> c1 = Vector256.Create((ulong)(uint)position), c2 = default, c3 = default;
        Vector256<uint> m0 = Vector256.Create((ulong)Multiplier0).AsUInt32(), m1 = Vector256.Create((ulong)Multiplier1).AsUInt32();
        (uint k0, uint k1) = ((uint)seed, (uint)(seed >> 32));
        for (int round = 0; round < Rounds; round++, k0 += Weyl0, k1 += Weyl1)
        {
            Vector256<ulong> p0 = Avx2.Multiply(c0.AsUInt32(), m0), p1 = Avx2.Multiply(c2.AsUInt32(), m1);
            (c0, c1) = ((p1 >> 32) ^ c1 ^ Vector256.Create((ulong)k0), p1);
            (c2, c3) = ((p0 >> 32) ^ c3 ^ Vector256.Create((ulong)k1), p0);
        }
        Vector256<ulong> low = Vector256.Create((ulong)uint.MaxValue);
        Vector256<ulong> w01 = (c0 & low) | (c1 << 32), w23 = (c2 & low) | (c3 << 32);
        Avx2.UnpackLow(w01, w23).AsUInt32().Store(words);
        Avx2.UnpackHigh(w01, w23).AsUInt32().Store(words + 8);
    }
}
