using CsCheck;
using Malrule.Inference.Checkpoints;
using Malrule.Inference.Compute;
using Malrule.Inference.Compute.Reference;

namespace Malrule.Inference.Tests.Compute.Cpu;

/// <summary>Every operation of the Cpu backend against the Reference backend on random shapes, and bit by bit against itself.</summary>
public sealed class CpuBackendTests : IDisposable
{
    private readonly Backend _reference = new ReferenceBackend();
    private Backend _cpu = new ReferenceBackend();

    public static TheoryData<string> Paths { get; } = [.. Backends.KernelPaths];

    public void Dispose()
    {
        _reference.Dispose();
        _cpu.Dispose();
    }

    private void Use(string path, int threads = 2) =>
        _cpu = Backends.Create(new EngineOptions { Device = "cpu", KernelPath = path, Mode = ComputeMode.Exact, Threads = threads });

    [Fact]
    public async Task Loading_stops_between_two_matrices()
    {
        using var source = new CancellationTokenSource();
        using Backend cpu = Backends.Create(new EngineOptions { Device = "cpu", Threads = 1, Loading = source.Token });
        using Linear first = cpu.LoadLinear(TestTensors.Linear(64, 32, 1));
        await source.CancelAsync();
        Assert.Throws<OperationCanceledException>(() => cpu.LoadLinear(TestTensors.Linear(64, 32, 2)));
    }

    [Theory, MemberData(nameof(Paths))]
    public void Norms_agree(string path)
    {
        Use(path);
        Gen.Select(Gen.Int[1, 40], Gen.Int[1, 300], Gen.Bool, Gen.Int[0, 1000]).Sample((rows, columns, withDelta, seed) =>
        {
            float[] x = TestTensors.Values(rows * columns, seed), delta = TestTensors.Values(rows * columns, seed + 1);
            DenseTensor weight = TestTensors.Dense(TestTensors.Values(columns, seed + 2), columns), bias = TestTensors.DenseHalf(TestTensors.Values(columns, seed + 3), columns);
            Same(1e-5, backend =>
            {
                using Tensor residual = backend.Upload(x, columns), change = backend.Upload(delta, columns), output = backend.Allocate(rows, columns);
                using Vector gain = backend.LoadVector(weight);
                backend.RmsNorm(rows, residual, withDelta ? change : null, gain, 1e-3f, output, new RowFaults(rows));
                return [.. backend.Download(residual), .. backend.Download(output)];
            });
            Same(1e-4, backend =>
            {
                using Tensor input = backend.Upload(x, columns), change = backend.Upload(delta, columns);
                using Vector gain = backend.LoadVector(weight), shift = backend.LoadVector(bias);
                backend.LayerNorm(rows, input, withDelta ? change : null, gain, shift, 1e-3f, input, new RowFaults(rows));
                return backend.Download(input);
            });
        }, iter: 100, threads: 1);
    }

    [Theory, MemberData(nameof(Paths))]
    public void Norms_note_the_first_layer_at_which_a_row_is_not_finite(string path)
    {
        Use(path);
        foreach (Backend backend in (Backend[])[_reference, _cpu])
        {
            const int columns = 21;
            float[] x = TestTensors.Values(3 * columns, 1);
            x[columns + 20] = float.NaN;
            x[2 * columns] = float.PositiveInfinity;
            using Vector gain = backend.LoadVector(TestTensors.Dense(new float[columns], columns));
            foreach (bool layer in (bool[])[false, true])
            {
                using Tensor input = backend.Upload(x, columns), output = backend.Allocate(3, columns);
                var faults = new RowFaults(3);
                faults.Clear(3);
                foreach (int number in (int[])[7, 8])
                {
                    faults.Layer = number;
                    if (layer)
                        backend.LayerNorm(3, input, null, gain, gain, 1e-5f, output, faults);
                    else
                        backend.RmsNorm(3, input, null, gain, 1e-5f, output, faults);
                }
                Assert.Equal([-1, 7, 7], Enumerable.Range(0, 3).Select(faults.FirstBadLayer));
            }
        }
    }

    [Theory, MemberData(nameof(Paths))]
    public void Activations_agree(string path)
    {
        Use(path);
        Gen.Select(Gen.Int[1, 20], Gen.Int[1, 150], Gen.Float[0.1f, 30], Gen.Int[0, 1000]).Sample((rows, columns, scale, seed) =>
        {
            float[] x = TestTensors.Values(rows * 2 * columns, seed, scale);
            Same(1e-6, backend =>
            {
                using Tensor values = backend.Upload(x, 2 * columns);
                backend.Gelu(rows, values);
                return backend.Download(values);
            });
        }, iter: 100, threads: 1);
    }

    [Theory, MemberData(nameof(Paths))]
    public void Rotations_agree(string path)
    {
        Use(path);
        Gen.Select(Gen.Int[1, 20], Gen.Int[1, 3], Gen.Int[1, 3], Gen.Int[1, 50], Gen.Bool, Gen.Int[0, 1000]).Sample((rows, kvHeads, queries, half, normed, seed) =>
        {
            var shape = new AttentionShape(kvHeads * queries, kvHeads, 2 * half);
            DenseTensor queryGain = TestTensors.DenseHalf(TestTensors.Values(2 * half, seed + 1), 2 * half), keyGain = TestTensors.Dense(TestTensors.Values(2 * half, seed + 2), 2 * half);
            var rope = new Rope(64, 2 * half, 10000);
            int[] positions = [.. Enumerable.Range(seed, rows).Select(i => i * 17 % 64)];
            Same(1e-6, backend =>
            {
                using Tensor qkv = backend.Upload(TestTensors.Values(rows * shape.QkvColumns, seed), shape.QkvColumns);
                using Vector query = backend.LoadVector(queryGain), key = backend.LoadVector(keyGain);
                backend.Rotate(positions, qkv, shape, rope, normed ? new QueryKeyNorm(query, key, 1e-6f) : null);
                return backend.Download(qkv);
            });
        }, iter: 100, threads: 1);
    }

    [Theory, MemberData(nameof(Paths))]
    public void Looked_up_and_gathered_rows_are_exact(string path)
    {
        Use(path);
        Gen.Select(Gen.Int[1, 30], Gen.Int[1, 90], Gen.Int[0, 2], Gen.Int[0, 1000]).Sample((rows, columns, type, seed) =>
        {
            float[] values = TestTensors.Values(10 * columns, seed);
            DenseTensor source = type == 0 ? TestTensors.Dense(values, 10, columns)
                : type == 1 ? TestTensors.DenseHalf(values, 10, columns) : TestTensors.DenseBrain(values, 10, columns);
            int[] ids = [.. Enumerable.Range(seed, rows).Select(i => i * 7 % 10)], others = [.. Enumerable.Range(seed, rows).Select(i => i * 3 % rows)];
            Same(0, backend =>
            {
                using Table table = backend.LoadTable(source);
                using Tensor output = backend.Allocate(rows, columns), gathered = backend.Allocate(rows, columns);
                backend.Embed(ids, table, output);
                backend.Embed(others.Select(i => i % 10).ToArray(), table, output, add: true);
                backend.Gather(others, output, gathered);
                return backend.Download(gathered);
            });
        }, iter: 100, threads: 1);
    }

    [Theory, MemberData(nameof(Paths))]
    public void Linear_layers_agree(string path)
    {
        Use(path);
        Gen.Select(Gen.Int[1, 20], Gen.Int[1, 5], Gen.Int[1, 9], Gen.Bool, Gen.Int[0, 1000]).Sample((rows, groups, words, bias, seed) =>
        {
            int inputs = groups * 32, outputs = words * 8;
            LinearSource[] parts = (seed % 3) switch
            {
                0 => [TestTensors.Awq(inputs, outputs, 32, seed, bias), TestTensors.Awq(inputs, 16, inputs, seed + 5)],
                1 => [TestTensors.Linear(inputs + seed % 7, outputs + seed % 11, seed, bias, half: true)],
                _ => [TestTensors.Linear(inputs, outputs - 3, seed, bias), TestTensors.Linear(inputs, 5, seed + 9, !bias)],
            };
            int columns = parts.Sum(part => part.Outputs);
            Same(2e-6 * parts[0].Inputs, backend =>
            {
                using Tensor input = backend.Upload(TestTensors.Values(rows * parts[0].Inputs, seed + 3), parts[0].Inputs);
                using Tensor output = backend.Allocate(rows, columns);
                using Linear weights = backend.LoadLinear(parts);
                backend.Multiply(rows, input, weights, output);
                return backend.Download(output);
            });
        }, iter: 100, threads: 1);
    }

    [Theory, MemberData(nameof(Paths))]
    public void Feed_forwards_agree(string path)
    {
        Use(path);
        Gen.Select(Gen.Int[1, 20], Gen.Int[1, 60], Gen.Int[1, 90], Gen.Float[0.1f, 20], Gen.Int[0, 1000]).Sample((rows, columns, inner, scale, seed) =>
            Same(1e-5 * (1 + scale * scale), backend =>
            {
                using Tensor input = backend.Upload(TestTensors.Values(rows * columns, seed, scale), columns), output = backend.Allocate(rows, columns);
                using Linear gateUp = backend.LoadLinear(TestTensors.Linear(columns, inner, seed + 1), TestTensors.Linear(columns, inner, seed + 2));
                using Linear down = backend.LoadLinear(TestTensors.Linear(inner, columns, seed + 3));
                backend.FeedForward(rows, input, gateUp, down, output);
                return backend.Download(output);
            }), iter: 100, threads: 1);
    }

    /// <summary>Any row of any operation has the same bits alone as among others, and any element whatever its column.</summary>
    [Theory, MemberData(nameof(Paths))]
    public void Rows_and_lanes_do_not_matter(string path)
    {
        Use(path);
        const int rows = 13;
        for (int columns = 1; columns <= 70; columns++)
        {
            float[] x = TestTensors.Values(rows * columns, columns, 3), weights = TestTensors.Values(columns, columns + 1);
            using Vector gain = _cpu.LoadVector(TestTensors.Dense(weights, columns));
            using Linear linear = _cpu.LoadLinear(TestTensors.Linear(columns, 37, columns));
            float[] Apply(float[] values)
            {
                int count = values.Length / columns;
                using Tensor input = _cpu.Upload(values, columns), norm = _cpu.Allocate(count, columns), layer = _cpu.Allocate(count, columns),
                    product = _cpu.Allocate(count, 37), gelu = _cpu.Upload(values, columns);
                _cpu.LayerNorm(count, input, null, gain, gain, 1e-5f, layer, new RowFaults(count));
                _cpu.Multiply(count, input, linear, product);
                _cpu.RmsNorm(count, input, null, gain, 1e-5f, norm, new RowFaults(count));
                _cpu.Gelu(count, gelu);
                return [.. Interleave(count, _cpu.Download(layer), _cpu.Download(product), _cpu.Download(norm), _cpu.Download(gelu))];
            }
            float[] together = Apply(x);
            int width = together.Length / rows;
            for (int row = 0; row < rows; row++)
                Assert.Equal(together[(row * width)..((row + 1) * width)], Apply(x[(row * columns)..((row + 1) * columns)]));

            // one column after another holds the same value
            using Tensor same = _cpu.Upload([.. Enumerable.Repeat(0.4321f, columns)], columns);
            _cpu.Gelu(1, same);
            Assert.Single(_cpu.Download(same).Distinct());
        }
    }

    [Fact]
    public void An_absent_device_or_kernel_path_is_refused_with_what_there_is()
    {
        InvalidInputException device = Assert.Throws<InvalidInputException>(() => Backends.Create(new EngineOptions { Device = "cuda" }));
        Assert.Contains("cuda", device.Message, StringComparison.Ordinal);
        Assert.Contains("reference", device.Message, StringComparison.Ordinal);
        InvalidInputException kernels = Assert.Throws<InvalidInputException>(() => Backends.Create(new EngineOptions { KernelPath = "mmx" }));
        Assert.Contains("portable", kernels.Message, StringComparison.Ordinal);
        using Backend best = Backends.Create(new EngineOptions { Threads = 1 });
        Assert.Contains(Backends.KernelPaths[0], best.KernelPath, StringComparison.Ordinal);
    }

    private void Same(double tolerance, Func<Backend, float[]> apply) => TestTensors.Close(apply(_reference), apply(_cpu), tolerance);

    private static IEnumerable<float> Interleave(int rows, params float[][] tensors) =>
        Enumerable.Range(0, rows).SelectMany(row => tensors.SelectMany(values => values[(row * values.Length / rows)..((row + 1) * values.Length / rows)]));
}
