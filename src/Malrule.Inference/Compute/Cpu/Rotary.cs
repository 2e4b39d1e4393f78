using System.Runtime.CompilerServices;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>Turns element i and i + headDim/2 of every query and key head by the angle of the row's position.</summary>
internal unsafe struct Rotary<S, V>(RowItems rows, int* positions, CpuTensor qkv, int heads, int headDim, float* cos, float* sin) : IJob
    where S : ISimd<V> where V : unmanaged
{
    public readonly void Run(int item, int worker)
    {
        int half = headDim / 2;
        for (int row = rows.First(item); row < rows.End(item); row++)
            for (int head = 0; head < heads; head++)
                Turn(qkv.Row(row) + head * headDim, cos + (long)positions[row] * half, sin + (long)positions[row] * half, half);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Turn(float* x, float* cos, float* sin, int half)
    {
        int i = 0;
        for (; i + S.Width <= half; i += S.Width)
        {
            V a = S.Load(x + i), b = S.Load(x + half + i), c = S.Load(cos + i), s = S.Load(sin + i);
            S.Store(x + i, S.Subtract(S.Multiply(a, c), S.Multiply(b, s)));
            S.Store(x + half + i, S.Add(S.Multiply(b, c), S.Multiply(a, s)));
        }

        // the same products and sums, each rounded, as in the lanes above
        for (; i < half; i++)
            (x[i], x[half + i]) = (x[i] * cos[i] - x[half + i] * sin[i], x[half + i] * cos[i] + x[i] * sin[i]);
    }
}
