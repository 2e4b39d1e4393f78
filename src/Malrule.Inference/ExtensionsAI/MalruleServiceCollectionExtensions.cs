using Malrule.Inference;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>
/// Registers engines and embedders; the container disposes them, so end it with DisposeAsync, as hosts do. They log with the container's
/// factory unless the options bring one.
/// </summary>
public static class MalruleServiceCollectionExtensions
{
    /// <summary>Adds an <see cref="LlmEngine"/>, loaded at first use, and an <see cref="IChatClient"/> over it.</summary>
    public static IServiceCollection AddMalruleEngine(this IServiceCollection services, string modelDirectoryOrHubId, EngineOptions? options = null)
    {
        services.AddSingleton(provider =>
        {
            EngineOptions given = options ?? new EngineOptions();
            return LlmEngine.LoadAsync(modelDirectoryOrHubId, given with { LoggerFactory = given.LoggerFactory ?? provider.GetService<ILoggerFactory>() }).GetAwaiter().GetResult();
        });
        return services.AddSingleton<IChatClient>(provider => new EngineChatClient(provider.GetRequiredService<LlmEngine>()));
    }

    /// <summary>Adds a <see cref="TextEmbedder"/>, loaded at first use, and an <see cref="IEmbeddingGenerator{TInput, TEmbedding}"/> over it.</summary>
    public static IServiceCollection AddMalruleEmbedder(this IServiceCollection services, string modelDirectoryOrHubId, EmbedderOptions? options = null, string prefix = "")
    {
        services.AddSingleton(provider =>
        {
            EmbedderOptions given = options ?? new EmbedderOptions();
            return TextEmbedder.LoadAsync(modelDirectoryOrHubId, given with { LoggerFactory = given.LoggerFactory ?? provider.GetService<ILoggerFactory>() }).GetAwaiter().GetResult();
        });
        return services.AddSingleton<IEmbeddingGenerator<string, Embedding<float>>>(provider => new TextEmbeddingGenerator(provider.GetRequiredService<TextEmbedder>(), prefix));
    }
}
