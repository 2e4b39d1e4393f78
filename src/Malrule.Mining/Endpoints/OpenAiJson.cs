using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Malrule.Mining.Endpoints;

/// <summary>What is read of an answer of /chat/completions; fields that servers leave out are null.</summary>
internal sealed record ChatAnswer(IReadOnlyList<ChatChoice>? Choices, TokenUsage? Usage);

/// <summary>One sample.</summary>
internal sealed record ChatChoice(int Index, ChatChoiceMessage? Message, string? FinishReason);

/// <summary>Its text; null where the model refused, or only reasoned.</summary>
internal sealed record ChatChoiceMessage(string? Content);

/// <summary>Tokens as the server counts them.</summary>
internal sealed record TokenUsage(long PromptTokens, long CompletionTokens, TokenDetails? PromptTokensDetails);

/// <summary>Those of a prompt that came from the server's prefix cache.</summary>
internal sealed record TokenDetails(long? CachedTokens);

/// <summary>What is read of an answer of /embeddings.</summary>
internal sealed record EmbeddingAnswer(IReadOnlyList<EmbeddingRow>? Data, TokenUsage? Usage);

/// <summary>One text's vector.</summary>
internal sealed record EmbeddingRow(int? Index, float[]? Embedding);

/// <summary>What is read of an answer of /models.</summary>
internal sealed record ModelList(IReadOnlyList<ModelEntry?>? Data);

/// <summary>A served model; vLLM adds its longest sequence.</summary>
internal sealed record ModelEntry(string? Id, int? MaxModelLen);

/// <summary>How requests are written and answers read: snake_case, text as it is, no field twice.</summary>
[JsonSerializable(typeof(JsonObject))]
[JsonSerializable(typeof(ChatAnswer))]
[JsonSerializable(typeof(EmbeddingAnswer))]
[JsonSerializable(typeof(ModelList))]
internal sealed partial class OpenAiJson : JsonSerializerContext
{
    public static OpenAiJson Wire { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = 32,
    });
}
