using System.Runtime.Intrinsics;
using Malrule.Inference.Compute.Cpu;

namespace Malrule.Inference.Tests.Compute.Cpu;

public sealed unsafe class SimdTests
{
    [Fact]
    public void Every_fp16_value_widens_exactly()
    {
        Widens<Simd128, Vector128<float>>();
        Widens<Simd256, Vector256<float>>();
        Widens<Simd512, Vector512<float>>();
    }

    [Fact]
    public void Values_round_to_fp16_to_nearest_even()
    {
        Rounds<Simd128, Vector128<float>>();
        Rounds<Simd256, Vector256<float>>();
        Rounds<Simd512, Vector512<float>>();
    }

    [Fact]
    public void Exp_is_within_two_units_in_the_last_place()
    {
        Exp<Simd128, Vector128<float>>();
        Exp<Simd256, Vector256<float>>();
        Exp<Simd512, Vector512<float>>();
    }

    [Fact]
    public void Erf_is_within_its_bound()
    {
        Erf<Simd128, Vector128<float>>();
        Erf<Simd256, Vector256<float>>();
        Erf<Simd512, Vector512<float>>();
    }

    private static void Widens<S, V>() where S : ISimd<V> where V : unmanaged
    {
        float* lanes = stackalloc float[16];
        ushort* halves = stackalloc ushort[16];
        for (int first = 0; first < 65536; first += S.Width)
        {
            for (int i = 0; i < S.Width; i++)
                halves[i] = (ushort)(first + i);
            S.Store(lanes, S.LoadHalf(halves));
            for (int i = 0; i < S.Width; i++)
            {
                float expected = (float)BitConverter.UInt16BitsToHalf((ushort)(first + i));
                Assert.True(float.IsNaN(expected) ? float.IsNaN(lanes[i]) : Bits(expected) == Bits(lanes[i]), $"{first + i:x4}");
            }
        }
    }

    private static void Rounds<S, V>() where S : ISimd<V> where V : unmanaged
    {
        float* lanes = stackalloc float[16];
        ushort* halves = stackalloc ushort[16];
        var random = new Random(1);
        for (int n = 0; n < 20_000; n++)
        {
            for (int i = 0; i < S.Width; i++)
            {
                // any bits; values in fp16's range; ties and their neighbours
                uint bits = (uint)random.NextInt64(1L << 32);
                float value = BitConverter.UInt32BitsToSingle(bits);
                float half = (float)BitConverter.UInt16BitsToHalf((ushort)bits), next = (float)BitConverter.UInt16BitsToHalf((ushort)(bits + 1));
                lanes[i] = (n % 4) switch
                {
                    0 => value,
                    1 => (float)Math.ScaleB(random.NextDouble() - 0.5, random.Next(-30, 18)),
                    2 => (half + next) / 2,
                    _ => MathF.BitIncrement((half + next) / 2),
                };
            }
            S.StoreHalf(halves, S.Load(lanes));
            for (int i = 0; i < S.Width; i++)
            {
                Half expected = (Half)lanes[i], actual = BitConverter.UInt16BitsToHalf(halves[i]);
                Assert.True(Half.IsNaN(expected) ? Half.IsNaN(actual) : BitConverter.HalfToUInt16Bits(expected) == halves[i], $"{lanes[i]:R}");
            }
        }
    }

    private static void Exp<S, V>() where S : ISimd<V> where V : unmanaged
    {
        for (float x = -87.3f; x < 88.3f; x += 0.0031f)
        {
            float expected = (float)Math.Exp(x), actual = One<S, V>(VectorMath.Exp<S, V>(S.Broadcast(x)));
            Assert.InRange(Math.Abs((long)Bits(expected) - Bits(actual)), 0, 2);
        }
        Assert.Equal(1, One<S, V>(VectorMath.Exp<S, V>(S.Broadcast(0))));
        Assert.Equal(0, One<S, V>(VectorMath.Exp<S, V>(S.Broadcast(-88))));
        Assert.Equal(0, One<S, V>(VectorMath.Exp<S, V>(S.Broadcast(float.NegativeInfinity))));
        Assert.True(One<S, V>(VectorMath.Exp<S, V>(S.Broadcast(1000))) > 1e38f);
        Assert.True(float.IsNaN(One<S, V>(VectorMath.Exp<S, V>(S.Broadcast(float.NaN)))));
    }

    private static void Erf<S, V>() where S : ISimd<V> where V : unmanaged
    {
        for (float x = -7; x < 7; x += 0.0007f)
        {
            double expected = 1 - Inference.Compute.Reference.ErrorFunction.Complement(x);
            Assert.Equal(expected, One<S, V>(VectorMath.Erf<S, V>(S.Broadcast(x))), 3e-7 * Math.Abs(expected));
        }
    }

    private static uint Bits(float value) => BitConverter.SingleToUInt32Bits(value);

    private static float One<S, V>(V value) where S : ISimd<V> where V : unmanaged
    {
        float* lanes = stackalloc float[16];
        S.Store(lanes, value);
        for (int i = 1; i < S.Width; i++)
            Assert.Equal(Bits(lanes[0]), Bits(lanes[i]));
        return lanes[0];
    }
}
