using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Malrule.Inference.Compute.Cpu;

namespace Malrule.Inference.Compute.Sampling;

/// <summary>
/// The passes of <see cref="TokenSampler"/> over a row of logits, in chunks of <see cref="Chunk"/>; the row is padded to whole
/// chunks by −∞. Written once for both register widths; sums are taken chunk by chunk, so every pass adds up the same way.
/// </summary>
internal static unsafe class LogitKernels
{
    public const int Chunk = 128;

    private static readonly bool Wide = Simd512.IsSupported;

    /// <summary>Finds the maximum of every chunk and of all; false where a value before <paramref name="count"/> is not finite.</summary>
    public static bool Scan(float* logits, int count, float* chunkMax, out float max) => Wide
        ? Scan<Simd512, Vector512<float>>(logits, count, chunkMax, out max)
        : Scan<Simd256, Vector256<float>>(logits, count, chunkMax, out max);

    /// <summary>weights = exp((logits − max) / temperature); returns their sum.</summary>
    public static double Weigh(float* logits, int count, float max, float temperature, float* weights) => Wide
        ? Weigh<Simd512, Vector512<float>>(logits, count, max, temperature, weights)
        : Weigh<Simd256, Vector256<float>>(logits, count, max, temperature, weights);

    /// <summary>The number, and the weights' sum, of tokens whose logit is at least a floor.</summary>
    public static (int Count, double Weight) From(float* logits, float* weights, int count, float* chunkMax, float floor) => Wide
        ? From<Simd512, Vector512<float>>(logits, weights, count, chunkMax, floor)
        : From<Simd256, Vector256<float>>(logits, weights, count, chunkMax, floor);

    /// <summary>Lists the candidates with low ≤ logit &lt; high; returns how many.</summary>
    public static int List(float* logits, int count, float* chunkMax, float low, float high, ulong* candidates) => Wide
        ? List<Simd512, Vector512<float>>(logits, count, chunkMax, low, high, candidates)
        : List<Simd256, Vector256<float>>(logits, count, chunkMax, low, high, candidates);

    /// <summary>
    /// The next block of <see cref="Philox.Block"/> tokens, from <paramref name="first"/> on, with tokens that are within the limits:
    /// their bits, and all words of the block. 0: there is none.
    /// </summary>
    public static uint Search(float* logits, int count, float* chunkMax, ulong* keys, in SearchLimits limits, ref int first, uint* words) => Wide
        ? Search<Simd512, Vector512<float>>(logits, count, chunkMax, keys, limits, ref first, words)
        : Search<Simd256, Vector256<float>>(logits, count, chunkMax, keys, limits, ref first, words);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Scan<S, V>(float* logits, int count, float* chunkMax, out float max) where S : ISimd<V> where V : unmanaged
    {
        // A zero is added so that −0 becomes 0, and the order of bits is the order of values. x·0 is not a number where x is not finite.
        V zero = S.Broadcast(0), faults = zero, greatest = S.Broadcast(float.NegativeInfinity);
        int whole = count / S.Width * S.Width;
        for (int first = 0; first < count; first += Chunk)
        {
            V top = S.Broadcast(float.NegativeInfinity);
            for (int i = first; i < first + Chunk; i += S.Width)
            {
                V x = S.Add(S.Load(logits + i), zero);
                S.Store(logits + i, x);
                top = S.Max(top, x);
                if (i < whole)
                    faults = S.MultiplyAdd(x, zero, faults);
            }
            chunkMax[first / Chunk] = S.MaxOf(top);
            greatest = S.Max(greatest, top);
        }
        max = S.MaxOf(greatest);
        float fault = S.Sum(faults);
        for (int i = whole; i < count; i++)
            fault += logits[i] * 0;
        return fault == 0;
    }
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Weigh<S, V>(float* logits, int count, float max, float temperature, float* weights) where S : ISimd<V> where V : unmanaged
    {
        V top = S.Broadcast(max), inverse = S.Broadcast(1 / temperature);
        double total = 0;
        for (int first = 0; first < count; first += Chunk)
        {
            V sum = S.Broadcast(0);
            for (int i = first; i < first + Chunk; i += S.Width)
            {
                V weight = VectorMath.ExpOfNegative<S, V>(S.Multiply(S.Subtract(S.Load(logits + i), top), inverse));
                S.Store(weights + i, weight);
                sum = S.Add(sum, weight);
            }
            total += S.Sum(sum);
        }
        return total;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (int, double) From<S, V>(float* logits, float* weights, int count, float* chunkMax, float floor) where S : ISimd<V> where V : unmanaged
    {
        V least = S.Broadcast(floor), zero = S.Broadcast(0), one = S.Broadcast(1);
        int tokens = 0;
        double total = 0;
        for (int first = 0; first < count; first += Chunk)
        {
            if (chunkMax[first / Chunk] < floor)
                continue;
            V sum = zero, number = zero;
            for (int i = first; i < first + Chunk; i += S.Width)
            {
                V logit = S.Load(logits + i);
                sum = S.Add(sum, S.IfLess(logit, least, zero, S.Load(weights + i)));
                number = S.Add(number, S.IfLess(logit, least, zero, one));
            }
            total += S.Sum(sum);
            tokens += (int)S.Sum(number);
        }
        return (tokens, total);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int List<S, V>(float* logits, int count, float* chunkMax, float low, float high, ulong* candidates) where S : ISimd<V> where V : unmanaged
    {
        V least = S.Broadcast(low), limit = S.Broadcast(high);
        int found = 0;
        for (int first = 0; first < count; first += Chunk)
        {
            if (chunkMax[first / Chunk] < low)
                continue;
            for (int i = first; i < first + Chunk; i += S.Width)
            {
                V logit = S.Load(logits + i);
                for (uint bits = S.AtLeast(logit, least) & ~S.AtLeast(logit, limit); bits != 0; bits &= bits - 1)
                {
                    int token = i + BitOperations.TrailingZeroCount(bits);
                    candidates[found++] = CandidateList.Key(logits[token], token);
                }
            }
        }
        return found;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static uint Search<S, V>(float* logits, int count, float* chunkMax, ulong* keys, in SearchLimits limits, ref int first, uint* words)
        where S : ISimd<V> where V : unmanaged
    {
        V floor = S.Broadcast(limits.Floor), max = S.Broadcast(limits.Max), inverse = S.Broadcast(limits.InverseTemperature), scale = S.Broadcast(limits.Scale);
        for (; first < count; first += Philox.Block)
        {
            if (chunkMax[first / Chunk] < limits.Floor)
            {
                first |= Chunk - Philox.Block;
                continue;
            }
            uint high = 0, within = 0;
            for (int i = 0; i < Philox.Block; i += S.Width)
                high |= S.AtLeast(S.Load(logits + first + i), floor) << i;
            if (high == 0)
                continue;

            Philox.Fill(keys, first, words);
            for (int i = 0; i < Philox.Block; i += S.Width)
            {
                V weight = VectorMath.Exp<S, V>(S.Multiply(S.Subtract(S.Load(logits + first + i), max), inverse));
                within |= S.AtLeast(S.Multiply(weight, scale), S.Uniform(words + i)) << i;
            }
            if ((high & within) != 0)
                return high & within;
        }
        return 0;
    }
}

/// <summary>
/// What a token must have to beat the best score so far: a logit that the greatest noise could lift to it, and, since the noise
/// −log(−log(1 − v)) of a word v·2³² is at most −log v, a v below exp(logit / temperature − best) = exp((logit − max) / temperature) · scale.
/// </summary>
internal readonly record struct SearchLimits(float Floor, float Max, float InverseTemperature, float Scale);
