using System.Numerics;
using System.Runtime.CompilerServices;
using Lanes = System.Numerics.Vector;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>Dot products in <c>Vector&lt;T&gt;</c>: 32-bit lanes are columns, one byte of each at a time.</summary>
internal readonly unsafe struct PortableDot : IByteDot
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dot(byte* weights, sbyte* activations, int rows, bool wide, int* dots)
    {
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < Panels.Width; column += Vector<int>.Count)
            {
                var sum = new Vector<int>(QuantizedRows.OffsetBits);
                for (int k = 0; k < QuantizedRows.Subgroup; k += 4)
                {
                    var line = Lanes.Load((uint*)(weights + k * Panels.Width) + column);
                    sbyte* four = activations + row * QuantizedRows.Subgroup + k;
                    sum += (line & new Vector<uint>(255)).As<uint, int>() * new Vector<int>(four[0]);
                    sum += (line >>> 8 & new Vector<uint>(255)).As<uint, int>() * new Vector<int>(four[1]);
                    sum += (line >>> 16 & new Vector<uint>(255)).As<uint, int>() * new Vector<int>(four[2]);
                    sum += (line >>> 24).As<uint, int>() * new Vector<int>(four[3]);
                }
                Lanes.Store(sum, dots + row * Panels.Width + column);
            }
        }
    }
}
