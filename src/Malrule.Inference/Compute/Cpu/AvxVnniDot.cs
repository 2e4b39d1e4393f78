using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>Dot products by the 256-bit VEX form of VPDPBUSD, which .NET has as an intrinsic: whole bytes, no saturation.</summary>
internal readonly unsafe struct AvxVnniDot : IByteDot
{
    private const int Lines = QuantizedRows.Subgroup / 4, Columns = Panels.Width;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dot(byte* weights, sbyte* activations, int rows, bool wide, int* dots)
    {
        int* a = (int*)activations; // [row, line]: four bytes each
        int row = 0;
        for (; row <= rows - 4; row += 4)
            Four(weights, a + row * Lines, dots + row * Columns);
        for (; row < rows; row++)
            One(weights, a + row * Lines, dots + row * Columns);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(byte* weights, int* a, int* dots)
    {
        Vector256<int> low0, low1, low2, low3, high0, high1, high2, high3;
        low0 = low1 = low2 = low3 = high0 = high1 = high2 = high3 = Vector256<int>.Zero;
        for (int line = 0; line < Lines; line++)
        {
            var low = Vector256.Load(weights + 64 * line);
            var high = Vector256.Load(weights + 64 * line + 32);
            var four = Vector256.Create(a[line]).AsSByte();
            low0 = AvxVnni.MultiplyWideningAndAdd(low0, low, four);
            high0 = AvxVnni.MultiplyWideningAndAdd(high0, high, four);
            four = Vector256.Create(a[line + Lines]).AsSByte();
            low1 = AvxVnni.MultiplyWideningAndAdd(low1, low, four);
            high1 = AvxVnni.MultiplyWideningAndAdd(high1, high, four);
            four = Vector256.Create(a[line + 2 * Lines]).AsSByte();
            low2 = AvxVnni.MultiplyWideningAndAdd(low2, low, four);
            high2 = AvxVnni.MultiplyWideningAndAdd(high2, high, four);
            four = Vector256.Create(a[line + 3 * Lines]).AsSByte();
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
    private static void One(byte* weights, int* a, int* dots)
    {
        var low = Vector256<int>.Zero;
        var high = Vector256<int>.Zero;
        for (int line = 0; line < Lines; line++)
        {
            var four = Vector256.Create(a[line]).AsSByte();
            low = AvxVnni.MultiplyWideningAndAdd(low, Vector256.Load(weights + 64 * line), four);
            high = AvxVnni.MultiplyWideningAndAdd(high, Vector256.Load(weights + 64 * line + 32), four);
        }
        low.Store(dots);
        high.Store(dots + 8);
    }
}
