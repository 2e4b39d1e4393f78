using Microsoft.Extensions.AI;

namespace Malrule.Inference;

/// <summary>
/// A <see cref="TextEmbedder"/> as an <see cref="IEmbeddingGenerator{TInput, TEmbedding}"/>. <paramref name="prefix"/> is put before every
/// text, for models that want one (<c>search_document: </c> and kin for nomic-embed-text). Disposing it leaves the embedder alone.
/// </summary>
public sealed class TextEmbeddingGenerator(TextEmbedder embedder, string prefix = "") : IEmbeddingGenerator<string, Embedding<float>>
{
    private readonly EmbeddingGeneratorMetadata _metadata = new("malrule", null, embedder.Info.ModelName, embedder.Info.Dimensions);

    /// <inheritdoc/>
    /// <exception cref="InvalidInputException">An option asks for what this embedder does not give.</exception>
    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (options?.ModelId is { } model && model != _metadata.DefaultModelId)
            throw new InvalidInputException($"The embedder is {_metadata.DefaultModelId}; {model} was asked for.");
        if (options?.AdditionalProperties is { Count: > 0 } properties)
            throw new InvalidInputException($"EmbeddingGenerationOptions.AdditionalProperties holds {properties.Keys.First()}, which the embedder does not know.");
        if (options?.Dimensions is { } dimensions && dimensions != embedder.Info.Dimensions)
            throw new InvalidInputException($"The embedder gives {embedder.Info.Dimensions} dimensions; {dimensions} were asked for.");
        string[] texts = [.. values.Select(text => prefix + text)];
        var batch = await embedder.EmbedAsync(texts, cancellationToken).ConfigureAwait(false);
        return new GeneratedEmbeddings<Embedding<float>>(Enumerable.Range(0, texts.Length).Select(i => new Embedding<float>(batch.Vectors[i].ToArray()) { ModelId = _metadata.DefaultModelId }))
        {
            Usage = new UsageDetails { InputTokenCount = batch.Tokens, TotalTokenCount = batch.Tokens },
        };
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(EmbeddingGeneratorMetadata) ? _metadata
            : serviceType == typeof(TextEmbedder) ? embedder
            : serviceType.IsInstanceOfType(this) ? this : null;
    }

    /// <inheritdoc/>
    public void Dispose() { }
}
