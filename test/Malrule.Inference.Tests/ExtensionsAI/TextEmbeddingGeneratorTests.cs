using Malrule.Tests;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace Malrule.Inference.Tests.ExtensionsAI;

public sealed class TextEmbeddingGeneratorTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Vectors_are_the_embedders_with_usage_and_prefix()
    {
        await using var provider = new ServiceCollection().AddMalruleEmbedder(Path.Combine(TestPaths.Repository, "models", "malrule-embedder"), prefix: "query: ").BuildServiceProvider();
        var generator = provider.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>();
        var embedder = provider.GetRequiredService<TextEmbedder>();
        string[] texts = ["adds the denominators", "multiplies only the first term"];
        EmbeddingBatch expected = await embedder.EmbedAsync([.. texts.Select(text => "query: " + text)], Cancel);
        var found = await generator.GenerateAsync(texts, cancellationToken: Cancel);
        for (int i = 0; i < 2; i++)
            Assert.Equal(expected.Vectors[i].ToArray(), found[i].Vector.ToArray());
        Assert.Equal((expected.Tokens, expected.Tokens), (found.Usage!.InputTokenCount, found.Usage.TotalTokenCount));
        Assert.Empty(await generator.GenerateAsync([], cancellationToken: Cancel));

        var metadata = generator.GetService<EmbeddingGeneratorMetadata>()!;
        Assert.Equal((embedder.Info.ModelName, embedder.Info.Dimensions), (metadata.DefaultModelId, metadata.DefaultModelDimensions));
        Assert.Same(embedder, generator.GetService<TextEmbedder>());
        Assert.Contains("dimensions", (await Assert.ThrowsAsync<InvalidInputException>(() => generator.GenerateAsync(texts, new EmbeddingGenerationOptions { Dimensions = 7 }, Cancel))).Message, StringComparison.Ordinal);
        Assert.Contains("other/model was asked for", (await Assert.ThrowsAsync<InvalidInputException>(() => generator.GenerateAsync(texts, new EmbeddingGenerationOptions { ModelId = "other/model" }, Cancel))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentNullException>(() => generator.GenerateAsync(null!, cancellationToken: Cancel));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => generator.GenerateAsync(texts, cancellationToken: new CancellationToken(canceled: true)));
    }
}
