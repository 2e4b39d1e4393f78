using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using AIChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace Malrule.Inference;

/// <summary>
/// An <see cref="LlmEngine"/> as an <see cref="IChatClient"/>. Concurrent calls are batched by the engine; cancelling a call stops its
/// sequence. Options the engine does not have (tools, response formats) are refused, not ignored. <c>AdditionalProperties</c> may
/// carry <c>n</c>, <c>min_p</c> and <c>repetition_penalty</c>; with n the response has n messages. Disposing the client leaves the engine alone.
/// </summary>
public sealed class EngineChatClient(LlmEngine engine) : IChatClient
{
    private readonly ChatClientMetadata _metadata = new("malrule", null, engine.Info.ModelName);

    /// <inheritdoc/>
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<AIChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var output = (await engine.ChatAsync([Conversation(messages, options)], Sampling(options), cancellationToken).ConfigureAwait(false))[0];
        if (output.Error is { } error)
            throw error;
        return new ChatResponse([.. output.Outputs.Select(branch => new AIChatMessage(ChatRole.Assistant, branch.Text))])
        {
            ModelId = _metadata.DefaultModelId,
            FinishReason = Reason(output.Outputs[0].FinishReason),
            Usage = Usage(output),
            RawRepresentation = output,
        };
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<AIChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        string response = Guid.NewGuid().ToString("N");
        var request = new GenerationRequest(new Prompt.FromConversation(Conversation(messages, options)), Sampling(options));
        await foreach (var delta in engine.StreamDeltasAsync(request, cancellationToken).ConfigureAwait(false))
            yield return new ChatResponseUpdate(ChatRole.Assistant, delta.Output is { } output ? [new UsageContent(Usage(output))] : [new TextContent(delta.Text)])
            {
                ResponseId = response,
                MessageId = $"{response}-{delta.Index}",
                ModelId = _metadata.DefaultModelId,
                FinishReason = delta.FinishReason is { } reason ? Reason(reason) : null,
                RawRepresentation = delta,
            };
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(ChatClientMetadata) ? _metadata
            : serviceType == typeof(LlmEngine) ? engine
            : serviceType.IsInstanceOfType(this) ? this : null;
    }

    /// <inheritdoc/>
    public void Dispose() { }

    private static List<ChatMessage> Conversation(IEnumerable<AIChatMessage> messages, ChatOptions? options)
    {
        var conversation = messages.Select(message => new ChatMessage(message.Role.Value, TextOf(message))).ToList();
        if (options?.Instructions is { Length: > 0 } instructions)
            conversation.Insert(0, new ChatMessage("system", instructions));
        return conversation;
    }

    private static string TextOf(AIChatMessage message) => message.Contents.All(content => content is TextContent) ? message.Text
        : throw new InvalidInputException($"A {message.Role.Value} message holds {message.Contents.First(content => content is not TextContent).GetType().Name}; the engine reads text only.");

    private static SamplingParams Sampling(ChatOptions? options)
    {
        if (options is null)
            return new SamplingParams { MaxTokens = null };
        if (options.Tools is { Count: > 0 } || options.ResponseFormat is not (null or ChatResponseFormatText))
            throw new InvalidInputException("The engine has neither tools nor response formats; leave ChatOptions.Tools and ResponseFormat unset.");
        return new SamplingParams
        {
            N = (int)Extra(options, "n", 1),
            Temperature = options.Temperature ?? 1,
            TopP = options.TopP ?? 1,
            TopK = options.TopK ?? 0,
            MinP = Extra(options, "min_p", 0),
            FrequencyPenalty = options.FrequencyPenalty ?? 0,
            PresencePenalty = options.PresencePenalty ?? 0,
            RepetitionPenalty = Extra(options, "repetition_penalty", 1),
            Seed = options.Seed,
            MaxTokens = options.MaxOutputTokens,
            Stop = [.. options.StopSequences ?? []],
        };
    }

    private static double Extra(ChatOptions options, string name, double fallback) =>
        options.AdditionalProperties?.TryGetValue(name, out object? value) == true ? Convert.ToDouble(value, CultureInfo.InvariantCulture) : fallback;

    private static ChatFinishReason Reason(FinishReason reason) => reason == FinishReason.Length ? ChatFinishReason.Length : ChatFinishReason.Stop;

    private static UsageDetails Usage(RequestOutput output)
    {
        int generated = output.Outputs.Sum(branch => branch.TokenIds.Count);
        return new UsageDetails
        {
            InputTokenCount = output.PromptTokenIds.Count,
            OutputTokenCount = generated,
            TotalTokenCount = output.PromptTokenIds.Count + generated,
            CachedInputTokenCount = output.CachedTokens,
        };
    }
}
