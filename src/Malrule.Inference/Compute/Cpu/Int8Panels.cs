using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>
/// Unquantised weights rounded to int8 at load for fast mode, in groups along k with one scale each (symmetric; bf16, rounded up so that no
/// weight overflows), in panels of 16 output columns (<see cref="WeightForm.Int8"/>).
/// </summary>
internal sealed unsafe class Int8Panels : QuantizedPanels
{
    /// <summary>Weights that share a scale.</summary>
    public const int DefaultGroup = 128;

    private const int PanelsPerTask = 32;
    private readonly DenseRows _rows;

    /// <param name="rows">The weights.</param>
    /// <param name="groupSize">32, 64 or 128.</param>
    public Int8Panels(DenseRows rows, int groupSize = DefaultGroup) : base(WeightForm.Int8, rows.Inputs, rows.Outputs, groupSize) => _rows = rows;

    public override int PackTasks => (Count + PanelsPerTask - 1) / PanelsPerTask;

    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Pack(int task)
    {
        float* weights = stackalloc float[GroupSize];
        int firstPanel = task * PanelsPerTask, lastPanel = Math.Min(firstPanel + PanelsPerTask, Count);
        for (int output = firstPanel * Width; output < lastPanel * Width; output++)
        {
            int panel = output / Width, column = output % Width;
            for (int group = 0; group < Groups; group++)
            {
                int count = output < Outputs ? Math.Min(GroupSize, Inputs - group * GroupSize) : 0;
                new Span<float>(weights + count, GroupSize - count).Clear();
                if (count > 0)
                    _rows.Read(output, group * GroupSize, count, weights);
                ((ushort*)Scales(panel, group))[column] = Quantize(weights, Lines(panel, group) + 4 * column);
            }
        }
        _rows.Drop(firstPanel * Width, Math.Min(lastPanel * Width, Outputs) - firstPanel * Width);
    }

    /// <summary>Writes a column's group, four bytes a line, and returns its scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private ushort Quantize(float* weights, byte* destination)
    {
        const float round = QuantizedRows.Offset; // adding it rounds to the nearest integer
        var largest = Vector256<float>.Zero;
        for (int k = 0; k < GroupSize; k += 8)
            largest = Vector256.Max(largest, Vector256.Abs(Vector256.Load(weights + k)));
        float magnitude = 0;
        for (int lane = 0; lane < 8; lane++)
            magnitude = MathF.Max(magnitude, largest[lane]);
        ushort scale = magnitude < 1e-30f ? (ushort)0 : HalfFloats.ToBFloatUp(magnitude / 127);
        float step = HalfFloats.FromBFloat(scale);
        var inverse = Vector256.Create(scale == 0 ? 0 : 1 / step);
        for (int k = 0; k < GroupSize; k += 8)
        {
            var rounded = (Vector256.Load(weights + k) * inverse + Vector256.Create(round)).AsInt32() - Vector256.Create(QuantizedRows.OffsetBits);
            var offset = rounded + Vector256.Create(128) & Vector256.Create(255); // one byte a lane
            for (int line = 0; line < 2; line++)
            {
                var four = line == 0 ? offset.GetLower() : offset.GetUpper();
                *(uint*)(destination + (k / 4 + line) * Line) = (uint)(four[0] | four[1] << 8 | four[2] << 16 | four[3] << 24);
            }
        }
        return scale;
    }

    public override byte* Unpack(int panel, int group, int groups, byte* lines, float* scales)
    {
        for (int i = 0; i < groups; i++, scales += 2 * Width)
        {
            HalfFloats.FromBFloat((ushort*)Scales(panel, group + i)).Store(scales);
            Vector512.Create(128f).Store(scales + Width);
        }
        return Lines(panel, group);
    }
}
