using System.Text.Json;
using System.Text.Json.Serialization;

namespace Malrule.Cli.Batch;

/// <summary>The body of a request to /v1/embeddings.</summary>
internal sealed class EmbeddingRequest
{
    public string? Model { get; init; }

    /// <summary>A text, a list of texts, a list of token ids, or a list of such lists.</summary>
    public JsonElement Input { get; init; }

    /// <summary>float or base64.</summary>
    public string? EncodingFormat { get; init; }

    public int? Dimensions { get; init; }
    public bool? AddSpecialTokens { get; init; }

    /// <summary>Fields that stand in the request and nowhere above; <see cref="OtherFields"/> judges them.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Other { get; set; }
}

/// <summary>The answer of /v1/embeddings.</summary>
internal sealed record EmbeddingResponse() : ResponseBody("list")
{
    public required IReadOnlyList<EmbeddingItem> Data { get; init; }
    public required Usage Usage { get; init; }
}

/// <summary>One input's vector: a list of numbers, or base64 of little-endian fp32.</summary>
internal sealed record EmbeddingItem(int Index, object Embedding)
{
    public string Object { get; } = "embedding";
}
