using Malrule.Inference;

namespace Malrule.Mining.Generations;

/// <summary>Generates with the engine in this process.</summary>
internal sealed class EngineGenerator : IGenerator
{
    private readonly LlmEngine _engine;
    private readonly Tokenizer _tokenizer;
    private readonly ChatTemplate _template;

    private EngineGenerator(LlmEngine engine, Tokenizer tokenizer, ChatTemplate template) => (_engine, _tokenizer, _template) = (engine, tokenizer, template);

    public string KernelPath => _engine.Info.KernelPath;

    public IReadOnlyList<string> Description =>
    [
        $"Model {_engine.Info.ModelDirectory}: {_engine.Info.KernelPath}, at most {_engine.Info.MaxModelLength} tokens a sequence, {_engine.Info.MaxNumSeqs} sequences at once.",
        $"{_engine.Info.Memory}",
    ];

    public int MaxModelLength => _engine.Info.MaxModelLength;

    public int MaxNumSeqs => _engine.Info.MaxNumSeqs;

    public EngineStatistics Statistics => _engine.Statistics;

    public static async Task<IGenerator> LoadAsync(string model, EngineOptions options, CancellationToken cancellationToken)
    {
        LlmEngine engine = await LlmEngine.LoadAsync(model, options, cancellationToken).ConfigureAwait(false);
        if (engine is { Tokenizer: { } tokenizer, ChatTemplate: { } template })
            return new EngineGenerator(engine, tokenizer, template);
        string missing = engine.Tokenizer is null ? "tokenizer (tokenizer.json)" : "chat template (chat_template in tokenizer_config.json, or chat_template.jinja)";
        await engine.DisposeAsync().ConfigureAwait(false);
        throw new InvalidInputException($"{model}: expected a model that chats, found no {missing}. Use an instruction-tuned checkpoint with all its files.");
    }

    public int CountTokens(IReadOnlyList<ChatMessage> conversation) => _tokenizer.Encode(_template.Render(conversation), addSpecialTokens: false).Length;

    public IAsyncEnumerable<RequestOutput> StreamAsync(IReadOnlyList<GenerationRequest> requests, CancellationToken cancellationToken) =>
        _engine.StreamAsync(requests, cancellationToken);

    public ValueTask DisposeAsync() => _engine.DisposeAsync();
}
