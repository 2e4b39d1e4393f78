using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Malrule.Mining.Generations;
using Malrule.Mining.Rankings.Reranking;

namespace Malrule.Mining.Results;

/// <summary>A journal's lines as JSON: fields in a fixed order, nulls and zeros left out, text readable rather than escaped.</summary>
[JsonSerializable(typeof(Generation))]
[JsonSerializable(typeof(RerankAnswer))]
[JsonSerializable(typeof(NearestLine))]
internal sealed partial class JournalJson : JsonSerializerContext
{
    public static JournalJson Lines { get; } = new(new JsonSerializerOptions
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = 8,
    });
}
