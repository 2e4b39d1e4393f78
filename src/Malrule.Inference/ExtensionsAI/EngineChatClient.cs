using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using AIChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace Malrule.Inference;

/// <summary>
/// An <see cref="LlmEngine"/> as an <see cref="IChatClient"/>. Concurrent calls are batched by the engine; cancelling a call stops its
/// sequence. As in a server, what a caller leaves unset is as the checkpoint's generation_config.json recommends.
/// <see cref="ChatOptions.RawRepresentationFactory"/> may return <see cref="SamplingParams"/>, in whose place nothing is recommended and
/// which the options that are set overrule: for structured outputs, min_p, logit_bias and the like. What the engine does not have (tools,
/// JSON, stored conversations, other models …) is refused by name, not ignored. Disposing the client leaves the engine alone.
/// </summary>
public sealed class EngineChatClient(LlmEngine engine) : IChatClient
{
    private readonly ChatClientMetadata _metadata = new("malrule", null, engine.Info.ModelName);

    /// <inheritdoc/>
    /// <exception cref="InvalidInputException">A message or an option cannot be served.</exception>
    /// <exception cref="MalruleException">The model computed a value that is not finite, or the engine stopped.</exception>
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<AIChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var created = DateTimeOffset.UtcNow;
        var output = (await engine.ChatAsync([Conversation(messages, options)], Sampling(options), cancellationToken).ConfigureAwait(false))[0];
        if (output.Error is { } error)
            throw error;
        string id = Guid.NewGuid().ToString("N");
        return new ChatResponse(new AIChatMessage(ChatRole.Assistant, output.Outputs[0].Text) { MessageId = id, CreatedAt = created })
        {
            ResponseId = id,
            ModelId = _metadata.DefaultModelId,
            CreatedAt = created,
            FinishReason = Reason(output.Outputs[0].FinishReason),
            Usage = Usage(output),
            RawRepresentation = output,
        };
    }

    /// <summary>Sends chat messages and streams the response; the last update carries the usage.</summary>
    /// <inheritdoc/>
    /// <exception cref="InvalidInputException">A message or an option cannot be served.</exception>
    /// <exception cref="MalruleException">The model computed a value that is not finite, or the engine stopped.</exception>
    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<AIChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return StreamAsync(new GenerationRequest(new Prompt.FromConversation(Conversation(messages, options)), Sampling(options)), cancellationToken);
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

    private async IAsyncEnumerable<ChatResponseUpdate> StreamAsync(GenerationRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string id = Guid.NewGuid().ToString("N");
        var created = DateTimeOffset.UtcNow;
        await foreach (var delta in engine.StreamDeltasAsync(request, cancellationToken).ConfigureAwait(false))
            yield return new ChatResponseUpdate(ChatRole.Assistant, delta.Output is { } output ? [new UsageContent(Usage(output))] : delta.Text.Length > 0 ? [new TextContent(delta.Text)] : [])
            {
                ResponseId = id,
                MessageId = id,
                ModelId = _metadata.DefaultModelId,
                CreatedAt = created,
                FinishReason = delta.FinishReason is { } reason ? Reason(reason) : null,
                RawRepresentation = delta,
            };
    }

    private static List<ChatMessage> Conversation(IEnumerable<AIChatMessage> messages, ChatOptions? options)
    {
        var conversation = messages.Select(message => new ChatMessage(message.Role.Value, TextOf(message))).ToList();
        if (options?.Instructions is { Length: > 0 } instructions)
            conversation.Insert(0, new ChatMessage("system", instructions));
        return conversation;
    }

    private static string TextOf(AIChatMessage message) => message.Contents.All(content => content is TextContent) ? message.Text
        : throw new InvalidInputException($"A {message.Role.Value} message holds {message.Contents.First(content => content is not TextContent).GetType().Name}; the engine reads text only.");

    private SamplingParams Sampling(ChatOptions? options)
    {
        var sampling = options?.RawRepresentationFactory?.Invoke(this) switch
        {
            SamplingParams given => given with { MaxTokens = options.MaxOutputTokens ?? given.MaxTokens },
            null => engine.GenerationDefaults.ToSamplingParams(options?.MaxOutputTokens),
            var other => throw new InvalidInputException($"ChatOptions.RawRepresentationFactory returned {other.GetType().Name}; this client takes SamplingParams."),
        };
        if (options is not null)
        {
            Refuse(options);
            sampling = sampling with
            {
                Temperature = options.Temperature ?? sampling.Temperature,
                TopP = options.TopP ?? sampling.TopP,
                TopK = options.TopK ?? sampling.TopK,
                FrequencyPenalty = options.FrequencyPenalty ?? sampling.FrequencyPenalty,
                PresencePenalty = options.PresencePenalty ?? sampling.PresencePenalty,
                Seed = options.Seed ?? sampling.Seed,
                Stop = options.StopSequences is { Count: > 0 } stop ? [.. stop] : sampling.Stop,
            };
        }
        return sampling.N == 1 ? sampling : throw new InvalidInputException($"n is {sampling.N}; a chat response is one answer. LlmEngine.ChatAsync gives several.");
    }

    /// <summary>Refuses what is asked for and not to be had.</summary>
    private void Refuse(ChatOptions options)
    {
        (string Option, bool IsSet, string Instead)[] absent =
        [
            ("Tools", options.Tools is { Count: > 0 }, "the engine calls no tools"),
            ("ToolMode", options.ToolMode is RequiredChatToolMode, "the engine calls no tools"),
            ("ResponseFormat", options.ResponseFormat is not (null or ChatResponseFormatText), "the engine keeps to no JSON schema; for a choice or a regular expression give StructuredOutputs through RawRepresentationFactory"),
            ("ConversationId", options.ConversationId is not null, "the engine stores no conversations; send all messages"),
            ("ContinuationToken", options.ContinuationToken is not null, "a response that was left cannot be gone on with"),
            ("AllowBackgroundResponses", options.AllowBackgroundResponses == true, "there are none"),
            ("Reasoning", options.Reasoning is not null, "the engine does not tell reasoning from answer"),
            ("ModelId", options.ModelId is { } model && model != _metadata.DefaultModelId, $"this engine serves {_metadata.DefaultModelId}"),
            ("AdditionalProperties", options.AdditionalProperties is { Count: > 0 }, $"{options.AdditionalProperties?.Keys.FirstOrDefault()} is not known; sampling parameters go through RawRepresentationFactory"),
        ];
        foreach (var (option, isSet, instead) in absent)
            if (isSet)
                throw new InvalidInputException($"ChatOptions.{option} cannot be served: {instead}.");
    }

    private static ChatFinishReason Reason(FinishReason reason) => reason switch
    {
        FinishReason.Stop => ChatFinishReason.Stop,
        FinishReason.Length => ChatFinishReason.Length,
        _ => new ChatFinishReason(reason.ToString().ToLowerInvariant()),
    };

    private static UsageDetails Usage(RequestOutput output)
    {
        int generated = output.Outputs[0].TokenIds.Count;
        return new UsageDetails
        {
            InputTokenCount = output.PromptTokenIds.Count,
            OutputTokenCount = generated,
            TotalTokenCount = output.PromptTokenIds.Count + generated,
            CachedInputTokenCount = output.CachedTokens,
        };
    }
}
