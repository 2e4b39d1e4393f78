using System.Text.Json.Serialization;

namespace Malrule.Cli.Batch;

/// <summary>
/// One line of a batch's output, as OpenAI's batch API and <c>vllm run-batch</c> write it. A line of the input is an object with
/// custom_id, method (POST), url and body.
/// </summary>
internal sealed record BatchResult
{
    public required string Id { get; init; }

    /// <summary>The request's; null where its line could not be read.</summary>
    public required string? CustomId { get; init; }

    public required BatchResponse Response { get; init; }
    public BatchError? Error { get; init; }
}

/// <summary>The HTTP answer that a server would have given; the body is null where it failed.</summary>
internal sealed record BatchResponse(int StatusCode, string RequestId, ResponseBody? Body);

/// <summary>Why a request failed.</summary>
internal sealed record BatchError(string Message, string Type, string? Param, int Code);

/// <summary>What an endpoint answers.</summary>
[JsonDerivedType(typeof(ChatCompletionResponse))]
[JsonDerivedType(typeof(CompletionResponse))]
[JsonDerivedType(typeof(EmbeddingResponse))]
internal abstract record ResponseBody([property: JsonPropertyOrder(-3)] string Object)
{
    [JsonPropertyOrder(-4)]
    public required string Id { get; init; }

    /// <summary>Unix seconds.</summary>
    [JsonPropertyOrder(-2)]
    public required long Created { get; init; }

    [JsonPropertyOrder(-1)]
    public required string Model { get; init; }
}

/// <summary>Tokens a request took.</summary>
internal sealed record Usage(long PromptTokens, long CompletionTokens)
{
    public long TotalTokens => PromptTokens + CompletionTokens;
}
