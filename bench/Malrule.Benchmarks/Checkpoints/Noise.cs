using System.Runtime.InteropServices;

namespace Malrule.Benchmarks.Checkpoints;

/// <summary>
/// A seeded stream of weights (xoshiro256**), fast enough to be limited by the disk. Normal values are drawn by looking 16 random
/// bits up in a table of the normal distribution's quantiles, so every draw is one load.
/// </summary>
internal sealed class Noise
{
    private static readonly float[] Normal = NormalQuantiles();
    private ulong _a, _b, _c, _d;

    public Noise(long seed, int stream)
    {
        ulong state = (ulong)seed ^ ((ulong)(uint)stream << 32);
        (_a, _b, _c, _d) = (SplitMix(ref state), SplitMix(ref state), SplitMix(ref state), SplitMix(ref state));
    }

    public ulong Next()
    {
        ulong result = ulong.RotateLeft(_b * 5, 7) * 9, shifted = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= shifted;
        _d = ulong.RotateLeft(_d, 45);
        return result;
    }

    /// <summary>A table of mean + deviation · quantile in the element type of the tensor to fill.</summary>
    public static T[] Table<T>(double mean, double deviation, Func<float, T> convert) =>
        Array.ConvertAll(Normal, quantile => convert((float)(mean + deviation * quantile)));

    /// <summary>Fills with values of <paramref name="table"/>, each equally likely.</summary>
    public void Fill<T>(Span<T> values, T[] table)
    {
        int i = 0;
        for (; i + 4 <= values.Length; i += 4)
        {
            ulong bits = Next();
            values[i] = table[(ushort)bits];
            values[i + 1] = table[(ushort)(bits >> 16)];
            values[i + 2] = table[(ushort)(bits >> 32)];
            values[i + 3] = table[(ushort)(bits >> 48)];
        }
        for (; i < values.Length; i++)
            values[i] = table[(ushort)Next()];
    }

    /// <summary>Nibbles 0…15 with a bell-shaped distribution around 7.5 (deviation 3.28): two draws of 0…7 and one of 0…1, summed in place.</summary>
    public void FillWeights(Span<byte> bytes)
    {
        foreach (ref ulong word in MemoryMarshal.Cast<byte, ulong>(bytes))
            word = (Next() & 0x7777777777777777) + (Next() & 0x7777777777777777) + (Next() & 0x1111111111111111);
        foreach (ref byte pair in bytes[(bytes.Length & ~7)..])
            pair = (byte)((Next() & 0x77) + (Next() & 0x77) + (Next() & 0x11));
    }

    /// <summary>Zero points: nibbles of 7 or 8.</summary>
    public void FillZeros(Span<byte> bytes)
    {
        foreach (ref byte pair in bytes)
            pair = (byte)(0x77 + (Next() & 0x11));
    }

    private static ulong SplitMix(ref ulong state)
    {
        ulong z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>The quantiles at (i + ½) / 65536, by walking the distribution function (trapezoids of the density) from the middle outwards.</summary>
    private static float[] NormalQuantiles()
    {
        const int count = 1 << 16;
        const double step = 1e-5;
        var quantiles = new float[count];
        double x = 0, area = 0.5, density = 1 / Math.Sqrt(2 * Math.PI);
        for (int i = count / 2; i < count; i++)
        {
            double target = (i + 0.5) / count;
            while (area < target)
            {
                double next = density * Math.Exp(-step * (x + step / 2));
                (area, x, density) = (area + step * (density + next) / 2, x + step, next);
            }
            (quantiles[i], quantiles[count - 1 - i]) = ((float)x, (float)-x);
        }
        return quantiles;
    }
}
