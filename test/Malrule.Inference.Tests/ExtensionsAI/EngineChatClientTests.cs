using Malrule.Inference.Tests.Models;
using Microsoft.Extensions.AI;
using AIChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace Malrule.Inference.Tests.ExtensionsAI;

public sealed class EngineChatClientTests
{
    private static readonly AIChatMessage[] Conversation = [new(ChatRole.System, "Be brief."), new(ChatRole.User, [new TextContent("One "), new TextContent("two?")])];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_response_is_the_engines_answer_with_ids_usage_and_reason()
    {
        await using var engine = await TextFixture.LoadAsync();
        using var client = new EngineChatClient(engine);
        var options = new ChatOptions { Temperature = 0.8f, TopP = 0.9f, TopK = 40, Seed = 3, MaxOutputTokens = 20, FrequencyPenalty = 0.5f, PresencePenalty = -0.25f, StopSequences = ["zzz", "qqq"] };
        ChatResponse response = await client.GetResponseAsync(Conversation, options, Cancel);

        var expected = (await engine.ChatAsync([[new("system", "Be brief."), new("user", "One two?")]], new SamplingParams
        {
            Temperature = 0.8f,
            TopP = 0.9f,
            TopK = 40,
            Seed = 3,
            MaxTokens = 20,
            FrequencyPenalty = 0.5,
            PresencePenalty = -0.25,
            Stop = ["zzz", "qqq"],
        }, Cancel))[0];
        var message = Assert.Single(response.Messages);
        Assert.Equal((expected.Outputs[0].Text, ChatRole.Assistant, response.ResponseId), (message.Text, message.Role, message.MessageId));
        Assert.Equal((engine.Info.ModelName, ChatFinishReason.Length), (response.ModelId, response.FinishReason));
        Assert.Equal((expected.PromptTokenIds.Count, 20, expected.PromptTokenIds.Count + 20), (response.Usage!.InputTokenCount, response.Usage.OutputTokenCount, response.Usage.TotalTokenCount));
        Assert.Equal(0, (int)response.Usage.CachedInputTokenCount! % 16);
        Assert.NotNull(response.CreatedAt);
        Assert.Equal(expected.Outputs[0].TokenIds, Assert.IsType<RequestOutput>(response.RawRepresentation).Outputs[0].TokenIds);
        Assert.NotEqual(response.ResponseId, (await client.GetResponseAsync(Conversation, options, Cancel)).ResponseId);
    }

    [Fact]
    public async Task Updates_put_together_are_the_response()
    {
        await using var engine = await TextFixture.LoadAsync();
        using var client = new EngineChatClient(engine);
        var options = new ChatOptions { Seed = 3, MaxOutputTokens = 40, Instructions = "Answer." };
        ChatResponse whole = await client.GetResponseAsync(Conversation, options, Cancel);
        var updates = await client.GetStreamingResponseAsync(Conversation, options, Cancel).ToListAsync(Cancel);
        ChatResponse streamed = updates.ToChatResponse();

        Assert.True(updates.Count >= 2); // a slow reader gets few
        Assert.Single(updates.Select(update => (update.ResponseId, update.MessageId, update.ModelId, update.CreatedAt)).Distinct());
        Assert.Equal(ChatFinishReason.Length, Assert.Single(updates, update => update.FinishReason is not null).FinishReason);
        Assert.Equal((whole.Text, whole.FinishReason, whole.Usage!.TotalTokenCount), (streamed.Text, streamed.FinishReason, streamed.Usage!.TotalTokenCount));
        Assert.Equal(ChatRole.Assistant, Assert.Single(streamed.Messages).Role);
        Assert.StartsWith("system: Answer.", Assert.IsType<RequestOutput>(whole.RawRepresentation).Prompt, StringComparison.Ordinal);
    }

    /// <summary>What the caller leaves unset is as generation_config.json says; SamplingParams of the caller's own are taken as they are.</summary>
    [Fact]
    public async Task Unset_options_are_the_checkpoints_and_raw_ones_the_callers()
    {
        await using var engine = await TextFixture.LoadAsync(generationConfig: """{"temperature": 0.3, "top_k": 7, "top_p": 0.8, "repetition_penalty": 1.1, "max_new_tokens": 9}""");
        using var client = new EngineChatClient(engine);
        async Task<string> Ask(ChatOptions? options) => (await client.GetResponseAsync("Hello", options, Cancel)).Text;
        async Task<string> Direct(SamplingParams sampling) => (await engine.ChatAsync([[new("user", "Hello")]], sampling, Cancel))[0].Outputs[0].Text;

        var recommended = new SamplingParams { Temperature = 0.3, TopK = 7, TopP = 0.8, RepetitionPenalty = 1.1, MaxTokens = 9, Seed = 5 };
        Assert.Equal(await Direct(recommended), await Ask(new ChatOptions { Seed = 5 }));
        Assert.Equal(await Direct(recommended with { Temperature = 1.5f, TopK = 0 }), await Ask(new ChatOptions { Seed = 5, Temperature = 1.5f, TopK = 0 }));
        Assert.Equal(await Direct(recommended), await Ask(new ChatOptions { Seed = 5, MaxOutputTokens = 30 })); // max_new_tokens caps
        var raw = new SamplingParams { Seed = 5, MaxTokens = 12, StructuredOutputs = new StructuredOutputs { Choice = ["left", "right"] } };
        Assert.Equal(await Direct(raw with { Seed = 6 }), await Ask(new ChatOptions { Seed = 6, RawRepresentationFactory = _ => raw }));
        Assert.Contains(await Ask(new ChatOptions { RawRepresentationFactory = _ => raw }), (string[])["left", "right"]);
    }

    [Fact]
    public async Task What_the_engine_does_not_have_is_refused_by_name()
    {
        await using var engine = await TextFixture.LoadAsync();
        using var client = new EngineChatClient(engine);
        foreach (var (options, expected) in new (ChatOptions, string)[]
        {
            (new() { Tools = [AIFunctionFactory.Create(() => 1, "one")] }, "ChatOptions.Tools"),
            (new() { ToolMode = ChatToolMode.RequireAny }, "ChatOptions.ToolMode"),
            (new() { ResponseFormat = ChatResponseFormat.Json }, "ChatOptions.ResponseFormat"),
            (new() { ConversationId = "7" }, "ChatOptions.ConversationId"),
            (new() { AllowBackgroundResponses = true }, "ChatOptions.AllowBackgroundResponses"),
            (new() { Reasoning = new ReasoningOptions() }, "ChatOptions.Reasoning"),
            (new() { ModelId = "gpt-4o" }, "serves " + engine.Info.ModelName),
            (new() { AdditionalProperties = new() { ["min_p"] = 0.1 } }, "min_p is not known"),
            (new() { RawRepresentationFactory = _ => "params" }, "returned String"),
            (new() { RawRepresentationFactory = _ => new SamplingParams { N = 2 } }, "n is 2"),
            (new() { Temperature = 3 }, "temperature"),
        })
        {
            Assert.Contains(expected, (await Assert.ThrowsAsync<InvalidInputException>(() => client.GetResponseAsync(Conversation, options, Cancel))).Message, StringComparison.Ordinal);
            Assert.Contains(expected, (await Assert.ThrowsAsync<InvalidInputException>(async () => await client.GetStreamingResponseAsync(Conversation, options, Cancel).ToListAsync(Cancel))).Message, StringComparison.Ordinal);
        }
        AIChatMessage image = new(ChatRole.User, [new DataContent("data:image/png;base64,AA==")]);
        Assert.Contains("DataContent", (await Assert.ThrowsAsync<InvalidInputException>(() => client.GetResponseAsync([image], cancellationToken: Cancel))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentNullException>(() => client.GetResponseAsync((IEnumerable<AIChatMessage>)null!, cancellationToken: Cancel));
        Assert.Throws<ArgumentNullException>(() => client.GetStreamingResponseAsync((IEnumerable<AIChatMessage>)null!, cancellationToken: Cancel));
        var harmless = new ChatOptions { ToolMode = ChatToolMode.Auto, ResponseFormat = ChatResponseFormat.Text, ModelId = engine.Info.ModelName, Tools = [], AdditionalProperties = [], MaxOutputTokens = 1 };
        Assert.Equal(1, (await client.GetResponseAsync(Conversation, harmless, Cancel)).Usage!.OutputTokenCount);
    }

    [Fact]
    public async Task Cancelling_ends_both_ways_to_call_and_services_are_what_they_are()
    {
        await using var engine = await TextFixture.LoadAsync();
        using var client = new EngineChatClient(engine);
        using var source = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in client.GetStreamingResponseAsync(Conversation, new ChatOptions { Seed = 1 }, source.Token))
                await source.CancelAsync();
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.GetResponseAsync(Conversation, cancellationToken: source.Token));

        Assert.Same(engine, client.GetService<LlmEngine>());
        Assert.Same(client, client.GetService<IChatClient>());
        Assert.Equal(("malrule", engine.Info.ModelName), (client.GetService<ChatClientMetadata>()!.ProviderName, client.GetService<ChatClientMetadata>()!.DefaultModelId));
        Assert.Null(client.GetService<LlmEngine>("key"));
        Assert.Null(client.GetService<string>());
        client.Dispose(); // leaves the engine alone
        Assert.Single(await engine.GenerateAsync(["x"], new SamplingParams { MaxTokens = 1 }, Cancel));
    }
}
