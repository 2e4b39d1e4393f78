using System.Runtime.CompilerServices;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>
/// Turns element i and i + headDim/2 of every query and key head by the angle of the row's position; a head that has a norm is
/// scaled by it first, while it is at hand.
/// </summary>
internal unsafe struct Rotary<S, V>(RowItems rows, int* positions, CpuTensor qkv, AttentionShape shape, float* cos, float* sin,
    CpuVector? queryNorm, CpuVector? keyNorm, float epsilon) : IJob
    where S : ISimd<V> where V : unmanaged
{
    public readonly void Run(int item, int worker)
    {
        int half = shape.HeadDim / 2;
        for (int row = rows.First(item); row < rows.End(item); row++)
        {
            float* rowCos = cos + (long)positions[row] * half, rowSin = sin + (long)positions[row] * half;
            for (int head = 0; head < shape.Heads + shape.KvHeads; head++)
            {
                float* x = qkv.Row(row) + head * shape.HeadDim;
                if ((head < shape.Heads ? queryNorm : keyNorm) is { } norm)
                    Normalise(x, norm.Data, epsilon, shape.HeadDim);
                Turn(x, rowCos, rowSin, half);
            }
        }
    }

    /// <summary>x = x / rms(x) · gain.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Normalise(float* x, float* gain, float epsilon, int count)
    {
        int whole = count / S.Width * S.Width;
        V sums = S.Broadcast(0);
        for (int i = 0; i < whole; i += S.Width)
            sums = S.MultiplyAdd(S.Load(x + i), S.Load(x + i), sums);
        float squares = S.Sum(sums);
        for (int i = whole; i < count; i++)
            squares += x[i] * x[i];
        float scale = (float)(1 / Math.Sqrt((double)squares / count + epsilon));
        for (int i = 0; i < whole; i += S.Width)
            S.Store(x + i, S.Multiply(S.Multiply(S.Load(x + i), S.Broadcast(scale)), S.Load(gain + i)));
        for (int i = whole; i < count; i++)
            x[i] = x[i] * scale * gain[i];
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
