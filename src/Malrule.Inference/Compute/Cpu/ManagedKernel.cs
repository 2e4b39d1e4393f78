using System.Runtime.CompilerServices;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>Integer dot products of one instruction set.</summary>
internal unsafe interface IByteDot
{
    /// <summary>
    /// dots[row, column] = the bits of <see cref="QuantizedRows.Offset"/> + Σ weights·activations over a subgroup: weights are 8 lines of
    /// 16 columns × 4 k, row r's activations 32 bytes at activations + 32·r. Unless <paramref name="wide"/>, weights are multiples of 16.
    /// </summary>
    static abstract void Dot(byte* weights, sbyte* activations, int rows, bool wide, int* dots);
}

/// <summary>
/// The integer kernel in C#, for <see cref="WeightForm.Unpacked"/> weights: the same fp32 steps in the same order as the generated code
/// (<see cref="VnniAssembly"/>), with an instruction set's dot products and registers.
/// </summary>
internal static unsafe class ManagedKernel<TDot, S, V> where TDot : IByteDot where S : ISimd<V> where V : unmanaged
{
    private const int Columns = Panels.Width, Row = Columns * sizeof(float);

    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(GemmArguments* arguments, int rows, bool wide)
    {
        byte* buffer = stackalloc byte[2 * GemmArguments.MaxRows * Row + Row];
        float* sums = (float*)((nint)(buffer + Row - 1) & -Row); // [rows, 16]
        float* dots = sums + GemmArguments.MaxRows * Columns;    // [rows, 16]
        byte* weights = arguments->Weights, activations = arguments->Activations;
        float* scales = (float*)arguments->Scales;
        byte* output = (byte*)arguments->Output, initial = (byte*)arguments->Initial;
        nint outputStride = (nint)arguments->OutputStride, initialStride = (nint)arguments->InitialStride;
        for (long group = 0; group < arguments->Groups; group++, scales += 2 * Columns)
        {
            for (int row = 0; row < rows; row++)
            {
                V negatedSum = S.Broadcast(((float*)activations)[row]), offset = S.Broadcast(((float*)activations)[rows + row]);
                for (int lane = 0; lane < Columns; lane += S.Width)
                    S.Store(sums + row * Columns + lane, S.MultiplyAdd(S.Load(scales + Columns + lane), negatedSum, offset));
            }
            activations += 2 * rows * sizeof(float);
            for (long subgroup = 0; subgroup < arguments->Subgroups; subgroup++)
            {
                TDot.Dot(weights, (sbyte*)activations + rows * sizeof(float), rows, wide, (int*)dots);
                for (int row = 0; row < rows; row++)
                {
                    V scale = S.Broadcast(((float*)activations)[row]);
                    for (int lane = row * Columns; lane < (row + 1) * Columns; lane += S.Width)
                        S.Store(sums + lane, S.MultiplyAdd(S.Load(dots + lane), scale, S.Load(sums + lane)));
                }
                weights += QuantizedRows.Subgroup * Columns;
                activations += rows * (sizeof(float) + QuantizedRows.Subgroup);
            }
            for (int lane = 0; lane < Columns; lane += S.Width)
            {
                V groupScale = S.Load(scales + lane);
                for (int row = 0; row < rows; row++)
                {
                    V before = S.Load((float*)(initial + row * initialStride) + lane);
                    S.Store((float*)(output + row * outputStride) + lane, S.MultiplyAdd(S.Load(sums + row * Columns + lane), groupScale, before));
                }
            }
            initial = output;
            initialStride = outputStride;
        }
    }
}
