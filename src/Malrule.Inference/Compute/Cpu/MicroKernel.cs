using System.Runtime.CompilerServices;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>
/// c[r, lanes] from Σₖ a[r, k] · b[k, lanes], k ascending: six rows by two registers of columns, held in registers throughout.
/// A row's sums do not depend on how many rows are computed with it. Attention (scores and outputs) and fp32 layers are made of it.
/// </summary>
internal static unsafe class MicroKernel<S, V, F>
    where S : ISimd<V> where V : unmanaged where F : IFinish<V>
{
    public const int Rows = 6;

    public static int Columns => 2 * S.Width;

    /// <summary>
    /// a [rows, count] · b [count, two registers] → c [rows, two registers], for 1…6 rows; strides in elements.
    /// <paramref name="factors"/> holds what <typeparamref name="F"/> takes for each row, if anything; <paramref name="aStep"/> leads from an element of a
    /// row of a to the next.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(float* a, nint aStride, int rows, float* b, nint bStride, int count, float* c, nint cStride, float* factors, nint aStep = 1)
    {
        // Missing rows are computed as copies of the last one and dropped.
        float* a0 = a;
        float* a1 = a0 + (rows > 1 ? aStride : 0);
        float* a2 = a1 + (rows > 2 ? aStride : 0);
        float* a3 = a2 + (rows > 3 ? aStride : 0);
        float* a4 = a3 + (rows > 4 ? aStride : 0);
        float* a5 = a4 + (rows > 5 ? aStride : 0);

        V zero = S.Broadcast(0);
        V c00 = zero, c01 = zero, c10 = zero, c11 = zero, c20 = zero, c21 = zero;
        V c30 = zero, c31 = zero, c40 = zero, c41 = zero, c50 = zero, c51 = zero;
        for (nint k = 0, end = count * aStep; k < end; k += aStep)
        {
            V b0 = S.Load(b), b1 = S.Load(b + S.Width);
            b += bStride;
            V x = S.Broadcast(a0[k]);
            c00 = S.MultiplyAdd(x, b0, c00);
            c01 = S.MultiplyAdd(x, b1, c01);
            x = S.Broadcast(a1[k]);
            c10 = S.MultiplyAdd(x, b0, c10);
            c11 = S.MultiplyAdd(x, b1, c11);
            x = S.Broadcast(a2[k]);
            c20 = S.MultiplyAdd(x, b0, c20);
            c21 = S.MultiplyAdd(x, b1, c21);
            x = S.Broadcast(a3[k]);
            c30 = S.MultiplyAdd(x, b0, c30);
            c31 = S.MultiplyAdd(x, b1, c31);
            x = S.Broadcast(a4[k]);
            c40 = S.MultiplyAdd(x, b0, c40);
            c41 = S.MultiplyAdd(x, b1, c41);
            x = S.Broadcast(a5[k]);
            c50 = S.MultiplyAdd(x, b0, c50);
            c51 = S.MultiplyAdd(x, b1, c51);
        }

        Finish(c, factors, c00, c01);
        if (rows > 1)
            Finish(c += cStride, factors + 1, c10, c11);
        if (rows > 2)
            Finish(c += cStride, factors + 2, c20, c21);
        if (rows > 3)
            Finish(c += cStride, factors + 3, c30, c31);
        if (rows > 4)
            Finish(c += cStride, factors + 4, c40, c41);
        if (rows > 5)
            Finish(c + cStride, factors + 5, c50, c51);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(float* c, float* factors, V low, V high)
    {
        F.Store(c, low, factors);
        F.Store(c + S.Width, high, factors);
    }
}

/// <summary>What becomes of the sums of <see cref="MicroKernel{S, V, F}"/>.</summary>
internal unsafe interface IFinish<V>
{
    static abstract void Store(float* c, V sums, float* factors);
}

/// <summary>c = sums</summary>
internal readonly unsafe struct Assign<S, V> : IFinish<V> where S : ISimd<V> where V : unmanaged
{
    public static void Store(float* c, V sums, float* factors) => S.Store(c, sums);
}

/// <summary>c += sums</summary>
internal readonly unsafe struct Accumulate<S, V> : IFinish<V> where S : ISimd<V> where V : unmanaged
{
    public static void Store(float* c, V sums, float* factors) => S.Store(c, S.Add(S.Load(c), sums));
}

/// <summary>c = c · kept + sums · added, each row's kept at <c>factors</c> and its added <see cref="AttentionTile{S, V}.MaxRows"/> after it.</summary>
internal readonly unsafe struct Merge<S, V> : IFinish<V> where S : ISimd<V> where V : unmanaged
{
    public static void Store(float* c, V sums, float* factors)
    {
        V added = S.Multiply(sums, S.Broadcast(factors[AttentionTile<S, V>.MaxRows]));
        S.Store(c, S.MultiplyAdd(S.Load(c), S.Broadcast(factors[0]), added));
    }
}
