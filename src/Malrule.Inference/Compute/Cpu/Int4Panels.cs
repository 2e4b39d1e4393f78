using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Malrule.Inference.Checkpoints;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>
/// AWQ weights kept at 4 bits, regrouped in panels of 16 output columns that a kernel streams from front to back. A panel holds the
/// scales and zeros of its groups, then its lines (<see cref="WeightForm.Int4"/>). Parts that share their input stand side by side;
/// columns that fill up the last panel have scale 0.
/// </summary>
internal sealed unsafe class Int4Panels : QuantizedPanels, IWidePanels
{
    private const int LineDepth = 8;       // k of a line
    private const int WordsPerTask = 16;   // qweight words (of 8 columns) packed together: a cache line of the source
    private readonly AwqLinear[] _parts;

    private Int4Panels(AwqLinear[] parts) : base(WeightForm.Int4, parts[0].Inputs, parts.Sum(part => part.Outputs), parts[0].GroupSize) =>
        _parts = parts;

    /// <summary>The parts side by side; null unless all are AWQ of one group size.</summary>
    public static Int4Panels? TryCreate(ReadOnlySpan<LinearSource> parts)
    {
        AwqLinear[] quantized = [.. parts.ToArray().OfType<AwqLinear>()];
        return quantized.Length == parts.Length && quantized.All(part => part.GroupSize == quantized[0].GroupSize) ? new Int4Panels(quantized) : null;
    }

    public override int PackTasks => (Outputs / 8 + WordsPerTask - 1) / WordsPerTask;

    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Pack(int task)
    {
        int firstWord = task * WordsPerTask, words = Math.Min(WordsPerTask, Outputs / 8 - firstWord);
        uint** sources = stackalloc uint*[WordsPerTask];
        long* strides = stackalloc long[WordsPerTask];
        for (int word = 0; word < words; word++)
        {
            var (part, local) = PartOfWord(firstWord + word);
            sources[word] = (uint*)part.QWeight.Data + local;
            strides[word] = part.Outputs / 8;
            PackScales(part, local, firstWord + word);
        }
        if (words % 2 != 0)
            ClearScales(firstWord + words);

        uint* block = stackalloc uint[LineDepth * WordsPerTask]; // [k, word]
        uint* lanes = stackalloc uint[8 * WordsPerTask];         // [column in word, word]
        new Span<uint>(block, LineDepth * WordsPerTask).Clear();
        for (int k = 0; k < Inputs; k += LineDepth)
        {
            for (int i = 0; i < LineDepth; i++)
            {
                for (int word = 0; word < words; word++)
                    block[i * WordsPerTask + word] = sources[word][(k + i) * strides[word]];
            }
            Interleave(block, lanes);
            for (int word = 0; word < words; word += 2)
            {
                uint* line = (uint*)(Lines((firstWord + word) / 2) + k / LineDepth * Line);
                for (int column = 0; column < 8; column++)
                {
                    line[column] = lanes[column * WordsPerTask + word];
                    line[8 + column] = lanes[column * WordsPerTask + word + 1];
                }
            }
        }
    }

    /// <summary>Eight k of 16 words to a lane of each column: k and k + 4 in the low and high nibble of byte k % 4.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Interleave(uint* block, uint* lanes)
    {
        var nibble = Vector512.Create(15u);
        for (int column = 0; column < 8; column++)
        {
            int shift = 4 * AwqLinear.NibbleOfColumn[column];
            var lane = Vector512<uint>.Zero;
            for (int i = 0; i < 4; i++)
            {
                lane |= (Vector512.Load(block + i * WordsPerTask) >>> shift & nibble) << 8 * i;
                lane |= (Vector512.Load(block + (i + 4) * WordsPerTask) >>> shift & nibble) << 8 * i + 4;
            }
            lane.Store(lanes + column * WordsPerTask);
        }
    }

    private (AwqLinear Part, int Word) PartOfWord(int word)
    {
        int index = 0;
        while (word >= _parts[index].Outputs / 8)
            word -= _parts[index++].Outputs / 8;
        return (_parts[index], word);
    }

    private void PackScales(AwqLinear part, int word, int panelWord)
    {
        int half = panelWord % 2;
        for (int group = 0; group < Groups; group++)
        {
            byte* header = Scales(panelWord / 2, group);
            ushort* scales = (ushort*)part.Scales.Data + (long)group * part.Outputs + 8 * word;
            uint zeros = ((uint*)part.QZeros.Data)[(long)group * (part.Outputs / 8) + word];
            for (int column = 0; column < 8; column++)
            {
                ((ushort*)header)[8 * half + column] = scales[column];
                uint zero = zeros >> 4 * AwqLinear.NibbleOfColumn[column] & 15;
                uint* packed = (uint*)(header + 32) + column % 2;
                int shift = 4 * (4 * half + column / 2);
                *packed = *packed & ~(15u << shift) | zero << shift;
            }
        }
    }

    private void ClearScales(int panelWord)
    {
        for (int group = 0; group < Groups; group++)
            new Span<byte>(Scales(panelWord / 2, group) + 16 * (panelWord % 2), 16).Clear();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override byte* Unpack(int panel, int group, int groups, byte* lines, float* scales)
    {
        var high = Vector512.Create((byte)0xF0);
        byte* source = Lines(panel, group), end = Lines(panel, group + groups);
        for (byte* line = lines; source < end; source += Line, line += 2 * Line)
        {
            var packed = Vector512.Load(source);
            ((packed.AsUInt32() << 4).AsByte() & high).Store(line);
            (packed & high).Store(line + Line);
        }
        for (int i = 0; i < groups; i++, scales += 2 * Width)
        {
            LoadScales(Scales(panel, group + i), out var groupScales, out var zeros);
            (groupScales * (1 / 16f)).Store(scales);
            (zeros * 16).Store(scales + Width);
        }
        return lines;
    }

    /// <summary>w = (q − z) · s in fp32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Widen(int panel, int k, int count, float* destination, int stride)
    {
        for (int end = k + count; k < end;)
        {
            int group = k / GroupSize, groupEnd = Math.Min(end, (group + 1) * GroupSize);
            LoadScales(Scales(panel, group), out var scales, out var zeros);
            for (; k < groupEnd; k += LineDepth, destination += LineDepth * stride)
            {
                var packed = Vector512.Load((int*)(Lines(panel) + k / LineDepth * Line));
                Store(packed, 0, scales, zeros, destination);
                Store(packed, 8, scales, zeros, destination + stride);
                Store(packed, 16, scales, zeros, destination + 2 * stride);
                Store(packed, 24, scales, zeros, destination + 3 * stride);
                Store(packed, 4, scales, zeros, destination + 4 * stride);
                Store(packed, 12, scales, zeros, destination + 5 * stride);
                Store(packed, 20, scales, zeros, destination + 6 * stride);
                Store(packed, 28, scales, zeros, destination + 7 * stride);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector512<int> packed, [ConstantExpected] int shift, Vector512<float> scales, Vector512<float> zeros, float* destination)
    {
        var q = packed >>> shift & Vector512.Create(15);
        ((Vector512.ConvertToSingle(q) - zeros) * scales).Store(destination);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadScales(byte* header, out Vector512<float> scales, out Vector512<float> zeros)
    {
        scales = HalfFloats.FromHalf((ushort*)header);
        // Even columns in even lanes; the product moves each lane's nibble to the top.
        var words = Vector512.Create(*(ulong*)(header + 32)).AsUInt32();
        var toTop = Vector512.Create(1u << 28, 1u << 28, 1u << 24, 1u << 24, 1u << 20, 1u << 20, 1u << 16, 1u << 16,
            1u << 12, 1u << 12, 1u << 8, 1u << 8, 1u << 4, 1u << 4, 1u, 1u);
        zeros = Vector512.ConvertToSingle((words * toTop >>> 28).AsInt32());
    }
}
