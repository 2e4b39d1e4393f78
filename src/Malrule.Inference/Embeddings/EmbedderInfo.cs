namespace Malrule.Inference;

/// <summary>What an embedder loaded and how it computes.</summary>
public sealed record EmbedderInfo
{
    /// <summary>The model folder.</summary>
    public required string ModelDirectory { get; init; }

    /// <summary>The model's name: its hub id where it lies in the Hugging Face cache, else that of its folder.</summary>
    public string ModelName => HubCache.NameOf(ModelDirectory);

    /// <summary>Device, instruction set and mode.</summary>
    public required string KernelPath { get; init; }

    /// <summary>Length of each vector.</summary>
    public required int Dimensions { get; init; }

    /// <summary>The pooling in use; never <see cref="Pooling.Auto"/>.</summary>
    public required Pooling Pooling { get; init; }

    /// <summary>Inputs are cut to this many tokens.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>Bytes of the weights as repacked; embedding tables stay in the checkpoint's file.</summary>
    public required long WeightBytes { get; init; }
}
