using System.Text.Json;
using Malrule.Inference;

namespace Malrule.Mining.Embeddings;

/// <summary>Embeds with a checkpoint in this process.</summary>
internal sealed class LocalEmbedder(TextEmbedder embedder) : IEmbedder
{
    public string KernelPath => embedder.Info.KernelPath;

    public IReadOnlyList<string> Description =>
        [$"Embedder {embedder.Info.ModelDirectory}: {embedder.Info.KernelPath}, {embedder.Info.Dimensions} dimensions, pooling {embedder.Info.Pooling}, at most {embedder.Info.MaxTokens} tokens a text."];

    public (string Query, string Document) Prefixes => PrefixesOf(ModelType() == "nomic_bert");

    /// <summary>The prefixes that nomic-embed-text was trained with; others get none.</summary>
    public static (string Query, string Document) PrefixesOf(bool isNomic) => isNomic ? ("search_query: ", "search_document: ") : ("", "");

    public static async Task<IEmbedder> LoadAsync(string model, EmbedderOptions options, CancellationToken cancellationToken) =>
        new LocalEmbedder(await TextEmbedder.LoadAsync(model, options, cancellationToken).ConfigureAwait(false));

    public Task<EmbeddingBatch> EmbedAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken) => embedder.EmbedAsync(texts, cancellationToken);

    public ValueTask DisposeAsync() => embedder.DisposeAsync();

    private string? ModelType()
    {
        using JsonDocument config = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(embedder.Info.ModelDirectory, "config.json")));
        return config.RootElement.TryGetProperty("model_type", out JsonElement type) ? type.GetString() : null;
    }
}
