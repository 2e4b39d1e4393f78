using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>
/// fp16 and bf16 to fp32, sixteen at a time and exactly, infinities and NaN included: .NET has no intrinsic for F16C. Subnormals, common
/// among small weights, take no slower way.
/// </summary>
internal static unsafe class HalfFloats
{
    /// <summary>Sixteen fp16 values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> FromHalf(ushort* source)
    {
        var bits = Widen(source);
        var magnitude = (bits & Vector512.Create(0x7FFFu)) << 13; // exponent and fraction where fp32 has them
        var rebias = Vector512.Create(112u << 23);
        var infinite = Vector512.GreaterThanOrEqual(magnitude.AsInt32(), Vector512.Create(0x1F << 23)).AsUInt32();
        var normal = magnitude + rebias + (infinite & rebias);
        // A subnormal's fraction becomes that of 2^-14 · (1 + fraction); taking 2^-14 off is exact.
        var unit = Vector512.Create(113u << 23);
        var subnormal = ((magnitude + unit).AsSingle() - unit.AsSingle()).AsUInt32();
        var isSubnormal = Vector512.LessThan(magnitude.AsInt32(), Vector512.Create(1 << 23)).AsUInt32();
        var value = Vector512.ConditionalSelect(isSubnormal, subnormal, normal);
        return (value | (bits & Vector512.Create(0x8000u)) << 16).AsSingle();
    }

    /// <summary>Sixteen bf16 values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> FromBFloat(ushort* source) => (Widen(source) << 16).AsSingle();

    public static float FromBFloat(ushort value) => BitConverter.UInt32BitsToSingle((uint)value << 16);

    /// <summary>The smallest bf16 value not below a positive one; NaN for NaN.</summary>
    public static ushort ToBFloatUp(float value) =>
        float.IsNaN(value) ? (ushort)0x7FC0 : (ushort)(BitConverter.SingleToUInt32Bits(value) + 0xFFFF >> 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Widen(ushort* source)
    {
        var halves = Vector256.Load(source);
        return Vector512.Create(Vector256.WidenLower(halves), Vector256.WidenUpper(halves));
    }
}
