using System.Runtime.CompilerServices;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>
/// Elementary functions, lane by lane from IEEE operations only, so a value's result is the same in every lane, call and thread.
/// Polynomials are minimax fits (Remez exchange, in 60 digits) of the quotients named beside them.
/// </summary>
internal static class VectorMath
{
    /// <summary>
    /// eˣ within 2 units in the last place for x in −87.3…88.3; 0 below, the value at 88.37 above; not-a-number stays.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Exp<S, V>(V x) where S : ISimd<V> where V : unmanaged =>
        ExpOfNegative<S, V>(S.Min(S.Broadcast(88.37626f), x));

    /// <summary>eˣ as <see cref="Exp"/> gives it, for x up to 88.37.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V ExpOfNegative<S, V>(V x) where S : ISimd<V> where V : unmanaged
    {
        const float lowest = -87.33654f, magic = 12582912;

        // x = n·ln 2 + r; ln 2 in two parts, the first short enough that n times it is exact
        V shifted = S.MultiplyAdd(x, S.Broadcast(1.44269504f), S.Broadcast(magic));
        V n = S.Subtract(shifted, S.Broadcast(magic));
        V r = S.MultiplyAdd(n, S.Broadcast(-0.693359375f), x);
        r = S.MultiplyAdd(n, S.Broadcast(2.12194440e-4f), r);

        // (eʳ − 1 − r) / r²
        V p = S.MultiplyAdd(S.Broadcast(0.0013814602f), r, S.Broadcast(0.0083687152f));
        p = S.MultiplyAdd(p, r, S.Broadcast(0.0416683879f));
        p = S.MultiplyAdd(p, r, S.Broadcast(0.166665206f));
        p = S.MultiplyAdd(p, r, S.Broadcast(0.499999934f));
        p = S.MultiplyAdd(p, S.Multiply(r, r), r);
        V power = S.PowerOfTwo(shifted);
        return S.IfLess(x, S.Broadcast(lowest), S.Broadcast(0), S.MultiplyAdd(p, power, power));
    }

    /// <summary>erf(x) within 3e-7 of its size.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Erf<S, V>(V x) where S : ISimd<V> where V : unmanaged
    {
        V zero = S.Broadcast(0), one = S.Broadcast(1);
        V magnitude = S.IfLess(x, zero, S.Subtract(zero, x), x), square = S.Multiply(x, x);

        // below 1: erf(x) / x as a polynomial of x²
        V near = S.MultiplyAdd(S.Broadcast(7.85386074e-5f), square, S.Broadcast(-8.01019342e-4f));
        near = S.MultiplyAdd(near, square, S.Broadcast(0.00518832766f));
        near = S.MultiplyAdd(near, square, S.Broadcast(-0.0268538119f));
        near = S.MultiplyAdd(near, square, S.Broadcast(0.112835851f));
        near = S.MultiplyAdd(near, square, S.Broadcast(-0.376126258f));
        near = S.Multiply(S.MultiplyAdd(near, square, S.Broadcast(1.12837917f)), magnitude);

        // beyond: erfc(a) · exp(a²) as a polynomial of u = 1 / (1 + a/2) − 0.625, which keeps its terms small
        V u = S.Subtract(S.Divide(one, S.MultiplyAdd(magnitude, S.Broadcast(0.5f), one)), S.Broadcast(0.625f));
        V far = S.MultiplyAdd(S.Broadcast(-0.0551718519f), u, S.Broadcast(0.0895264383f));
        far = S.MultiplyAdd(far, u, S.Broadcast(0.0499278346f));
        far = S.MultiplyAdd(far, u, S.Broadcast(-0.224635177f));
        far = S.MultiplyAdd(far, u, S.Broadcast(-0.0845015321f));
        far = S.MultiplyAdd(far, u, S.Broadcast(0.625657704f));
        far = S.MultiplyAdd(far, u, S.Broadcast(1.20467627f));
        far = S.MultiplyAdd(far, u, S.Broadcast(1.12583354f));
        far = S.MultiplyAdd(far, u, S.Broadcast(0.378537417f));
        far = S.Subtract(one, S.Multiply(far, Exp<S, V>(S.Subtract(zero, square))));

        V erf = S.IfLess(magnitude, one, near, far);
        return S.IfLess(x, zero, S.Subtract(zero, erf), erf);
    }
}
