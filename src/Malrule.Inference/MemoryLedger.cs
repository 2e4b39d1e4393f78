namespace Malrule.Inference;

/// <summary>
/// Where an engine's memory goes, computed before it is taken: bytes of weights, workspace and KV pages, from a budget in bytes or
/// as a fraction of what is free.
/// </summary>
/// <param name="Budget">Bytes the engine may use.</param>
/// <param name="Weights">Bytes of the weights as repacked.</param>
/// <param name="Workspace">Bytes of a step's activations and logits, of the rotary tables, and of structured outputs' masks.</param>
/// <param name="BytesPerPage">Bytes of one KV page of 16 tokens, all layers.</param>
/// <param name="Pages">KV pages.</param>
public sealed record MemoryLedger(long Budget, long Weights, long Workspace, long BytesPerPage, int Pages)
{
    /// <summary>Bytes of all KV pages.</summary>
    public long KvCache => BytesPerPage * Pages;

    /// <summary>Tokens whose keys and values fit.</summary>
    public long KvTokens => Pages * 16L;

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant(
        $"weights {Mib(Weights)}, workspace {Mib(Workspace)}, KV cache {Mib(KvCache)} ({Pages} pages, {KvTokens} tokens) of a budget of {Mib(Budget)}");

    /// <summary>A budget: above 1 a number of bytes, else a fraction of the memory that is free now.</summary>
    internal static long BudgetFrom(double memory)
    {
        if (!double.IsFinite(memory) || memory <= 0)
            throw new InvalidInputException(FormattableString.Invariant($"memory must be a number of bytes, or a fraction above 0 and at most 1; it is {memory}."));
        return memory > 1 ? (long)memory : (long)(memory * FreeBytes());
    }

    private static string Mib(long bytes) => FormattableString.Invariant($"{bytes / 1048576.0:0} MiB");

    /// <summary>Physical memory that is free, within a container's limit.</summary>
    internal static long FreeBytes()
    {
        GC.Collect(0); // fills the load figure, which is zero before the first collection
        var info = GC.GetGCMemoryInfo();
        return Math.Max(0, info.TotalAvailableMemoryBytes - info.MemoryLoadBytes);
    }
}
