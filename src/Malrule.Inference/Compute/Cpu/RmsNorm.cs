using System.Runtime.CompilerServices;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>residual += delta; output = residual / rms(residual) · weight, row by row.</summary>
internal unsafe struct RmsNorm<S, V>(RowItems rows, CpuTensor residual, CpuTensor? delta, CpuVector weight, float epsilon, CpuTensor output, RowFaults faults) : IJob
    where S : ISimd<V> where V : unmanaged
{
    public readonly void Run(int item, int worker)
    {
        for (int row = rows.First(item); row < rows.End(item); row++)
        {
            float squares = AddAndSquare(residual.Row(row), delta is null ? null : delta.Row(row), residual.Columns);
            if (!float.IsFinite(squares))
                faults.Note(row);
            float scale = (float)(1 / Math.Sqrt((double)squares / residual.Columns + epsilon));
            Scale(residual.Row(row), weight.Data, scale, residual.Columns, output.Row(row));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float AddAndSquare(float* x, float* delta, int columns)
    {
        V zero = S.Broadcast(0), even = zero, odd = zero;
        for (int i = 0; i < columns; i += 2 * S.Width)
        {
            V a = S.Load(x + i), b = S.Load(x + i + S.Width);
            if (delta != null)
            {
                a = S.Add(a, S.Load(delta + i));
                b = S.Add(b, S.Load(delta + i + S.Width));
                S.Store(x + i, a);
                S.Store(x + i + S.Width, b);
            }
            if (columns - i < 2 * S.Width)
            {
                V end = S.Broadcast(columns - i);
                a = S.IfLess(S.Indices, end, a, zero);
                b = S.IfLess(S.Add(S.Indices, S.Broadcast(S.Width)), end, b, zero);
            }
            even = S.MultiplyAdd(a, a, even);
            odd = S.MultiplyAdd(b, b, odd);
        }
        return S.Sum(S.Add(even, odd));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scale(float* x, float* weight, float scale, int columns, float* output)
    {
        for (int i = 0; i < columns; i += S.Width)
            S.Store(output + i, S.Multiply(S.Multiply(S.Load(x + i), S.Broadcast(scale)), S.Load(weight + i)));
    }
}
