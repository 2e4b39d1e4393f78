using System.Runtime.InteropServices;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>How a panel of weights, 16 output columns wide, is laid out for the integer kernels.</summary>
internal enum WeightForm
{
    /// <summary>
    /// 4-bit as stored: 64-byte lines of 16 columns × 8 k (lane n, byte j: q[k+j] in the low nibble, q[k+4+j] in the high one); of each group
    /// 16 fp16 scales and 16 4-bit zeros (columns 2i and 2i+1 at nibble i of the first and the second word).
    /// </summary>
    Int4,

    /// <summary>8-bit as stored: lines of 16 columns × 4 k holding q + 128; of each group 16 bf16 scales.</summary>
    Int8,

    /// <summary>
    /// 4-bit weights unpacked to bytes in cache: lines of 16 columns × 4 k holding 16·q; of each group 16 fp32 scales / 16 and 16 fp32 zeros · 16.
    /// (8-bit weights take this form too where no code is generated, without the factor.)
    /// </summary>
    Unpacked,
}

/// <summary>
/// What an integer kernel is called with: a tile of up to <see cref="MaxRows"/> rows times a panel of 16 columns over some groups of k.
/// For each group: t = −zero·Σ(scale·Σa) − offset·Σ scale, then t += scale·(offset + Σ q·a) for each subgroup of 32, then the output's value += groupScale·t.
/// Generated code knows the offsets; see <see cref="WeightForm"/> and <see cref="QuantizedRows"/> for the layouts.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct GemmArguments
{
    /// <summary>Rows of a tile: 14 int32 and 14 fp32 accumulators, two weights and a mask fill the 32 registers of AVX-512.</summary>
    public const int MaxRows = 14;

    /// <summary>The panel's lines.</summary>
    public byte* Weights;

    /// <summary>Scales and zeros of the panel's groups.</summary>
    public byte* Scales;

    /// <summary>The tile's quantised activations.</summary>
    public byte* Activations;

    /// <summary>Fetched into cache at the pace the weights are read: 4 lines for each subgroup, 8 for Int8.</summary>
    public byte* Prefetch;

    /// <summary>[rows, 16] fp32, written.</summary>
    public float* Output;

    /// <summary>Bytes from a row of the output to the next.</summary>
    public long OutputStride;

    /// <summary>What is added to: the bias, with stride 0, or the output so far. The kernel changes it and its stride.</summary>
    public float* Initial;

    /// <summary>Bytes from a row of the initial values to the next.</summary>
    public long InitialStride;

    /// <summary>Groups to do; the kernel counts it down.</summary>
    public long Groups;

    /// <summary>Subgroups of 32 in a group: 1, 2 or 4.</summary>
    public long Subgroups;

    /// <summary>The kernel's own: the next row of the output to fetch.</summary>
    public float* NextOutput;
}
