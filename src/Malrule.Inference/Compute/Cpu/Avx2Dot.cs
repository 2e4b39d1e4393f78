using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>
/// Dot products by 256-bit VPMADDUBSW. It saturates 16-bit sums of two products, so bytes go through it a nibble at a time: the sums of the
/// 8 lines of a subgroup, at most 8·2·15·127, still fit in 16 bits.
/// </summary>
internal readonly unsafe struct Avx2Dot : IByteDot
{
    private const int Row = QuantizedRows.Subgroup, Line = 64, Bytes = QuantizedRows.Subgroup * Panels.Width, Columns = Panels.Width;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dot(byte* weights, sbyte* activations, int rows, bool wide, int* dots)
    {
        for (int half = 0; half < 2; half++, weights += Line / 2, dots += Columns / 2)
        {
            int row = 0;
            for (; row <= rows - 4; row += 4)
                Four(weights, activations + row * Row, wide, dots + row * Columns);
            for (; row < rows; row++)
                One(weights, activations + row * Row, wide, dots + row * Columns);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(byte* weights, sbyte* a, bool wide, int* dots)
    {
        Nibbles(weights, a, 4, out var s0, out var s1, out var s2, out var s3);
        var offset = Vector256.Create(QuantizedRows.OffsetBits);
        var sixteen = Vector256.Create((short)16);
        var d0 = offset + Avx2.MultiplyAddAdjacent(s0, sixteen);
        var d1 = offset + Avx2.MultiplyAddAdjacent(s1, sixteen);
        var d2 = offset + Avx2.MultiplyAddAdjacent(s2, sixteen);
        var d3 = offset + Avx2.MultiplyAddAdjacent(s3, sixteen);
        if (wide)
        {
            Nibbles(weights, a, 0, out s0, out s1, out s2, out s3);
            var one = Vector256.Create((short)1);
            d0 += Avx2.MultiplyAddAdjacent(s0, one);
            d1 += Avx2.MultiplyAddAdjacent(s1, one);
            d2 += Avx2.MultiplyAddAdjacent(s2, one);
            d3 += Avx2.MultiplyAddAdjacent(s3, one);
        }
        d0.Store(dots);
        d1.Store(dots + Columns);
        d2.Store(dots + 2 * Columns);
        d3.Store(dots + 3 * Columns);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Nibbles(byte* weights, sbyte* a, [ConstantExpected] int shift,
        out Vector256<short> s0, out Vector256<short> s1, out Vector256<short> s2, out Vector256<short> s3)
    {
        s0 = s1 = s2 = s3 = Vector256<short>.Zero;
        for (byte* end = weights + Bytes; weights < end; weights += Line, a += 4)
        {
            var w = (Vector256.Load((ushort*)weights) >>> shift).AsByte() & Vector256.Create((byte)15);
            s0 += Avx2.MultiplyAddAdjacent(w, Broadcast(a));
            s1 += Avx2.MultiplyAddAdjacent(w, Broadcast(a + Row));
            s2 += Avx2.MultiplyAddAdjacent(w, Broadcast(a + 2 * Row));
            s3 += Avx2.MultiplyAddAdjacent(w, Broadcast(a + 3 * Row));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One(byte* weights, sbyte* a, bool wide, int* dots)
    {
        var low = Vector256<short>.Zero;
        var high = Vector256<short>.Zero;
        for (byte* end = weights + Bytes; weights < end; weights += Line, a += 4)
        {
            var bytes = Vector256.Load((ushort*)weights);
            var four = Broadcast(a);
            high += Avx2.MultiplyAddAdjacent((bytes >>> 4).AsByte() & Vector256.Create((byte)15), four);
            if (wide)
                low += Avx2.MultiplyAddAdjacent(bytes.AsByte() & Vector256.Create((byte)15), four);
        }
        var dot = Vector256.Create(QuantizedRows.OffsetBits) + Avx2.MultiplyAddAdjacent(high, Vector256.Create((short)16));
        if (wide)
            dot += Avx2.MultiplyAddAdjacent(low, Vector256.Create((short)1));
        dot.Store(dots);
    }

    private static Vector256<sbyte> Broadcast(sbyte* four) => Vector256.Create(*(int*)four).AsSByte();
}
