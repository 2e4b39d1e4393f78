using System.Text.Json.Serialization;
using Malrule.Inference;

namespace Malrule.Cli.Doctor;

/// <summary>What <c>malrule doctor</c> found.</summary>
/// <param name="Machine">Processor, kernels and memory.</param>
/// <param name="Hub">Where models come from.</param>
/// <param name="Model">The model asked about; null where none was, or it cannot be loaded.</param>
/// <param name="Embedder">Likewise, where it is an embedder.</param>
/// <param name="Problems">What prevents work.</param>
/// <param name="Hints">What is missing or slow, and how to get it.</param>
internal sealed record DoctorReport(MachineReport Machine, HubReport Hub, ModelReport? Model, EmbedderReport? Embedder, IReadOnlyList<string> Problems, IReadOnlyList<string> Hints);

/// <summary>The Hugging Face cache and the variables that say where it is and what may be asked of whom.</summary>
/// <param name="Cache">Its folder.</param>
/// <param name="FreeDiskBytes">Free on its disk; null where the system does not tell.</param>
/// <param name="Endpoint">The hub or a mirror.</param>
/// <param name="Offline">Nothing is downloaded.</param>
/// <param name="TokenSource">The variable or file that holds a token; null: there is none. The token itself is never told.</param>
/// <param name="Variables">Variables that are set, and their values; of secrets only that they are set.</param>
/// <param name="Models">Models in the cache.</param>
internal sealed record HubReport(string Cache, long? FreeDiskBytes, string Endpoint, bool Offline, string? TokenSource, IReadOnlyDictionary<string, string> Variables, IReadOnlyList<CachedModel> Models);

/// <summary>What a language model would take and serve here.</summary>
/// <param name="Name">Hub id or folder name.</param>
/// <param name="KernelPath">What would compute.</param>
/// <param name="MaxModelLength">Longest sequence in tokens.</param>
/// <param name="BudgetBytes">Memory it may use.</param>
/// <param name="WeightBytes">Of that, weights as packed.</param>
/// <param name="WorkspaceBytes">Of that, a step's activations.</param>
/// <param name="KvPages">Pages of 16 tokens that fit.</param>
/// <param name="KvPageBytes">Bytes of a page.</param>
/// <param name="KvTokens">Tokens that they hold.</param>
/// <param name="SequencesOf1024">Sequences of 1,024 tokens at once.</param>
/// <param name="LongestSequences">Sequences of the longest length at once.</param>
/// <param name="UnusedTensors">Tensors of the checkpoint that the model does not use.</param>
internal sealed record ModelReport(string Name, string KernelPath, int MaxModelLength, long BudgetBytes, long WeightBytes, long WorkspaceBytes, int KvPages, long KvPageBytes,
    long KvTokens, long SequencesOf1024, long LongestSequences, IReadOnlyList<string> UnusedTensors)
{
    public static ModelReport Of(EngineInfo info) => new(info.ModelName, info.KernelPath, info.MaxModelLength, info.Memory.Budget, info.Memory.Weights, info.Memory.Workspace,
        info.Memory.Pages, info.Memory.BytesPerPage, info.Memory.KvTokens, Math.Min(info.MaxNumSeqs, info.Memory.KvTokens / 1024),
        Math.Min(info.MaxNumSeqs, info.Memory.KvTokens / info.MaxModelLength), info.UnusedTensors);
}

/// <summary>What an embedder makes of a text.</summary>
internal sealed record EmbedderReport(string Directory, string KernelPath, int Dimensions, string Pooling, int MaxTokens, long WeightBytes)
{
    public static EmbedderReport Of(EmbedderInfo info) => new(info.ModelDirectory, info.KernelPath, info.Dimensions, info.Pooling.ToString().ToLowerInvariant(), info.MaxTokens, info.WeightBytes);
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(DoctorReport))]
internal sealed partial class DoctorJson : JsonSerializerContext;
