using Malrule.Inference;
using Microsoft.Extensions.AI;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers engines and embedders; the container disposes them.</summary>
public static class MalruleServiceCollectionExtensions
{
    /// <summary>Adds an <see cref="LlmEngine"/>, loaded at first use, and an <see cref="IChatClient"/> over it.</summary>
    public static IServiceCollection AddMalruleEngine(this IServiceCollection services, string modelDirectoryOrHubId, EngineOptions? options = null)
    {
        services.AddSingleton(_ => LlmEngine.LoadAsync(modelDirectoryOrHubId, options).GetAwaiter().GetResult());
        return services.AddSingleton<IChatClient>(provider => new EngineChatClient(provider.GetRequiredService<LlmEngine>()));
    }

    /// <summary>Adds a <see cref="TextEmbedder"/>, loaded at first use, and an <see cref="IEmbeddingGenerator{TInput, TEmbedding}"/> over it.</summary>
    public static IServiceCollection AddMalruleEmbedder(this IServiceCollection services, string modelDirectoryOrHubId, EmbedderOptions? options = null, string prefix = "")
    {
        services.AddSingleton(_ => TextEmbedder.LoadAsync(modelDirectoryOrHubId, options).GetAwaiter().GetResult());
        return services.AddSingleton<IEmbeddingGenerator<string, Embedding<float>>>(provider => new TextEmbeddingGenerator(provider.GetRequiredService<TextEmbedder>(), prefix));
    }
}
