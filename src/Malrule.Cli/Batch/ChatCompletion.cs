using System.Text;
using System.Text.Json;
using Malrule.Inference;

namespace Malrule.Cli.Batch;

/// <summary>The body of a request to /v1/chat/completions.</summary>
internal sealed class ChatCompletionRequest : SamplingFields
{
    public ChatTurn[]? Messages { get; init; }
    public bool? Logprobs { get; init; }
    public int? TopLogprobs { get; init; }
    public int? MaxTokens { get; init; }
    public int? MaxCompletionTokens { get; init; }
    public bool? AddGenerationPrompt { get; init; }
    public Dictionary<string, JsonElement>? ChatTemplateKwargs { get; init; }

    /// <exception cref="RequestException">A field cannot be served.</exception>
    public GenerationRequest ToGenerationRequest(GenerationDefaults defaults)
    {
        if (Messages is not { Length: > 0 })
            throw new RequestException("messages", "messages must be a list of at least one message.");
        if (TopLogprobs is not (null or 0) && Logprobs != true)
            throw new RequestException("top_logprobs", "top_logprobs needs logprobs to be true.");
        var prompt = new Prompt.FromConversation([.. Messages.Select((turn, i) => turn.ToMessage(i))])
        {
            AddGenerationPrompt = AddGenerationPrompt ?? true,
            Variables = ChatTemplateKwargs?.ToDictionary(variable => variable.Key, variable => (object?)variable.Value),
        };
        return new GenerationRequest(prompt, ToSamplingParams(defaults, MaxCompletionTokens ?? MaxTokens,
            Logprobs == true && LogprobTokenIds is null ? TopLogprobs ?? 0 : null, PromptLogprobs, detokenize: true))
        {
            CacheSalt = CacheSalt,
        };
    }
}

/// <summary>One message of a conversation; its content is a text or a list of text parts.</summary>
internal sealed class ChatTurn
{
    public string? Role { get; init; }
    public JsonElement Content { get; init; }
    public JsonElement ToolCalls { get; init; }

    public ChatMessage ToMessage(int index)
    {
        string field = $"messages[{index}]";
        if (string.IsNullOrEmpty(Role))
            throw new RequestException($"{field}.role", $"{field}.role must be system, user, assistant or tool.");
        if (ToolCalls.ValueKind == JsonValueKind.Array && ToolCalls.GetArrayLength() > 0)
            throw new RequestException($"{field}.tool_calls", $"{field}.tool_calls is not supported.");
        return new ChatMessage(Role, Content.ValueKind switch
        {
            JsonValueKind.String => Content.GetString()!,
            JsonValueKind.Array => Join(field),
            _ => throw new RequestException($"{field}.content", $"{field}.content must be a string or a list of parts."),
        });
    }

    private string Join(string field)
    {
        var text = new StringBuilder();
        foreach (JsonElement part in Content.EnumerateArray())
        {
            string? type = part.ValueKind == JsonValueKind.Object && part.TryGetProperty("type", out JsonElement name) ? name.ToString() : null;
            if (type != "text" || !part.TryGetProperty("text", out JsonElement content) || content.ValueKind != JsonValueKind.String)
                throw new RequestException($"{field}.content", $"{field}.content holds a part of type {type ?? "none"}; only parts of type text, with their text, are supported.");
            if (text.Length > 0)
                text.Append('\n'); // as vLLM joins them
            text.Append(content.GetString());
        }
        return text.ToString();
    }
}

/// <summary>The answer of /v1/chat/completions.</summary>
internal sealed record ChatCompletionResponse() : ResponseBody("chat.completion")
{
    public required IReadOnlyList<ChatChoice> Choices { get; init; }
    public required Usage Usage { get; init; }
    public IReadOnlyList<Dictionary<string, TokenDetail>?>? PromptLogprobs { get; init; }
    public IReadOnlyList<int>? PromptTokenIds { get; init; }
}

/// <summary>One branch.</summary>
internal sealed record ChatChoice(int Index, ChatAnswer Message, ChatLogprobs? Logprobs, string FinishReason, object? StopReason, IReadOnlyList<int>? TokenIds);

/// <summary>The assistant's message.</summary>
internal sealed record ChatAnswer(string Role, string Content);

/// <summary>Logprobs of an answer's tokens.</summary>
internal sealed record ChatLogprobs(IReadOnlyList<ChatTokenLogprobs> Content);

/// <summary>One position: its token and the most likely ones.</summary>
internal sealed record ChatTokenLogprobs(string Token, float Logprob, int[] Bytes, IReadOnlyList<ChatTokenLogprob> TopLogprobs);

/// <summary>One token of a position.</summary>
internal sealed record ChatTokenLogprob(string Token, float Logprob, int[] Bytes);
