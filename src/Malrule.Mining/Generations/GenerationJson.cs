using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Malrule.Mining.Generations;

/// <summary>One generation as one line of JSON: fields in a fixed order, nulls and zeros left out, text readable rather than escaped.</summary>
[JsonSerializable(typeof(Generation))]
internal sealed partial class GenerationJson : JsonSerializerContext
{
    public static GenerationJson Lines { get; } = new(new JsonSerializerOptions
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = 8,
    });

    public static byte[] Line(Generation generation) => [.. JsonSerializer.SerializeToUtf8Bytes(generation, Lines.Generation), (byte)'\n'];
}
