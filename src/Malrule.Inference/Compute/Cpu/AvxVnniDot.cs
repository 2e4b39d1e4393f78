using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>Dot products by the 256-bit VEX form of VPDPBUSD, which .NET has as an intrinsic: whole bytes, no saturation.</summary>
internal readonly unsafe struct AvxVnniDot : IByteDot
{
    private const int Row = QuantizedRows.Subgroup, Line = 64, Bytes = QuantizedRows.Subgroup * Panels.Width, Columns = Panels.Width;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dot(byte* weights, sbyte* activations, int rows, bool wide, int* dots)
    {
        int row = 0;
        for (; row <= rows - 4; row += 4)
            Four(weights, activations + row * Row, dots + row * Columns);
        for (; row < rows; row++)
            One(weights, activations + row * Row, dots + row * Columns);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(byte* weights, sbyte* a, int* dots)
    {
        Vector256<int> low0, low1, low2, low3, high0, high1, high2, high3;
        low0 = low1 = low2 = low3 = high0 = high1 = high2 = high3 = Vector256.Create(QuantizedRows.OffsetBits);
        for (byte* end = weights + Bytes; weights < end; weights += Line, a += 4)
        {
            var low = Vector256.Load(weights);
            var high = Vector256.Load(weights + Line / 2);
            var four = Broadcast(a);
            low0 = AvxVnni.MultiplyWideningAndAdd(low0, low, four);
            high0 = AvxVnni.MultiplyWideningAndAdd(high0, high, four);
            four = Broadcast(a + Row);
            low1 = AvxVnni.MultiplyWideningAndAdd(low1, low, four);
            high1 = AvxVnni.MultiplyWideningAndAdd(high1, high, four);
            four = Broadcast(a + 2 * Row);
            low2 = AvxVnni.MultiplyWideningAndAdd(low2, low, four);
            high2 = AvxVnni.MultiplyWideningAndAdd(high2, high, four);
            four = Broadcast(a + 3 * Row);
            low3 = AvxVnni.MultiplyWideningAndAdd(low3, low, four);
            high3 = AvxVnni.MultiplyWideningAndAdd(high3, high, four);
        }
        low0.Store(dots);
        high0.Store(dots + 8);
        low1.Store(dots + Columns);
        high1.Store(dots + Columns + 8);
        low2.Store(dots + 2 * Columns);
        high2.Store(dots + 2 * Columns + 8);
        low3.Store(dots + 3 * Columns);
        high3.Store(dots + 3 * Columns + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One(byte* weights, sbyte* a, int* dots)
    {
        var low = Vector256.Create(QuantizedRows.OffsetBits);
        var high = low;
        for (byte* end = weights + Bytes; weights < end; weights += Line, a += 4)
        {
            var four = Broadcast(a);
            low = AvxVnni.MultiplyWideningAndAdd(low, Vector256.Load(weights), four);
            high = AvxVnni.MultiplyWideningAndAdd(high, Vector256.Load(weights + Line / 2), four);
        }
        low.Store(dots);
        high.Store(dots + 8);
    }

    private static Vector256<sbyte> Broadcast(sbyte* four) => Vector256.Create(*(int*)four).AsSByte();
}
