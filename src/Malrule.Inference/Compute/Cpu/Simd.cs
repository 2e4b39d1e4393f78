using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>
/// The vector operations that kernels are written in, once for every instruction set: <typeparamref name="V"/> is the register of
/// one of them, and the JIT compiles each kernel anew for it. Every lane of every operation is the IEEE operation it names, so a
/// lane's value never depends on which lane it stands in; sums across lanes are taken in one fixed order.
/// </summary>
internal unsafe interface ISimd<V> where V : unmanaged
{
    /// <summary>As in <c>EngineOptions.KernelPath</c>.</summary>
    static abstract string Name { get; }
    static abstract bool IsSupported { get; }

    /// <summary>fp32 lanes.</summary>
    static abstract int Width { get; }

    static abstract V Load(float* source);
    static abstract void Store(float* destination, V value);
    static abstract V Broadcast(float value);

    /// <summary>0, 1, 2, … in the lanes.</summary>
    static abstract V Indices { get; }

    static abstract V Add(V a, V b);
    static abstract V Subtract(V a, V b);
    static abstract V Multiply(V a, V b);
    static abstract V Divide(V a, V b);

    /// <summary>a · b + c, rounded once.</summary>
    static abstract V MultiplyAdd(V a, V b, V c);

    /// <summary>The greater; <paramref name="b"/> where either is not a number on x86 (a not-a-number elsewhere).</summary>
    static abstract V Max(V a, V b);
    static abstract V Min(V a, V b);

    /// <summary>a &lt; b ? then : otherwise.</summary>
    static abstract V IfLess(V a, V b, V then, V otherwise);

    /// <summary>Bit i: whether a ≥ b in lane i.</summary>
    static abstract uint AtLeast(V a, V b);

    /// <summary>word / 2³² of random words, rounded down to 23 bits.</summary>
    static abstract V Uniform(uint* words);

    /// <summary>2ⁿ of x = n + 1.5·2²³ with n in −126…127: the low bits of x are n already.</summary>
    static abstract V PowerOfTwo(V x);

    static abstract float Sum(V value);
    static abstract float MaxOf(V value);

    /// <summary>Widens fp16 values, subnormals, infinities and not-a-numbers included.</summary>
    static abstract V LoadHalf(ushort* source);

    /// <summary>Rounds to fp16, to nearest and ties to even.</summary>
    static abstract void StoreHalf(ushort* destination, V value);
}

/// <summary>512-bit registers: AVX-512.</summary>
internal readonly unsafe struct Simd512 : ISimd<Vector512<float>>
{
    public static string Name => "avx512";
    public static bool IsSupported => Vector512.IsHardwareAccelerated;
    public static int Width => 16;
    public static Vector512<float> Indices => Vector512<float>.Indices;

    public static Vector512<float> Load(float* source) => Vector512.Load(source);
    public static void Store(float* destination, Vector512<float> value) => value.Store(destination);
    public static Vector512<float> Broadcast(float value) => Vector512.Create(value);
    public static Vector512<float> Add(Vector512<float> a, Vector512<float> b) => a + b;
    public static Vector512<float> Subtract(Vector512<float> a, Vector512<float> b) => a - b;
    public static Vector512<float> Multiply(Vector512<float> a, Vector512<float> b) => a * b;
    public static Vector512<float> Divide(Vector512<float> a, Vector512<float> b) => a / b;
    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) => Vector512.FusedMultiplyAdd(a, b, c);
    public static Vector512<float> Max(Vector512<float> a, Vector512<float> b) => Vector512.MaxNative(a, b);
    public static Vector512<float> Min(Vector512<float> a, Vector512<float> b) => Vector512.MinNative(a, b);

    public static Vector512<float> IfLess(Vector512<float> a, Vector512<float> b, Vector512<float> then, Vector512<float> otherwise) =>
        Vector512.ConditionalSelect(Vector512.LessThan(a, b), then, otherwise);

    public static uint AtLeast(Vector512<float> a, Vector512<float> b) => (uint)Vector512.GreaterThanOrEqual(a, b).ExtractMostSignificantBits();

    public static Vector512<float> Uniform(uint* words) =>
        ((Vector512.Load(words) >> 9) | Vector512.Create(Fp32.One)).AsSingle() - Vector512<float>.One;

    public static Vector512<float> PowerOfTwo(Vector512<float> x) => ((x.AsUInt32() << 23) + Vector512.Create(Fp32.One)).AsSingle();

    public static float Sum(Vector512<float> value) => Simd256.Sum(value.GetLower() + value.GetUpper());
    public static float MaxOf(Vector512<float> value) => Simd256.MaxOf(Vector256.MaxNative(value.GetLower(), value.GetUpper()));

    public static Vector512<float> LoadHalf(ushort* source)
    {
        Vector512<int> bits = Widen(Vector256.Load((short*)source)) << 13;
        Vector512<float> magnitude = (bits & Vector512.Create(Fp16.Magnitude)).AsSingle() * Vector512.Create(Fp16.Rescale);
        Vector512<int> special = Vector512.GreaterThanOrEqual(magnitude, Vector512.Create(Fp16.FirstSpecial)).AsInt32() & Vector512.Create(Fp16.Exponent);
        return (magnitude.AsInt32() | special | (bits & Vector512.Create(int.MinValue))).AsSingle();
    }

    public static void StoreHalf(ushort* destination, Vector512<float> value)
    {
        Vector512<int> bits = value.AsInt32(), magnitude = bits & Vector512.Create(int.MaxValue);
        Vector512<int> rounded = magnitude + ((magnitude >> 13) & Vector512<int>.One) + Vector512.Create(Fp16.Rebias);
        Vector512<int> normal = Vector512.Min(rounded >> 13, Vector512.Create(Fp16.Infinity));
        Vector512<int> subnormal = (magnitude.AsSingle() + Vector512.Create(Fp16.SubnormalMagic)).AsInt32() - Vector512.Create(Fp16.SubnormalMagicBits);
        Vector512<int> half = Vector512.ConditionalSelect(Vector512.LessThan(magnitude, Vector512.Create(Fp16.FirstNormal)), subnormal, normal);
        half = Vector512.ConditionalSelect(Vector512.GreaterThan(magnitude, Vector512.Create(Fp16.Exponent)), Vector512.Create(Fp16.NotANumber), half);
        half |= (bits >> 16) & Vector512.Create(Fp16.Sign);
        Vector256.Narrow(half.GetLower(), half.GetUpper()).Store((short*)destination);
    }

    private static Vector512<int> Widen(Vector256<short> value) => Avx512F.IsSupported
        ? Avx512F.ConvertToVector512Int32(value)
        : Vector512.Create(Vector256.WidenLower(value), Vector256.WidenUpper(value));
}

/// <summary>256-bit registers: AVX2 with FMA.</summary>
internal readonly unsafe struct Simd256 : ISimd<Vector256<float>>
{
    public static string Name => "avx2";
    public static bool IsSupported => Vector256.IsHardwareAccelerated;
    public static int Width => 8;
    public static Vector256<float> Indices => Vector256<float>.Indices;

    public static Vector256<float> Load(float* source) => Vector256.Load(source);
    public static void Store(float* destination, Vector256<float> value) => value.Store(destination);
    public static Vector256<float> Broadcast(float value) => Vector256.Create(value);
    public static Vector256<float> Add(Vector256<float> a, Vector256<float> b) => a + b;
    public static Vector256<float> Subtract(Vector256<float> a, Vector256<float> b) => a - b;
    public static Vector256<float> Multiply(Vector256<float> a, Vector256<float> b) => a * b;
    public static Vector256<float> Divide(Vector256<float> a, Vector256<float> b) => a / b;
    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) => Vector256.FusedMultiplyAdd(a, b, c);
    public static Vector256<float> Max(Vector256<float> a, Vector256<float> b) => Vector256.MaxNative(a, b);
    public static Vector256<float> Min(Vector256<float> a, Vector256<float> b) => Vector256.MinNative(a, b);

    public static Vector256<float> IfLess(Vector256<float> a, Vector256<float> b, Vector256<float> then, Vector256<float> otherwise) =>
        Vector256.ConditionalSelect(Vector256.LessThan(a, b), then, otherwise);

    public static uint AtLeast(Vector256<float> a, Vector256<float> b) => Vector256.GreaterThanOrEqual(a, b).ExtractMostSignificantBits();

    public static Vector256<float> Uniform(uint* words) =>
        ((Vector256.Load(words) >> 9) | Vector256.Create(Fp32.One)).AsSingle() - Vector256<float>.One;

    public static Vector256<float> PowerOfTwo(Vector256<float> x) => ((x.AsUInt32() << 23) + Vector256.Create(Fp32.One)).AsSingle();

    public static float Sum(Vector256<float> value) => Simd128.Sum(value.GetLower() + value.GetUpper());
    public static float MaxOf(Vector256<float> value) => Simd128.MaxOf(Vector128.MaxNative(value.GetLower(), value.GetUpper()));

    public static Vector256<float> LoadHalf(ushort* source)
    {
        Vector256<int> bits = Widen(Vector128.Load((short*)source)) << 13;
        Vector256<float> magnitude = (bits & Vector256.Create(Fp16.Magnitude)).AsSingle() * Vector256.Create(Fp16.Rescale);
        Vector256<int> special = Vector256.GreaterThanOrEqual(magnitude, Vector256.Create(Fp16.FirstSpecial)).AsInt32() & Vector256.Create(Fp16.Exponent);
        return (magnitude.AsInt32() | special | (bits & Vector256.Create(int.MinValue))).AsSingle();
    }

    public static void StoreHalf(ushort* destination, Vector256<float> value)
    {
        Vector256<int> bits = value.AsInt32(), magnitude = bits & Vector256.Create(int.MaxValue);
        Vector256<int> rounded = magnitude + ((magnitude >> 13) & Vector256<int>.One) + Vector256.Create(Fp16.Rebias);
        Vector256<int> normal = Vector256.Min(rounded >> 13, Vector256.Create(Fp16.Infinity));
        Vector256<int> subnormal = (magnitude.AsSingle() + Vector256.Create(Fp16.SubnormalMagic)).AsInt32() - Vector256.Create(Fp16.SubnormalMagicBits);
        Vector256<int> half = Vector256.ConditionalSelect(Vector256.LessThan(magnitude, Vector256.Create(Fp16.FirstNormal)), subnormal, normal);
        half = Vector256.ConditionalSelect(Vector256.GreaterThan(magnitude, Vector256.Create(Fp16.Exponent)), Vector256.Create(Fp16.NotANumber), half);
        half |= (bits >> 16) & Vector256.Create(Fp16.Sign);
        Vector128.Narrow(half.GetLower(), half.GetUpper()).Store((short*)destination);
    }

    private static Vector256<int> Widen(Vector128<short> value) => Avx2.IsSupported
        ? Avx2.ConvertToVector256Int32(value)
        : Vector256.Create(Vector128.WidenLower(value), Vector128.WidenUpper(value));
}

/// <summary>128-bit registers, which every machine .NET runs on has (SSE, Advanced SIMD) or the runtime stands in for.</summary>
internal readonly unsafe struct Simd128 : ISimd<Vector128<float>>
{
    public static string Name => "portable";
    public static bool IsSupported => true;
    public static int Width => 4;
    public static Vector128<float> Indices => Vector128<float>.Indices;

    public static Vector128<float> Load(float* source) => Vector128.Load(source);
    public static void Store(float* destination, Vector128<float> value) => value.Store(destination);
    public static Vector128<float> Broadcast(float value) => Vector128.Create(value);
    public static Vector128<float> Add(Vector128<float> a, Vector128<float> b) => a + b;
    public static Vector128<float> Subtract(Vector128<float> a, Vector128<float> b) => a - b;
    public static Vector128<float> Multiply(Vector128<float> a, Vector128<float> b) => a * b;
    public static Vector128<float> Divide(Vector128<float> a, Vector128<float> b) => a / b;
    public static Vector128<float> MultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c) => Vector128.FusedMultiplyAdd(a, b, c);
    public static Vector128<float> Max(Vector128<float> a, Vector128<float> b) => Vector128.MaxNative(a, b);
    public static Vector128<float> Min(Vector128<float> a, Vector128<float> b) => Vector128.MinNative(a, b);

    public static Vector128<float> IfLess(Vector128<float> a, Vector128<float> b, Vector128<float> then, Vector128<float> otherwise) =>
        Vector128.ConditionalSelect(Vector128.LessThan(a, b), then, otherwise);

    public static uint AtLeast(Vector128<float> a, Vector128<float> b) => Vector128.GreaterThanOrEqual(a, b).ExtractMostSignificantBits();

    public static Vector128<float> Uniform(uint* words) =>
        ((Vector128.Load(words) >> 9) | Vector128.Create(Fp32.One)).AsSingle() - Vector128<float>.One;

    public static Vector128<float> PowerOfTwo(Vector128<float> x) => ((x.AsUInt32() << 23) + Vector128.Create(Fp32.One)).AsSingle();

    public static float Sum(Vector128<float> value) => (value[0] + value[2]) + (value[1] + value[3]);

    public static float MaxOf(Vector128<float> value)
    {
        Vector128<float> pairs = Vector128.MaxNative(value, Vector128.Shuffle(value, Vector128.Create(2, 3, 0, 1)));
        return Vector128.MaxNative(pairs, Vector128.Shuffle(pairs, Vector128.Create(1, 0, 3, 2)))[0];
    }

    public static Vector128<float> LoadHalf(ushort* source)
    {
        Vector128<int> bits = Vector128.WidenLower(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<long>(source)).AsInt16()) << 13;
        Vector128<float> magnitude = (bits & Vector128.Create(Fp16.Magnitude)).AsSingle() * Vector128.Create(Fp16.Rescale);
        Vector128<int> special = Vector128.GreaterThanOrEqual(magnitude, Vector128.Create(Fp16.FirstSpecial)).AsInt32() & Vector128.Create(Fp16.Exponent);
        return (magnitude.AsInt32() | special | (bits & Vector128.Create(int.MinValue))).AsSingle();
    }

    public static void StoreHalf(ushort* destination, Vector128<float> value)
    {
        for (int i = 0; i < 4; i++)
            destination[i] = BitConverter.HalfToUInt16Bits((Half)value[i]);
    }
}

/// <summary>Bit patterns of fp32.</summary>
internal static class Fp32
{
    public const uint One = 127u << 23;
}

/// <summary>Bit patterns for turning fp16 into fp32 and back by integer operations.</summary>
internal static class Fp16
{
    public const int Magnitude = 0x0FFF_E000; // exponent and mantissa of an fp16 shifted into an fp32's place
    public const float Rescale = 5.192296858534828e33f; // 2¹¹², the difference of the exponents' biases
    public const float FirstSpecial = 65536; // what infinity's exponent would stand for if it were an ordinary one
    public const int Exponent = 0x7F80_0000;
    public const int Rebias = 0xFFF - (112 << 23); // the exponents' biases, and half a unit less one for rounding
    public const int Infinity = 0x7C00;
    public const int NotANumber = 0x7E00;
    public const int Sign = 0x8000;
    public const int FirstNormal = 113 << 23; // 2⁻¹⁴
    public const float SubnormalMagic = 0.5f; // its last place is 2⁻²⁴, an fp16 subnormal's unit: adding it rounds to that
    public const int SubnormalMagicBits = 126 << 23;
}
