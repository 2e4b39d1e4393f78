using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Malrule.Mining.Rankings;

/// <summary>
/// The micro-kernel of <see cref="CosineIndex"/>: six query rows × one panel of 32 columns, k ascending, one fused multiply-add chain an output.
/// Both widths give the same bits. Leaf methods over refs, so that the JIT keeps the twelve accumulators in registers.
/// </summary>
internal static class CosineTile
{
    private const int Columns = 32;

    /// <summary>Adds queries [6, count of a row of stride] × panel [count, 32] to output [6, 32].</summary>
    public static void Multiply512(ref float queries, int stride, int count, ref float panel, ref float output)
    {
        ref float q0 = ref queries;
        ref float q1 = ref Unsafe.Add(ref q0, stride);
        ref float q2 = ref Unsafe.Add(ref q1, stride);
        ref float q3 = ref Unsafe.Add(ref q2, stride);
        ref float q4 = ref Unsafe.Add(ref q3, stride);
        ref float q5 = ref Unsafe.Add(ref q4, stride);
        Vector512<float> a0 = Vector512.LoadUnsafe(ref output, 0), b0 = Vector512.LoadUnsafe(ref output, 16);
        Vector512<float> a1 = Vector512.LoadUnsafe(ref output, 32), b1 = Vector512.LoadUnsafe(ref output, 48);
        Vector512<float> a2 = Vector512.LoadUnsafe(ref output, 64), b2 = Vector512.LoadUnsafe(ref output, 80);
        Vector512<float> a3 = Vector512.LoadUnsafe(ref output, 96), b3 = Vector512.LoadUnsafe(ref output, 112);
        Vector512<float> a4 = Vector512.LoadUnsafe(ref output, 128), b4 = Vector512.LoadUnsafe(ref output, 144);
        Vector512<float> a5 = Vector512.LoadUnsafe(ref output, 160), b5 = Vector512.LoadUnsafe(ref output, 176);
        for (nint k = 0; k < count; k++)
        {
            Vector512<float> left = Vector512.LoadUnsafe(ref panel, (nuint)(k * Columns));
            Vector512<float> right = Vector512.LoadUnsafe(ref panel, (nuint)(k * Columns + 16));
            Vector512<float> q = Vector512.Create(Unsafe.Add(ref q0, k));
            (a0, b0) = (Vector512.FusedMultiplyAdd(q, left, a0), Vector512.FusedMultiplyAdd(q, right, b0));
            q = Vector512.Create(Unsafe.Add(ref q1, k));
            (a1, b1) = (Vector512.FusedMultiplyAdd(q, left, a1), Vector512.FusedMultiplyAdd(q, right, b1));
            q = Vector512.Create(Unsafe.Add(ref q2, k));
            (a2, b2) = (Vector512.FusedMultiplyAdd(q, left, a2), Vector512.FusedMultiplyAdd(q, right, b2));
            q = Vector512.Create(Unsafe.Add(ref q3, k));
            (a3, b3) = (Vector512.FusedMultiplyAdd(q, left, a3), Vector512.FusedMultiplyAdd(q, right, b3));
            q = Vector512.Create(Unsafe.Add(ref q4, k));
            (a4, b4) = (Vector512.FusedMultiplyAdd(q, left, a4), Vector512.FusedMultiplyAdd(q, right, b4));
            q = Vector512.Create(Unsafe.Add(ref q5, k));
            (a5, b5) = (Vector512.FusedMultiplyAdd(q, left, a5), Vector512.FusedMultiplyAdd(q, right, b5));
        }
        a0.StoreUnsafe(ref output, 0);
        b0.StoreUnsafe(ref output, 16);
        a1.StoreUnsafe(ref output, 32);
        b1.StoreUnsafe(ref output, 48);
        a2.StoreUnsafe(ref output, 64);
        b2.StoreUnsafe(ref output, 80);
        a3.StoreUnsafe(ref output, 96);
        b3.StoreUnsafe(ref output, 112);
        a4.StoreUnsafe(ref output, 128);
        b4.StoreUnsafe(ref output, 144);
        a5.StoreUnsafe(ref output, 160);
        b5.StoreUnsafe(ref output, 176);
    }

    /// <summary>The same by 16 columns at a time in 256-bit registers.</summary>
    public static void Multiply256(ref float queries, int stride, int count, ref float panel, ref float output)
    {
        Half256(ref queries, stride, count, ref panel, ref output);
        Half256(ref queries, stride, count, ref Unsafe.Add(ref panel, 16), ref Unsafe.Add(ref output, 16));
    }

    private static void Half256(ref float queries, int stride, int count, ref float panel, ref float output)
    {
        ref float q0 = ref queries;
        ref float q1 = ref Unsafe.Add(ref q0, stride);
        ref float q2 = ref Unsafe.Add(ref q1, stride);
        ref float q3 = ref Unsafe.Add(ref q2, stride);
        ref float q4 = ref Unsafe.Add(ref q3, stride);
        ref float q5 = ref Unsafe.Add(ref q4, stride);
        Vector256<float> a0 = Vector256.LoadUnsafe(ref output, 0), b0 = Vector256.LoadUnsafe(ref output, 8);
        Vector256<float> a1 = Vector256.LoadUnsafe(ref output, 32), b1 = Vector256.LoadUnsafe(ref output, 40);
        Vector256<float> a2 = Vector256.LoadUnsafe(ref output, 64), b2 = Vector256.LoadUnsafe(ref output, 72);
        Vector256<float> a3 = Vector256.LoadUnsafe(ref output, 96), b3 = Vector256.LoadUnsafe(ref output, 104);
        Vector256<float> a4 = Vector256.LoadUnsafe(ref output, 128), b4 = Vector256.LoadUnsafe(ref output, 136);
        Vector256<float> a5 = Vector256.LoadUnsafe(ref output, 160), b5 = Vector256.LoadUnsafe(ref output, 168);
        for (nint k = 0; k < count; k++)
        {
            Vector256<float> left = Vector256.LoadUnsafe(ref panel, (nuint)(k * Columns));
            Vector256<float> right = Vector256.LoadUnsafe(ref panel, (nuint)(k * Columns + 8));
            Vector256<float> q = Vector256.Create(Unsafe.Add(ref q0, k));
            (a0, b0) = (Vector256.FusedMultiplyAdd(q, left, a0), Vector256.FusedMultiplyAdd(q, right, b0));
            q = Vector256.Create(Unsafe.Add(ref q1, k));
            (a1, b1) = (Vector256.FusedMultiplyAdd(q, left, a1), Vector256.FusedMultiplyAdd(q, right, b1));
            q = Vector256.Create(Unsafe.Add(ref q2, k));
            (a2, b2) = (Vector256.FusedMultiplyAdd(q, left, a2), Vector256.FusedMultiplyAdd(q, right, b2));
            q = Vector256.Create(Unsafe.Add(ref q3, k));
            (a3, b3) = (Vector256.FusedMultiplyAdd(q, left, a3), Vector256.FusedMultiplyAdd(q, right, b3));
            q = Vector256.Create(Unsafe.Add(ref q4, k));
            (a4, b4) = (Vector256.FusedMultiplyAdd(q, left, a4), Vector256.FusedMultiplyAdd(q, right, b4));
            q = Vector256.Create(Unsafe.Add(ref q5, k));
            (a5, b5) = (Vector256.FusedMultiplyAdd(q, left, a5), Vector256.FusedMultiplyAdd(q, right, b5));
        }
        a0.StoreUnsafe(ref output, 0);
        b0.StoreUnsafe(ref output, 8);
        a1.StoreUnsafe(ref output, 32);
        b1.StoreUnsafe(ref output, 40);
        a2.StoreUnsafe(ref output, 64);
        b2.StoreUnsafe(ref output, 72);
        a3.StoreUnsafe(ref output, 96);
        b3.StoreUnsafe(ref output, 104);
        a4.StoreUnsafe(ref output, 128);
        b4.StoreUnsafe(ref output, 136);
        a5.StoreUnsafe(ref output, 160);
        b5.StoreUnsafe(ref output, 168);
    }
}
