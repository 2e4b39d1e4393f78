using Malrule.Inference;

namespace Malrule.Mining.Embeddings;

/// <summary>What turns texts into vectors: the embedder in this process, or a server elsewhere.</summary>
internal interface IEmbedder : IAsyncDisposable
{
    /// <summary>What computes; results of two runs may only be mixed where it is the same.</summary>
    string KernelPath { get; }

    /// <summary>What was loaded, for the user to read.</summary>
    IReadOnlyList<string> Description { get; }

    /// <summary>The prefixes the model was trained with.</summary>
    (string Query, string Document) Prefixes { get; }

    /// <summary>Embeds texts; the rows are in input order.</summary>
    Task<EmbeddingBatch> EmbedAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken);
}
