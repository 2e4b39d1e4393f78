namespace Malrule.Inference;

/// <summary>What an engine loaded and how it computes; printed once at start and stored with results.</summary>
public sealed record EngineInfo
{
    /// <summary>The model folder.</summary>
    public required string ModelDirectory { get; init; }

    /// <summary>The model's name: its hub id where it lies in the Hugging Face cache, else that of its folder.</summary>
    public string ModelName => HubCache.NameOf(ModelDirectory);

    /// <summary>Device, instruction set and mode.</summary>
    public required string KernelPath { get; init; }

    /// <summary>Fast or exact.</summary>
    public required ComputeMode Mode { get; init; }

    /// <summary>Longest sequence served, prompt and output together, in tokens.</summary>
    public required int MaxModelLength { get; init; }

    /// <summary>Most branches running at once.</summary>
    public required int MaxNumSeqs { get; init; }

    /// <summary>Tokens of the vocabulary that the model scores.</summary>
    public required int VocabSize { get; init; }

    /// <summary>Where the memory goes.</summary>
    public required MemoryLedger Memory { get; init; }

    /// <summary>Tensors of the checkpoint that the model does not use.</summary>
    public required IReadOnlyList<string> UnusedTensors { get; init; }
}

/// <summary>Counters since the engine was loaded.</summary>
/// <param name="PromptTokens">Prompt tokens computed.</param>
/// <param name="CachedPromptTokens">Prompt tokens taken over from the prefix cache instead, of finished requests.</param>
/// <param name="GeneratedTokens">Tokens drawn, all branches.</param>
/// <param name="Steps">Steps run.</param>
/// <param name="Preemptions">Times that a branch or group had to give its pages back.</param>
public sealed record EngineStatistics(long PromptTokens, long CachedPromptTokens, long GeneratedTokens, long Steps, long Preemptions)
{
    /// <summary>Share of prompt tokens that the prefix cache saved, 0…1.</summary>
    public double PrefixHitRate => PromptTokens + CachedPromptTokens == 0 ? 0 : (double)CachedPromptTokens / (PromptTokens + CachedPromptTokens);
}
