using System.Diagnostics;
using System.Runtime.CompilerServices;
using Malrule.Inference;
using Malrule.Mining.Rankings.Reranking;

namespace Malrule.Mining.Generations;

/// <summary>Generates with the engine in this process.</summary>
internal sealed class EngineGenerator : IGenerator
{
    private const int TriedTokens = 8, TriedSamples = 64;

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

    public int? MaxModelLength => _engine.Info.MaxModelLength;

    public bool CountsTokens => true;

    public bool CountsCachedTokens => true;

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

    /// <summary>
    /// Times the prompt, then some tokens of many samples. What the prompt leaves in the prefix cache serves the request when it comes; results do not depend on it.
    /// </summary>
    public async Task<GenerationTrial?> TryAsync(GenerationRequest request, int tokens, CancellationToken cancellationToken)
    {
        int samples = Math.Min(TriedSamples, _engine.Info.MaxNumSeqs);
        var oneToken = new SamplingParams { MaxTokens = 1, Seed = 0 };
        SamplingParams someTokens = oneToken with { N = samples, MaxTokens = TriedTokens, MinTokens = TriedTokens, IgnoreEos = true };
        return await SecondsAsync(oneToken).ConfigureAwait(false) is { } promptSeconds && await SecondsAsync(someTokens).ConfigureAwait(false) is { } sampleSeconds
            ? new GenerationTrial(promptSeconds / tokens, sampleSeconds / (TriedTokens * samples))
            : null;

        async Task<double?> SecondsAsync(SamplingParams tried)
        {
            long start = Stopwatch.GetTimestamp();
            bool failed = false;
            await foreach (RequestOutput output in _engine.StreamAsync([request with { Sampling = tried }], cancellationToken).ConfigureAwait(false))
                failed |= output.Error is not null;
            return failed ? null : Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
    }

    public async IAsyncEnumerable<GeneratorOutput> StreamAsync(
        IReadOnlyList<GenerationRequest> requests, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (RequestOutput output in _engine.StreamAsync(requests, cancellationToken).ConfigureAwait(false))
        {
            yield return new GeneratorOutput(output.Index)
            {
                Texts = [.. output.Outputs.Select(sample => sample.Text)],
                FinishReasons = [.. output.Outputs.Select(sample => sample.FinishReason == FinishReason.Stop ? "stop" : "length")],
                PromptTokens = output.Error is null ? output.PromptTokenIds.Count : null,
                Tokens = [.. output.Outputs.Select(sample => sample.TokenIds.Count)],
                GeneratedTokens = output.Outputs.Sum(sample => sample.TokenIds.Count),
                CumulativeLogprobs = [.. output.Outputs.Select(sample => sample.CumulativeLogprob)],
                Error = output.Error?.Message,
            };
        }
    }

    public async IAsyncEnumerable<LetterOutput> StreamLettersAsync(
        IReadOnlyList<LetterRequest> requests, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (requests.Count == 0)
            yield break;
        var letters = LetterTokens.Find(
            _template.Render(requests[0].Conversation), requests.Max(request => request.Letters), text => _tokenizer.Encode(text, addSpecialTokens: false), _engine.Info.ModelDirectory);
        var sampling = new SamplingParams { Temperature = 0, MaxTokens = 1, Detokenize = false };
        GenerationRequest[] asked =
            [.. requests.Select(request => new GenerationRequest(new Prompt.FromConversation(request.Conversation), sampling with { LogprobTokenIds = letters.Of(request.Letters) }))];
        await foreach (RequestOutput output in _engine.StreamAsync(asked, cancellationToken).ConfigureAwait(false))
        {
            yield return new LetterOutput(
                output.Index, output.Error is null ? letters.Sum(requests[output.Index].Letters, output.Outputs[0].Logprobs![0].Top) : [],
                output.PromptTokenIds.Count, output.Error?.Message);
        }
    }

    public ValueTask DisposeAsync() => _engine.DisposeAsync();
}
