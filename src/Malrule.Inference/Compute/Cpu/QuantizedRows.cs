using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>
/// The layout of int8 activations. A row is cut in subgroups of 32 with a scale each (largest magnitude / 127, symmetric): trained
/// models carry huge values in a few channels, and a longer group would round their neighbours to nothing. Each row is quantised by
/// itself, so it does not depend on the rows beside it.
/// <para>The kernels start their integer sums at the bits of the float <see cref="Offset"/>, whose last place is 1: the sum is then the float
/// offset + Σ q·a, exactly, with no conversion. What that adds is taken off at the start of a group. Every other subgroup is stored
/// negated, values and scale, so that the offsets of neighbours cancel before they cost any precision that matters.</para>
/// <para>Rows stand in tiles of at most <see cref="GemmArguments.MaxRows"/>, as even as possible. A tile of R rows holds, for each group of
/// the weights: R fp32 −Σ(scale·Σa) and R fp32 −offset·Σ scale; then for each subgroup R fp32 scales and R × 32 bytes.</para>
/// </summary>
internal readonly unsafe struct QuantizedRows
{
    /// <summary>Activations that share a scale.</summary>
    public const int Subgroup = 32;

    /// <summary>1.5 · 2²³: with integers below 2²² in magnitude added to its bits, it still stands for offset + integer.</summary>
    public const float Offset = 3 << 22;

    /// <summary>The bits of <see cref="Offset"/>.</summary>
    public const int OffsetBits = 0x4B40_0000;

    private readonly byte* _data;
    private readonly int _groupSize, _bytesPerGroup;

    /// <summary>Rows of a tile; the first tiles, as many as <see cref="_largerTiles"/>, have one more.</summary>
    private readonly int _smallTile, _largerTiles;

    public QuantizedRows(byte* data, int rows, int inputs, int groupSize)
    {
        _data = data;
        (Rows, Inputs, _groupSize) = (rows, inputs, groupSize);
        Groups = (inputs + groupSize - 1) / groupSize;
        Tiles = (rows + GemmArguments.MaxRows - 1) / GemmArguments.MaxRows;
        (_smallTile, _largerTiles) = (rows / Tiles, rows % Tiles);
        _bytesPerGroup = BytesPerGroup(groupSize);
    }

    public int Rows { get; }
    public int Inputs { get; }
    public int GroupSize => _groupSize;
    public int Groups { get; }
    public int Tiles { get; }

    /// <summary>Bytes of one row's share of one group.</summary>
    public static int BytesPerGroup(int groupSize) => 2 * sizeof(float) + groupSize / Subgroup * (sizeof(float) + Subgroup);

    public static long Bytes(int rows, int inputs, int groupSize) =>
        (long)rows * ((inputs + groupSize - 1) / groupSize) * BytesPerGroup(groupSize);

    public int FirstRow(int tile) => tile * _smallTile + Math.Min(tile, _largerTiles);
    public int RowsOf(int tile) => _smallTile + (tile < _largerTiles ? 1 : 0);

    /// <summary>Where a tile's share of the groups from <paramref name="group"/> on starts.</summary>
    public byte* Start(int tile, int group) =>
        _data + ((long)FirstRow(tile) * Groups + (long)RowsOf(tile) * group) * _bytesPerGroup;

    /// <summary>Quantises the rows of a tile from fp32 [Rows, stride].</summary>
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Quantize(int tile, float* input, long stride)
    {
        int first = FirstRow(tile), rows = RowsOf(tile);
        float* tail = stackalloc float[_groupSize];
        for (int group = 0; group < Groups; group++)
        {
            int valid = Math.Min(_groupSize, Inputs - group * _groupSize);
            for (int row = 0; row < rows; row++)
            {
                float* source = input + (first + row) * stride + (long)group * _groupSize;
                if (valid < _groupSize)
                {
                    new Span<float>(source, valid).CopyTo(new Span<float>(tail, valid));
                    new Span<float>(tail + valid, _groupSize - valid).Clear();
                    source = tail;
                }
                for (int subgroup = 0; subgroup < _groupSize / Subgroup; subgroup++)
                    Quantize(tile, group, subgroup, row, source + subgroup * Subgroup);
            }
        }
    }

    /// <summary>
    /// Quantises 32 values of a row of a tile; a group's subgroups are to be done in ascending order. The last of them completes the group.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Quantize(int tile, int group, int subgroup, int row, float* source)
    {
        int rows = RowsOf(tile);
        float* header = (float*)Start(tile, group) + row; // [−Σ(scale·Σa), −offset·Σ scale] of each row
        byte* destination = (byte*)(header - row) + rows * (2 * sizeof(float) + subgroup * (sizeof(float) + Subgroup));
        float scale = QuantizeSubgroup(source, (sbyte*)(destination + rows * sizeof(float) + row * Subgroup), subgroup % 2 == 0 ? 1 : -1, out int sum);
        ((float*)destination)[row] = scale;
        header[0] = MathF.FusedMultiplyAdd(-scale, sum, subgroup == 0 ? 0 : header[0]);
        if ((subgroup + 1) * Subgroup < _groupSize)
            return;
        double scales = 0;
        for (; subgroup >= 0; subgroup--, destination -= rows * (sizeof(float) + Subgroup))
            scales += ((float*)destination)[row];
        header[rows] = (float)(-Offset * scales);
    }

    /// <summary>A value that is not finite makes the scale, and with it every output of the row, not finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float QuantizeSubgroup(float* source, sbyte* destination, float sign, out int sum)
    {
        var low = Vector512.Load(source);
        var high = Vector512.Load(source + 16);
        // As integers, magnitudes order as the floats do, with infinity and NaN on top.
        var magnitudes = Vector512.Max((low.AsInt32() & Vector512.Create(int.MaxValue)), (high.AsInt32() & Vector512.Create(int.MaxValue)));
        var half = Vector256.Max(magnitudes.GetLower(), magnitudes.GetUpper());
        var quarter = Vector128.Max(half.GetLower(), half.GetUpper());
        quarter = Vector128.Max(quarter, Vector128.Shuffle(quarter, Vector128.Create(2, 3, 0, 1)));
        quarter = Vector128.Max(quarter, Vector128.Shuffle(quarter, Vector128.Create(1, 0, 3, 2)));
        float largest = BitConverter.Int32BitsToSingle(quarter.ToScalar());
        bool isZero = largest < 1e-30f; // its reciprocal would overflow
        var inverse = Vector512.Create(isZero ? 0 : sign * 127 / largest);
        // Adding the offset rounds to the nearest integer, ties to even, and leaves it in the low bits.
        var lowInts = (low * inverse + Vector512.Create(Offset)).AsInt32() - Vector512.Create(OffsetBits);
        var highInts = (high * inverse + Vector512.Create(Offset)).AsInt32() - Vector512.Create(OffsetBits);
        sum = Vector512.Sum(lowInts + highInts);
        if (Avx512F.IsSupported)
        {
            Avx512F.ConvertToVector128SByte(lowInts).Store(destination);
            Avx512F.ConvertToVector128SByte(highInts).Store(destination + 16);
        }
        else
        {
            var words = Vector512.Narrow(lowInts, highInts);
            Vector256.Narrow(words.GetLower(), words.GetUpper()).Store(destination);
        }
        return isZero ? 0 : sign * largest * (1f / 127);
    }
}
