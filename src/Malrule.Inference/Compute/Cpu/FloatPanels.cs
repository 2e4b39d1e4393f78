using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Malrule.Inference.Checkpoints;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>Unquantised weights for exact mode, in the element type they come in: panels [inputs, 16].</summary>
internal sealed unsafe class FloatPanels(DenseRows rows)
    : Panels(rows.Inputs, rows.Outputs, (long)rows.Inputs * Width * ElementSize(rows.Type)), IWidePanels
{
    public override int PackTasks => Count;

    public override void Pack(int task)
    {
        var row = new float[Inputs];
        for (int column = 0; column < Width && task * Width + column < Outputs; column++)
        {
            if (rows.Type == DType.F32)
            {
                fixed (float* source = row)
                {
                    rows.Read(task * Width + column, 0, Inputs, source);
                    Spread((uint*)source, (uint*)Panel(task) + column);
                }
            }
            else
            {
                Spread(rows.Halves(task * Width + column), (ushort*)Panel(task) + column);
            }
        }
        rows.Drop(task * Width, Math.Min(Width, Outputs - task * Width));
    }

    private void Spread<T>(T* source, T* destination) where T : unmanaged
    {
        for (int k = 0; k < Inputs; k++)
            destination[(long)k * Width] = source[k];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Widen(int panel, int k, int count, float* destination, int stride)
    {
        byte* source = Panel(panel) + (long)k * Width * ElementSize(rows.Type);
        float* end = destination + (long)count * stride;
        switch (rows.Type)
        {
            case DType.F16:
                for (; destination < end; destination += stride, source += Width * sizeof(ushort))
                    HalfFloats.FromHalf((ushort*)source).Store(destination);
                break;
            case DType.BF16:
                for (; destination < end; destination += stride, source += Width * sizeof(ushort))
                    HalfFloats.FromBFloat((ushort*)source).Store(destination);
                break;
            default:
                for (; destination < end; destination += stride, source += Width * sizeof(float))
                    Vector512.Load((float*)source).Store(destination);
                break;
        }
    }

    private static int ElementSize(DType type) => type == DType.F32 ? sizeof(float) : sizeof(ushort);
}
