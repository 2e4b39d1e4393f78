using System.Runtime.InteropServices;
using System.Text.Json;
using Malrule.Mining.Questions;
using Malrule.Tests;

namespace Malrule.Mining.Tests.Scripts;

/// <summary>The vectors of the tutorial's golden by text. The same text has one vector as a name and another as a sample.</summary>
internal static class GoldenEmbeddings
{
    public const string NamePrefix = "name: ";
    private const int Dimensions = 96;

    public static Dictionary<string, float[]> Read(JsonElement items)
    {
        byte[] bytes = File.ReadAllBytes(TestPaths.Shared("goldens", "tutorial", "embeddings.safetensors"));
        ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(bytes.AsSpan(8 + (int)BitConverter.ToInt64(bytes))); // catalogue, then samples
        MisconceptionCatalogue catalogue = EediReader.ReadCatalogue(TestPaths.Shared("eedi", "misconception_mapping.csv"));
        var vectors = new Dictionary<string, float[]>();
        int row = 0;
        foreach (Misconception misconception in catalogue.Items)
            vectors.Add(NamePrefix + misconception.Name, values.Slice(row++ * Dimensions, Dimensions).ToArray());
        foreach (JsonElement text in items.EnumerateArray().SelectMany(item => item.GetProperty("inferred").EnumerateArray()))
            vectors[text.GetString()!] = values.Slice(row++ * Dimensions, Dimensions).ToArray();
        return vectors;
    }
}
