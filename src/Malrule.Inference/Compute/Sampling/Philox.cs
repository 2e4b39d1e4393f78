using System.Runtime.CompilerServices;
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
    public const int Block = 32;

    /// <summary>Numbers that <see cref="Prepare"/> writes.</summary>
    public const int Prepared = (2 * Rounds + 1) * 8;

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

    /// <summary>Spreads the position and the rounds' keys over 64-bit lanes, eight of each, for <see cref="Fill"/>.</summary>
    public static void Prepare(ulong seed, int position, ulong* keys)
    {
        new Span<ulong>(keys, 8).Fill((uint)position);
        (uint k0, uint k1) = ((uint)seed, (uint)(seed >> 32));
        for (int round = 0; round < Rounds; round++, k0 += Weyl0, k1 += Weyl1)
        {
            new Span<ulong>(keys + 16 * round + 8, 8).Fill(k0);
            new Span<ulong>(keys + 16 * round + 16, 8).Fill(k1);
        }
    }

    /// <summary>The words of tokens first…first + 31, with first a multiple of 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fill(ulong* keys, int first, uint* words)
    {
        // A counter stands in the low half of a 64-bit lane. They are ordered so that the unpacking at the end puts them in sequence.
        uint counter = (uint)first / 4;
        if (Avx512F.IsSupported)
        {
            Vector512<ulong> c0 = Vector512.Create((ulong)counter) + Vector512.Create(0UL, 4, 1, 5, 2, 6, 3, 7);
            Vector512<ulong> c1 = Vector512.Load(keys), c2 = default, c3 = default;
            Vector512<uint> m0 = Vector512.Create((ulong)Multiplier0).AsUInt32(), m1 = Vector512.Create((ulong)Multiplier1).AsUInt32();
            for (int round = 0; round < Rounds; round++)
            {
                Vector512<ulong> p0 = Avx512F.Multiply(c0.AsUInt32(), m0), p1 = Avx512F.Multiply(c2.AsUInt32(), m1);
                (c0, c1) = ((p1 >> 32) ^ c1 ^ Vector512.Load(keys + 16 * round + 8), p1);
                (c2, c3) = ((p0 >> 32) ^ c3 ^ Vector512.Load(keys + 16 * round + 16), p0);
            }
            Vector512<ulong> low = Vector512.Create((ulong)uint.MaxValue), w01 = (c0 & low) | (c1 << 32), w23 = (c2 & low) | (c3 << 32);
            Avx512F.UnpackLow(w01, w23).AsUInt32().Store(words);
            Avx512F.UnpackHigh(w01, w23).AsUInt32().Store(words + 16);
        }
        else if (Avx2.IsSupported)
        {
            FillHalf(keys, counter, words);
            FillHalf(keys, counter + 4, words + 16);
        }
        else
        {
            ulong seed = keys[8] | keys[16] << 32;
            for (uint i = 0; i < Block / 4; i++, words += 4)
                (words[0], words[1], words[2], words[3]) = Words(seed, counter + i, (uint)keys[0], 0, 0);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FillHalf(ulong* keys, uint counter, uint* words)
    {
        Vector256<ulong> c0 = Vector256.Create((ulong)counter) + Vector256.Create(0UL, 2, 1, 3);
        Vector256<ulong> c1 = Vector256.Load(keys), c2 = default, c3 = default;
        Vector256<uint> m0 = Vector256.Create((ulong)Multiplier0).AsUInt32(), m1 = Vector256.Create((ulong)Multiplier1).AsUInt32();
        for (int round = 0; round < Rounds; round++)
        {
            Vector256<ulong> p0 = Avx2.Multiply(c0.AsUInt32(), m0), p1 = Avx2.Multiply(c2.AsUInt32(), m1);
            (c0, c1) = ((p1 >> 32) ^ c1 ^ Vector256.Load(keys + 16 * round + 8), p1);
            (c2, c3) = ((p0 >> 32) ^ c3 ^ Vector256.Load(keys + 16 * round + 16), p0);
        }
        Vector256<ulong> low = Vector256.Create((ulong)uint.MaxValue), w01 = (c0 & low) | (c1 << 32), w23 = (c2 & low) | (c3 << 32);
        Avx2.UnpackLow(w01, w23).AsUInt32().Store(words);
        Avx2.UnpackHigh(w01, w23).AsUInt32().Store(words + 8);
    }
}
