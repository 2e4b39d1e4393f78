using System.Runtime.CompilerServices;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>output = silu(gate) · up, with gate and up side by side in a row.</summary>
internal unsafe struct SiluMultiply<S, V>(RowItems rows, CpuTensor gateUp, CpuTensor output) : IJob
    where S : ISimd<V> where V : unmanaged
{
    public readonly void Run(int item, int worker)
    {
        for (int row = rows.First(item); row < rows.End(item); row++)
            Compute(gateUp.Row(row), gateUp.Row(row) + output.Columns, output.Columns, output.Row(row));
    }

    /// <summary>output[i] = silu(gate[i]) · up[i], in place where output is gate; whole registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Compute(float* gate, float* up, int columns, float* output)
    {
        V zero = S.Broadcast(0), one = S.Broadcast(1);
        for (int i = 0; i < columns; i += S.Width)
        {
            V g = S.Load(gate + i);
            V silu = S.Divide(g, S.Add(one, VectorMath.Exp<S, V>(S.Subtract(zero, g))));
            S.Store(output + i, S.Multiply(silu, S.Load(up + i)));
        }
    }
}

/// <summary>x = x · (1 + erf(x / √2)) / 2.</summary>
internal unsafe struct Gelu<S, V>(RowItems rows, CpuTensor x) : IJob
    where S : ISimd<V> where V : unmanaged
{
    public readonly void Run(int item, int worker)
    {
        for (int row = rows.First(item); row < rows.End(item); row++)
            Compute(x.Row(row), x.Columns);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Compute(float* x, int columns)
    {
        for (int i = 0; i < columns; i += S.Width)
        {
            V value = S.Load(x + i), half = S.Multiply(value, S.Broadcast(0.5f));
            S.Store(x + i, S.MultiplyAdd(half, VectorMath.Erf<S, V>(S.Multiply(value, S.Broadcast(0.70710678f))), half));
        }
    }
}
