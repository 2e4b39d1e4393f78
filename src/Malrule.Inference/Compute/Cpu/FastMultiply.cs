namespace Malrule.Inference.Compute.Cpu;

/// <summary>The products of fast mode: quantises the input rows, then hands out the tasks of <see cref="FastGemm"/>. Memory is kept from call to call.</summary>
internal sealed unsafe class FastMultiply<S, V>(WorkerPool pool, KernelPath path) : IDisposable
    where S : ISimd<V> where V : unmanaged
{
    private readonly FastGemm _gemm = new(path, pool.Count);
    private readonly NativeBuffer[] _scratch = Enumerable.Range(0, pool.Count).Select(_ => new NativeBuffer(GatedGemm<S, V>.ScratchBytes)).ToArray();
    private NativeBuffer _input = new(0), _gated = new(0);

    /// <summary>output = input · weights + bias.</summary>
    public void Run(int rows, CpuTensor input, CpuLinear weights, CpuTensor output)
    {
        var panels = (QuantizedPanels)weights.Panels;
        Multiply(Quantize(rows, input, panels), weights, output);
    }

    /// <summary>output = (silu(input · gate) · (input · up)) · down, gate and up side by side.</summary>
    public void FeedForward(int rows, CpuTensor input, CpuLinear gateUp, CpuLinear down, CpuTensor output)
    {
        var panels = (QuantizedPanels)gateUp.Panels;
        var quantized = Quantize(rows, input, panels);
        var gated = Room(ref _gated, rows, down.Inputs, ((QuantizedPanels)down.Panels).GroupSize);
        var job = new GatedGemm<S, V>(_gemm, panels, gateUp.Bias, quantized, gated, _scratch);
        pool.Run(job.Items, job);
        Multiply(gated, down, output);
    }

    public void Dispose()
    {
        foreach (var scratch in _scratch)
            scratch.Dispose();
        _input.Dispose();
        _gated.Dispose();
    }

    private QuantizedRows Quantize(int rows, CpuTensor input, QuantizedPanels panels)
    {
        var quantized = Room(ref _input, rows, panels.Inputs, panels.GroupSize);
        pool.Run(quantized.Tiles, new Quantizing(quantized, input));
        return quantized;
    }

    private void Multiply(QuantizedRows input, CpuLinear weights, CpuTensor output)
    {
        var panels = (QuantizedPanels)weights.Panels;
        pool.Run(_gemm.Tasks(panels, input), new Multiplying(_gemm, panels, input, _scratch, weights.Bias, output));
    }

    private static QuantizedRows Room(ref NativeBuffer buffer, int rows, int inputs, int groupSize)
    {
        long bytes = QuantizedRows.Bytes(rows, inputs, groupSize);
        if (buffer.Bytes < bytes)
        {
            buffer.Dispose();
            buffer = new NativeBuffer(bytes);
        }
        return new QuantizedRows(buffer.Data, rows, inputs, groupSize);
    }

    private readonly struct Quantizing(QuantizedRows rows, CpuTensor input) : IJob
    {
        public void Run(int item, int worker) => rows.Quantize(item, input.Data, input.Stride);
    }

    private readonly struct Multiplying(
        FastGemm gemm, QuantizedPanels panels, QuantizedRows rows, NativeBuffer[] scratch, float* bias, CpuTensor output) : IJob
    {
        public void Run(int item, int worker) => gemm.Run(panels, rows, item, scratch[worker].Data, bias, output.Data, output.Stride);
    }
}
