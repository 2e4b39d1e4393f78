using Malrule.Inference;
using Malrule.Mining.Embeddings;

namespace Malrule.Mining.Tests.Scripts;

/// <summary>An embedder whose vectors count hashed words.</summary>
internal sealed class ScriptedEmbedder : IEmbedder
{
    private const int Dimensions = 24;

    /// <summary>All texts it was asked to embed, in order.</summary>
    public List<string> Texts { get; } = [];

    /// <summary>A text's vector; by default a count of hashed words.</summary>
    public Func<string, float[]> Vector { get; init; } = text =>
    {
        var vector = new float[Dimensions];
        foreach (string word in text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            vector[ScriptedGenerator.Hash(word) % Dimensions]++;
        return vector;
    };

    public string KernelPath { get; init; } = "scripted embedder";

    public IReadOnlyList<string> Description => [$"Embedder: {KernelPath}"];

    public (string Query, string Document) Prefixes { get; init; } = ("", "");

    public Task<EmbeddingBatch> EmbedAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        Texts.AddRange(texts);
        float[][] rows = [.. texts.Select(Vector)];
        return Task.FromResult(new EmbeddingBatch(new EmbeddingMatrix([.. rows.SelectMany(row => row)], rows.Length, rows[0].Length), texts.Count, 0));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
