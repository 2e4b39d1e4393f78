using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Malrule.Cli.Batch;

/// <summary>How requests and answers are read and written: snake_case, no field twice, text as it is.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(BatchResult))]
[JsonSerializable(typeof(ChatCompletionRequest))]
[JsonSerializable(typeof(CompletionRequest))]
[JsonSerializable(typeof(EmbeddingRequest))]
[JsonSerializable(typeof(int))] // a stop_reason
[JsonSerializable(typeof(string))] // a stop_reason, a base64 embedding
[JsonSerializable(typeof(float[]))] // an embedding
internal sealed partial class OpenAiJson : JsonSerializerContext
{
    /// <summary>The context that writes text as UTF-8 instead of escapes.</summary>
    public static OpenAiJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
