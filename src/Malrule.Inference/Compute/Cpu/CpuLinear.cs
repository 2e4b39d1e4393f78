using Malrule.Inference.Checkpoints;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>A linear layer packed for the kernels of one mode, with its bias.</summary>
internal sealed unsafe class CpuLinear : Linear
{
    private readonly NativeBuffer _bias;

    private CpuLinear(Panels panels, ReadOnlySpan<LinearSource> parts) : base(panels.Inputs, panels.Outputs)
    {
        Panels = panels;
        _bias = new NativeBuffer((long)panels.Count * Panels.Width * sizeof(float));
        int output = 0;
        foreach (var part in parts)
        {
            for (int i = 0; i < part.Outputs; i++)
                Bias[output++] = part.Bias?[i] ?? 0;
        }
    }

    public Panels Panels { get; }

    /// <summary>A value for each column of every panel; 0 where there is no bias.</summary>
    public float* Bias => _bias.Floats;

    public override long Bytes => Panels.Bytes + _bias.Bytes;

    /// <summary>
    /// Packs parts that share their input side by side. AWQ weights stay at 4 bits in either mode. Others keep their type in exact mode and are
    /// rounded to 8 bits in fast mode, as are parts of different kinds.
    /// </summary>
    /// <param name="parts">The layer's weights.</param>
    /// <param name="mode">What computes with them.</param>
    /// <param name="arena">Holds them.</param>
    /// <param name="pool">Packs them; null: room is made and stays untouched.</param>
    public static CpuLinear Load(ReadOnlySpan<LinearSource> parts, ComputeMode mode, WeightArena arena, WorkerPool? pool)
    {
        Panels panels = Int4Panels.TryCreate(parts) is { } int4 ? int4
            : mode == ComputeMode.Fast ? new Int8Panels(new DenseRows(parts))
            : new FloatPanels(new DenseRows(parts));
        panels.Place(arena.Take(panels.Bytes));
        if (pool is null)
            return new CpuLinear(panels, parts);
        pool.Run(panels.PackTasks, new Packing(panels));
        foreach (var part in parts)
        {
            DenseTensor[] packed = part switch
            {
                AwqLinear awq => [awq.QWeight, awq.QZeros, awq.Scales],
                DenseLinear dense => [dense.Weight],
                _ => [],
            };
            foreach (var tensor in packed)
                SourcePages.Drop(tensor);
        }
        return new CpuLinear(panels, parts);
    }

    /// <summary>The weights themselves stay in their arena.</summary>
    public override void Dispose() => _bias.Dispose();

    private readonly struct Packing(Panels panels) : IJob
    {
        public void Run(int item, int worker) => panels.Pack(item);
    }
}
