using System.Runtime.Intrinsics;
using CsCheck;
using Malrule.Inference.Checkpoints;
using Malrule.Inference.Compute;
using Malrule.Inference.Compute.Cpu;

namespace Malrule.Inference.Tests.Compute.Cpu;

/// <summary>
/// Linear layers of both modes against plain double loops, and bit by bit: over rows, positions, threads and kernel paths.
/// </summary>
public sealed class LinearTests
{
    public static TheoryData<string, ComputeMode> PathsAndModes { get; } =
        [.. from path in Backends.KernelPaths from mode in Enum.GetValues<ComputeMode>() select (path, mode)];

    private static Backend Create(string path, ComputeMode mode, int threads = 2) =>
        Backends.Create(new EngineOptions { Device = "cpu", KernelPath = path, Mode = mode, Threads = threads });

    private static readonly Gen<LinearSource[]> AwqParts =
        from count in Gen.Int[1, 3]
        from logGroup in Gen.Int[5, 7]
        from groups in Gen.Int[1, 6]
        from words in Gen.Int[1, 12].Array[count]
        from seed in Gen.Int[0, 10_000]
        from bias in Gen.Bool
        select Enumerable.Range(0, count)
            .Select(i => (LinearSource)TestTensors.Awq(groups << logGroup, 8 * words[i], 1 << logGroup, seed + 3 * i, bias)).ToArray();

    private static readonly Gen<LinearSource[]> DenseParts =
        from count in Gen.Int[1, 3]
        from inputs in Gen.Int[1, 400]
        from outputs in Gen.Int[1, 70].Array[count]
        from seed in Gen.Int[0, 10_000]
        from half in Gen.Int[0, 2]
        select Enumerable.Range(0, count)
            .Select(i => (LinearSource)TestTensors.Linear(inputs, outputs[i], seed + 3 * i, bias: i != 1, half: half == 0 || half == 1 && i == 0)).ToArray();

    private static readonly Gen<LinearSource[]> MixedParts =
        from words in Gen.Int[1, 5]
        from outputs in Gen.Int[1, 30]
        from seed in Gen.Int[0, 10_000]
        select new LinearSource[] { TestTensors.Awq(128, 8 * words, 64, seed), TestTensors.Linear(128, outputs, seed + 5) };

    [Theory, MemberData(nameof(PathsAndModes))]
    public void A_product_is_what_plain_loops_give(string path, ComputeMode mode)
    {
        using var backend = Create(path, mode);
        Gen.Select(Gen.OneOf(AwqParts, DenseParts, MixedParts), Gen.Int[1, 40], Gen.Int[0, 1000]).Sample((parts, rows, seed) =>
        {
            int inputs = parts[0].Inputs, outputs = parts.Sum(part => part.Outputs);
            float[] x = TestTensors.Values(rows * inputs, seed);
            float[] y = Multiply(backend, parts, x);
            var rounded = mode == ComputeMode.Exact ? x : Rounded(x, inputs);
            int column = 0;
            foreach (var part in parts)
            {
                bool rounds = mode == ComputeMode.Fast && (part is DenseLinear || parts.Any(other => other is DenseLinear));
                for (int n = 0; n < part.Outputs; n++, column++)
                {
                    double[] step = [.. Enumerable.Range(0, rounds ? (inputs + 127) / 128 : 0).Select(group =>
                        Enumerable.Range(128 * group, Math.Min(128, inputs - 128 * group)).Max(k => Math.Abs(part[n, k])) / 127.0)];
                    for (int row = 0; row < rows; row++)
                    {
                        double sum = part.Bias?[n] ?? 0, size = Math.Abs(sum), allowed = 0;
                        for (int k = 0; k < inputs; k++)
                        {
                            double product = (double)rounded[row * inputs + k] * part[n, k];
                            (sum, size) = (sum + product, size + Math.Abs(product));
                            if (rounds) // to 8 bits: by half a step, which bf16 has rounded up
                                allowed += Math.Abs(rounded[row * inputs + k]) * step[k / 128] * 0.505;
                        }
                        allowed += 2e-6 * size + 1e-6;
                        // The offset of integer sums rounds by a few hundredths of (a step of the activations · a step of the weights) a group.
                        if (mode == ComputeMode.Fast)
                            allowed += Offsets(rounded.AsSpan(row * inputs, inputs), part, n);
                        double actual = y[row * outputs + column];
                        Assert.True(Math.Abs(actual - sum) <= allowed, FormattableString.Invariant($"[{row}, {column}] is {actual}, not {sum}"));
                    }
                }
            }
        }, iter: 60, threads: 1);
    }

    [Theory, MemberData(nameof(PathsAndModes))]
    public void A_row_has_the_same_bits_whatever_rows_and_threads_share_the_work(string path, ComputeMode mode)
    {
        LinearSource[][] layers =
        [
            [TestTensors.Awq(256, 72, 128, 1), TestTensors.Awq(256, 24, 128, 2)], [TestTensors.Awq(1216, 40, 32, 3)], [TestTensors.Linear(150, 45, 4)],
        ];
        foreach (var parts in layers)
        {
            int inputs = parts[0].Inputs, outputs = parts.Sum(part => part.Outputs);
            float[] x = TestTensors.Values(70 * inputs, 7);
            float[]? alone = null;
            for (int threads = 1; threads <= 3; threads++)
            {
                using var backend = Create(path, mode, threads);
                for (int rows = 1; rows <= 70; rows = rows < 20 ? rows + 1 : rows + 7)
                {
                    int first = (70 - rows) * threads / 3; // other positions for each number of threads
                    float[] y = Multiply(backend, parts, x[(first * inputs)..((first + rows) * inputs)]);
                    alone ??= [.. Enumerable.Range(0, 70).SelectMany(row => Multiply(backend, parts, x[(row * inputs)..((row + 1) * inputs)]))];
                    Assert.Equal(alone[(first * outputs)..((first + rows) * outputs)], y);
                }
            }
        }
    }

    [Theory, InlineData(ComputeMode.Exact), InlineData(ComputeMode.Fast)]
    public void Every_kernel_path_gives_the_same_bits(ComputeMode mode)
    {
        var backends = Backends.KernelPaths.Select(path => Create(path, mode)).ToArray();
        Gen.Select(Gen.OneOf(AwqParts, DenseParts), Gen.Int[1, 40], Gen.Int[0, 1000]).Sample((parts, rows, seed) =>
        {
            float[] x = TestTensors.Values(rows * parts[0].Inputs, seed);
            float[] expected = Multiply(backends[0], parts, x);
            foreach (var other in backends[1..])
                Assert.Equal(expected, Multiply(other, parts, x));
        }, iter: 60, threads: 1);
        foreach (var backend in backends)
            backend.Dispose();
    }

    [Theory, MemberData(nameof(PathsAndModes))]
    public void Long_products_cross_every_block(string path, ComputeMode mode)
    {
        // More rows than a row block, more k than a chunk, more panels than a task.
        LinearSource[] parts = [TestTensors.Awq(2304, 200, 128, 11)];
        float[] x = TestTensors.Values(300 * 2304, 5);
        using var backend = Create(path, mode);
        float[] y = Multiply(backend, parts, x);
        foreach (int row in (int[])[0, 13, 14, 149, 150, 299])
            Assert.Equal(Multiply(backend, parts, x[(row * 2304)..((row + 1) * 2304)]), y[(row * 200)..((row + 1) * 200)]);
    }

    [Theory, MemberData(nameof(PathsAndModes))]
    public unsafe void A_feed_forward_has_the_bits_of_its_three_steps(string path, ComputeMode mode)
    {
        using var backend = Create(path, mode);
        Gen.Select(Gen.Int[1, 60], Gen.Int[1, 6], Gen.Int[5, 7], Gen.Int[1, 200], Gen.Bool, Gen.Int[0, 1000]).Sample((rows, groups, logGroup, other, awq, seed) =>
        {
            int inner = awq ? groups << logGroup : other;
            LinearSource[] wide = awq
                ? [TestTensors.Awq(128, inner, 64, seed + 1), TestTensors.Awq(128, inner, 64, seed + 2)]
                : [TestTensors.Linear(128, inner, seed + 1, half: true), TestTensors.Linear(128, inner, seed + 2, half: true)];
            LinearSource[] narrow = [awq ? TestTensors.Awq(inner, 40, 1 << logGroup, seed + 3) : TestTensors.Linear(inner, 40, seed + 3)];
            float[] x = TestTensors.Values(rows * 128, seed), y = Multiply(backend, wide, x), gated = new float[rows * inner];
            using var buffer = new NativeBuffer(2 * (inner + 32) * sizeof(float));
            float* gate = buffer.Floats, up = gate + (inner + 31) / 32 * 32;
            for (int row = 0; row < rows; row++)
            {
                y.AsSpan(row * 2 * inner, inner).CopyTo(new Span<float>(gate, inner));
                y.AsSpan((row * 2 + 1) * inner, inner).CopyTo(new Span<float>(up, inner));
                SiluMultiply<Simd512, Vector512<float>>.Compute(gate, up, inner, gate);
                new Span<float>(gate, inner).CopyTo(gated.AsSpan(row * inner));
            }
            float[] expected = Multiply(backend, narrow, gated);

            using Linear gateUp = backend.LoadLinear(wide), down = backend.LoadLinear(narrow);
            using Tensor input = backend.Upload(x, 128), output = backend.Allocate(rows, 40);
            backend.FeedForward(rows, input, gateUp, down, output);
            Assert.Equal(expected, backend.Download(output));
            for (int row = 0; row < rows; row += 17) // and whatever rows are beside it
            {
                using Tensor alone = backend.Upload(x[(row * 128)..((row + 1) * 128)], 128);
                backend.FeedForward(1, alone, gateUp, down, output);
                Assert.Equal(expected[(row * 40)..((row + 1) * 40)], backend.Download(output)[..40]);
            }
        }, iter: 40, threads: 1);
    }

    [Theory, MemberData(nameof(PathsAndModes))]
    public void A_value_that_is_not_finite_stays_in_its_row_and_is_not_lost(string path, ComputeMode mode)
    {
        using var backend = Create(path, mode);
        foreach (float bad in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
        {
            float[] x = TestTensors.Values(3 * 256, 1);
            x[256 + 77] = bad;
            float[] y = Multiply(backend, [TestTensors.Awq(256, 40, 128, 1)], x);
            Assert.All(y[40..80], value => Assert.False(float.IsFinite(value)));
            Assert.All([.. y[..40], .. y[80..]], value => Assert.True(float.IsFinite(value)));
        }
    }

    [Fact]
    public void Zero_rows_and_tiny_values_give_the_bias()
    {
        using var backend = Create(Backends.KernelPaths[0], ComputeMode.Fast);
        LinearSource[] parts = [TestTensors.Awq(128, 16, 32, 1)];
        foreach (float value in (float[])[0, -0f, 1e-38f, 1e-44f])
        {
            float[] y = Multiply(backend, parts, [.. Enumerable.Repeat(value, 128)]);
            Assert.Equal(Enumerable.Range(0, 16).Select(i => parts[0].Bias![i]), y);
        }
    }

    [Fact]
    public void Awq_weights_take_four_bits_and_their_scales_in_either_mode()
    {
        foreach (var mode in Enum.GetValues<ComputeMode>())
        {
            using var backend = Create(Backends.KernelPaths[0], mode);
            using var linear = backend.LoadLinear(TestTensors.Awq(2048, 512, 128, 1, bias: false));
            Assert.InRange(linear.Bytes, 2048 * 512 / 2, 2048 * 512 / 2 * 1.06);
        }
    }

    private static float[] Multiply(Backend backend, LinearSource[] parts, float[] x)
    {
        using Linear linear = backend.LoadLinear(parts);
        using Tensor input = backend.Upload(x, linear.Inputs), output = backend.Allocate(x.Length / linear.Inputs, linear.Outputs);
        backend.Multiply(input.Rows, input, linear, output);
        return backend.Download(output);
    }

    /// <summary>0.15 · Σ over groups of the largest activation / 127 · the scale of 4-bit weights (of 8-bit ones no more than that).</summary>
    private static double Offsets(ReadOnlySpan<float> row, LinearSource part, int n)
    {
        int groupSize = part is AwqLinear awq ? awq.GroupSize : 128;
        double sum = 0;
        for (int k = 0; k < row.Length; k += groupSize)
        {
            double largest = 0, weight = 0;
            for (int i = k; i < Math.Min(k + groupSize, row.Length); i++)
            {
                largest = Math.Max(largest, Math.Abs(row[i]));
                weight = Math.Max(weight, Math.Abs(part[n, i]));
            }
            double scale = part is AwqLinear a ? a.Scales[(long)(k / groupSize) * a.Outputs + n] : weight / 15;
            sum += 0.15 * largest / 127 * scale;
        }
        return sum;
    }

    /// <summary>Rows rounded to 8 bits with a scale for each 32 values.</summary>
    private static float[] Rounded(float[] x, int columns)
    {
        float[] rounded = new float[x.Length];
        for (int row = 0; row < x.Length; row += columns)
        {
            for (int first = 0; first < columns; first += 32)
            {
                var group = x.AsSpan(row + first, Math.Min(32, columns - first));
                float largest = 0;
                foreach (float value in group)
                    largest = Math.Max(largest, Math.Abs(value));
                for (int i = 0; i < group.Length; i++)
                    rounded[row + first + i] = largest == 0 ? 0 : MathF.Round(group[i] * (127 / largest)) * (largest * (1f / 127));
            }
        }
        return rounded;
    }
}
