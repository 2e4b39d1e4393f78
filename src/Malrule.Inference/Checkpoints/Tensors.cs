namespace Malrule.Inference.Checkpoints;

/// <summary>Element types of the tensors Malrule computes with.</summary>
internal enum DType { F16, BF16, F32, I32 }

/// <summary>
/// A tensor of a memory-mapped checkpoint, row-major. The bytes belong to the checkpoint that was opened and are gone with it.
/// </summary>
internal sealed unsafe class DenseTensor(string name, DType dtype, int[] shape, byte* data)
{
    public string Name { get; } = name;
    public DType DType { get; } = dtype;
    public int[] Shape { get; } = shape;
    public byte* Data { get; } = data;

    /// <summary>Whether the bytes are pages of a mapped file: dropped from memory, they come back from it when read.</summary>
    public bool IsMapped { get; init; }

    public long Count => Shape.Aggregate(1L, (product, extent) => product * extent);
    public int ElementSize => DType is DType.F16 or DType.BF16 ? 2 : 4;

    /// <summary>Element <paramref name="index"/> as fp32 (not for I32).</summary>
    public float this[long index] => DType switch
    {
        DType.F16 => (float)((Half*)Data)[index],
        DType.BF16 => BitConverter.UInt32BitsToSingle((uint)((ushort*)Data)[index] << 16),
        DType.F32 => ((float*)Data)[index],
        _ => throw new InvalidOperationException($"{Name} holds integers."),
    };
}

/// <summary>One linear layer of a checkpoint: y = x·Wᵀ + b, with W [Outputs, Inputs] as Hugging Face counts it.</summary>
internal abstract record LinearSource(string Name, int Inputs, int Outputs, DenseTensor? Bias)
{
    /// <summary>W[output, input] in fp32.</summary>
    public abstract float this[int output, int input] { get; }
}

/// <summary>Unquantised weights [Outputs, Inputs].</summary>
internal sealed record DenseLinear(string Name, int Inputs, int Outputs, DenseTensor Weight, DenseTensor? Bias)
    : LinearSource(Name, Inputs, Outputs, Bias)
{
    public override float this[int output, int input] => Weight[(long)output * Inputs + input];
}

/// <summary>
/// AWQ "gemm" weights: <c>w[k, n] = (q − z) · s</c> with q, z in 0…15 and z, s at group k / GroupSize.
/// <para>QWeight int32 [Inputs, Outputs/8], QZeros int32 [Inputs/GroupSize, Outputs/8], Scales fp16 [Inputs/GroupSize, Outputs].
/// Column 8c + j stands in word c at nibble <see cref="NibbleOfColumn"/>[j]. Layout read from AutoAWQ's packing.</para>
/// </summary>
internal sealed record AwqLinear(string Name, int Inputs, int Outputs, int GroupSize,
    DenseTensor QWeight, DenseTensor QZeros, DenseTensor Scales, DenseTensor? Bias)
    : LinearSource(Name, Inputs, Outputs, Bias)
{
    public static ReadOnlySpan<byte> NibbleOfColumn => [0, 4, 1, 5, 2, 6, 3, 7];

    public override float this[int output, int input]
    {
        get
        {
            int group = input / GroupSize;
            return (Nibble(QWeight, input, output) - Nibble(QZeros, group, output)) * Scales[(long)group * Outputs + output];
        }
    }

    private unsafe int Nibble(DenseTensor words, int row, int column)
    {
        int word = ((int*)words.Data)[(long)row * (Outputs / 8) + column / 8];
        return (word >> (4 * NibbleOfColumn[column % 8])) & 15;
    }
}
