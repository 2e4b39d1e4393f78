using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>fp16 and bf16 to fp32, eight at a time and exactly, subnormals, infinities and NaN included: .NET has no intrinsic for F16C.</summary>
internal static unsafe class HalfFloats
{
    /// <summary>Eight fp16 values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> FromHalf(Vector128<ushort> halves)
    {
        var bits = Widen(halves);
        var magnitude = (bits & Vector256.Create(0x7FFFu)) << 13; // exponent and fraction where fp32 has them
        var rebias = Vector256.Create(112u << 23);
        var normal = magnitude + rebias;
        var infinite = Vector256.GreaterThanOrEqual(magnitude.AsInt32(), Vector256.Create(0x1F << 23)).AsUInt32();
        normal += infinite & rebias;
        // A subnormal's fraction becomes that of 2^-14 · (1 + fraction); taking 2^-14 off is exact.
        var unit = Vector256.Create(113u << 23);
        var subnormal = ((magnitude + unit).AsSingle() - unit.AsSingle()).AsUInt32();
        var isSubnormal = Vector256.LessThan(magnitude.AsInt32(), Vector256.Create(1 << 23)).AsUInt32();
        var value = Vector256.ConditionalSelect(isSubnormal, subnormal, normal);
        return (value | (bits & Vector256.Create(0x8000u)) << 16).AsSingle();
    }

    /// <summary>Eight bf16 values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> FromBFloat(Vector128<ushort> halves) => (Widen(halves) << 16).AsSingle();

    public static float FromBFloat(ushort value) => BitConverter.UInt32BitsToSingle((uint)value << 16);

    /// <summary>The smallest bf16 value not below a positive one; NaN for NaN.</summary>
    public static ushort ToBFloatUp(float value) =>
        float.IsNaN(value) ? (ushort)0x7FC0 : (ushort)(BitConverter.SingleToUInt32Bits(value) + 0xFFFF >> 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Widen(Vector128<ushort> halves) =>
        Vector256.Create(Vector128.WidenLower(halves), Vector128.WidenUpper(halves));
}
