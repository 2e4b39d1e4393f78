using System.Runtime.CompilerServices;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>output = (x − mean) / deviation · weight + bias of x = input + delta, row by row; the variance in a second pass.</summary>
internal unsafe struct LayerNorm<S, V>(
    RowItems rows, CpuTensor input, CpuTensor? delta, CpuVector weight, CpuVector bias, float epsilon, CpuTensor output, RowFaults faults) : IJob
    where S : ISimd<V> where V : unmanaged
{
    public readonly void Run(int item, int worker)
    {
        int columns = input.Columns;
        for (int row = rows.First(item); row < rows.End(item); row++)
        {
            float* x = output.Row(row);
            float mean = Add(input.Row(row), delta is null ? null : delta.Row(row), columns, x) / columns;
            float squares = Deviation(x, mean, columns);
            if (!float.IsFinite(squares))
                faults.Note(row);
            float scale = (float)(1 / Math.Sqrt((double)squares / columns + epsilon));
            for (int i = 0; i < columns; i += S.Width)
            {
                V normal = S.Multiply(S.Subtract(S.Load(x + i), S.Broadcast(mean)), S.Broadcast(scale));
                S.Store(x + i, S.MultiplyAdd(normal, S.Load(weight.Data + i), S.Load(bias.Data + i)));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Add(float* input, float* delta, int columns, float* output)
    {
        V zero = S.Broadcast(0), sum = zero;
        for (int i = 0; i < columns; i += S.Width)
        {
            V x = S.Load(input + i);
            if (delta != null)
                x = S.Add(x, S.Load(delta + i));
            S.Store(output + i, x);
            sum = S.Add(sum, S.IfLess(S.Indices, S.Broadcast(columns - i), x, zero));
        }
        return S.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Deviation(float* x, float mean, int columns)
    {
        V zero = S.Broadcast(0), sum = zero;
        for (int i = 0; i < columns; i += S.Width)
        {
            V difference = S.IfLess(S.Indices, S.Broadcast(columns - i), S.Subtract(S.Load(x + i), S.Broadcast(mean)), zero);
            sum = S.MultiplyAdd(difference, difference, sum);
        }
        return S.Sum(sum);
    }
}
