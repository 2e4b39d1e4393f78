using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>Integer dot products of one instruction set.</summary>
internal unsafe interface IByteDot
{
    /// <summary>
    /// dots[row, column] = Σ weights·activations over a subgroup: weights are 8 lines of 16 columns × 4 k, row r's activations 32 bytes at
    /// activations + 32·r. Unless <paramref name="wide"/>, weights are multiples of 16.
    /// </summary>
    static abstract void Dot(byte* weights, sbyte* activations, int rows, bool wide, int* dots);
}

/// <summary>
/// The integer kernel in C#, for <see cref="WeightForm.Unpacked"/> weights: the same fp32 steps in the same order as the generated code
/// (<see cref="VnniAssembly"/>), with an instruction set's dot products.
/// </summary>
internal static unsafe class ManagedKernel<TDot> where TDot : IByteDot
{
    private const int Columns = Panels.Width, LineBytes = 64;

    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(GemmArguments* arguments, int rows, bool wide)
    {
        byte* buffer = stackalloc byte[2 * GemmArguments.MaxRows * LineBytes + LineBytes];
        float* sums = (float*)((nint)(buffer + LineBytes - 1) & -LineBytes); // [rows, 16]
        int* dots = (int*)(sums + GemmArguments.MaxRows * Columns);          // [rows, 16]
        byte* weights = arguments->Weights, activations = arguments->Activations;
        float* scales = (float*)arguments->Scales;
        nint output = (nint)arguments->Output, initial = (nint)arguments->Initial;
        long initialStride = arguments->InitialStride;
        for (long group = 0; group < arguments->Groups; group++, scales += 2 * Columns)
        {
            var zeros = Vector512.Load(scales + Columns);
            for (int row = 0; row < rows; row++)
            {
                Vector512.FusedMultiplyAdd(zeros, Vector512.Create(((float*)activations)[row]), Vector512.Create(((float*)activations)[rows + row]))
                    .Store(sums + row * Columns);
            }
            activations += 2 * rows * sizeof(float);
            for (long subgroup = 0; subgroup < arguments->Subgroups; subgroup++)
            {
                TDot.Dot(weights, (sbyte*)activations + rows * sizeof(float), rows, wide, dots);
                for (int row = 0; row < rows; row++)
                {
                    var offsetDots = (Vector512.Load(dots + row * Columns) + Vector512.Create(QuantizedRows.OffsetBits)).AsSingle();
                    Vector512.FusedMultiplyAdd(offsetDots, Vector512.Create(((float*)activations)[row]), Vector512.Load(sums + row * Columns))
                        .Store(sums + row * Columns);
                }
                weights += QuantizedRows.Subgroup * Columns;
                activations += rows * (sizeof(float) + QuantizedRows.Subgroup);
            }
            var groupScale = Vector512.Load(scales);
            for (int row = 0; row < rows; row++)
            {
                Vector512.FusedMultiplyAdd(Vector512.Load(sums + row * Columns), groupScale, Vector512.Load((float*)(initial + (nint)(row * initialStride))))
                    .Store((float*)(output + (nint)(row * arguments->OutputStride)));
            }
            (initial, initialStride) = (output, arguments->OutputStride);
        }
    }
}
