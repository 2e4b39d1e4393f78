namespace Malrule.Inference.Compute.Cpu;

/// <summary>The multiplication of fast mode: quantises the input rows, then hands out the tasks of <see cref="FastGemm"/>. Memory is kept from call to call.</summary>
internal sealed unsafe class FastMultiply(WorkerPool pool, KernelPath path) : IDisposable
{
    private readonly FastGemm _gemm = new(path, pool.Count);
    private readonly NativeBuffer[] _scratch = Enumerable.Range(0, pool.Count).Select(_ => new NativeBuffer(FastGemm.ScratchBytes)).ToArray();
    private NativeBuffer _quantized = new(0);

    /// <summary>output = input · weights + bias.</summary>
    public void Run(int rows, CpuTensor input, CpuLinear weights, CpuTensor output)
    {
        var panels = (QuantizedPanels)weights.Panels;
        long bytes = QuantizedRows.Bytes(rows, panels.Inputs, panels.GroupSize);
        if (_quantized.Bytes < bytes)
        {
            _quantized.Dispose();
            _quantized = new NativeBuffer(bytes);
        }
        var quantized = new QuantizedRows(_quantized.Data, rows, panels.Inputs, panels.GroupSize);
        pool.Run(quantized.Tiles, new Quantizing(quantized, input));
        pool.Run(_gemm.Tasks(panels, quantized), new Multiplying(_gemm, panels, quantized, _scratch, weights.Bias, output));
    }

    public void Dispose()
    {
        foreach (var scratch in _scratch)
            scratch.Dispose();
        _quantized.Dispose();
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
