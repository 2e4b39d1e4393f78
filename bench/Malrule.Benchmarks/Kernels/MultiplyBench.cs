using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using Malrule.Benchmarks.Checkpoints;
using Malrule.Inference;
using Malrule.Inference.Checkpoints;
using Malrule.Inference.Compute;

namespace Malrule.Benchmarks.Kernels;

/// <summary>
/// x·Wᵀ of AWQ weights: the gate and up projections of Qwen2.5-0.5B and 3B, for one decode row, a group of ten branches and prefill chunks.
/// </summary>
public unsafe class MultiplyBench
{
    private readonly List<nint> _memory = [];
    private Backend _backend = null!;
    private Linear _weights = null!;
    private Tensor _input = null!;
    private Tensor _output = null!;

    [Params("896x9728", "2048x22016")]
    public string Shape { get; set; } = "";

    [Params(1, 10, 128, 1024)]
    public int Rows { get; set; }

    [Params(ComputeMode.Fast, ComputeMode.Exact)]
    public ComputeMode Mode { get; set; }

    [ParamsSource(nameof(Paths))]
    public string Path { get; set; } = "";

    public static IReadOnlyList<string> Paths => Backends.KernelPaths;

    [GlobalSetup]
    public void Load()
    {
        int[] shape = [.. Shape.Split('x').Select(int.Parse)];
        _backend = Backends.Create(new EngineOptions { Mode = Mode, KernelPath = Path });
        var tensors = Fill.Linear("w", shape[0], shape[1], 0.02, group: 128).ToDictionary(tensor => tensor.Name, Make);
        _weights = _backend.LoadLinear(new AwqLinear("w", shape[0], shape[1], 128, tensors["w.qweight"], tensors["w.qzeros"], tensors["w.scales"], null));
        _input = _backend.Allocate(Rows, shape[0]);
        _output = _backend.Allocate(Rows, shape[1]);
        // A table with the wanted rows is the way to put data into a tensor.
        DenseTensor rows = Make(Fill.Normal("x", "F32", 0, 1, Rows, shape[0]));
        using Table table = _backend.LoadTable(rows);
        _backend.Embed([.. Enumerable.Range(0, Rows)], table, _input);
    }

    [Benchmark]
    public void Multiply() => _backend.Multiply(Rows, _input, _weights, _output);

    [GlobalCleanup]
    public void Free()
    {
        _input.Dispose();
        _output.Dispose();
        _weights.Dispose();
        _backend.Dispose();
        foreach (nint block in _memory)
            NativeMemory.Free((void*)block);
        _memory.Clear();
    }

    private DenseTensor Make(TensorSpec spec)
    {
        byte* data = (byte*)NativeMemory.Alloc((nuint)spec.Bytes);
        _memory.Add((nint)data);
        spec.Fill(new Noise(1, _memory.Count), new Span<byte>(data, (int)spec.Bytes));
        return new DenseTensor(spec.Name, spec.DType switch { "I32" => DType.I32, "F32" => DType.F32, _ => DType.F16 }, spec.Shape, data);
    }
}
