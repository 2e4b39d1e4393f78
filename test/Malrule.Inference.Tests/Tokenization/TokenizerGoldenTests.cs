using System.Text.Json;
using Malrule.Tests;

namespace Malrule.Inference.Tests.Tokenization;

/// <summary>Ids and texts that Hugging Face's own library gave.</summary>
public sealed class TokenizerGoldenTests
{
    [Theory]
    [InlineData("qwen2.5-tokenizer")]
    [InlineData("bert-uncased-tokenizer")]
    public void Ids_and_texts_are_those_of_Hugging_Face(string name)
    {
        string folder = TestPaths.Shared("goldens", name);
        Check(Path.Combine(folder, "tokenizer.json"), Path.Combine(folder, "golden.json"));
    }

    internal static void Check(string tokenizerPath, string goldenPath)
    {
        Tokenizer tokenizer = Tokenizer.Load(tokenizerPath);
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(goldenPath));
        bool addSpecialTokens = golden.RootElement.GetProperty("add_special_tokens").GetBoolean();
        int cases = 0;
        foreach (JsonElement @case in golden.RootElement.GetProperty("cases").EnumerateArray())
        {
            string text = @case.GetProperty("text").GetString()!;
            int[] expected = [.. @case.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
            int[] ids = tokenizer.Encode(text, addSpecialTokens);
            Assert.True(expected.AsSpan().SequenceEqual(ids),
                $"{JsonSerializer.Serialize(text)}\nexpected {string.Join(' ', expected)}\nactual   {string.Join(' ', ids)}");
            Assert.Equal(@case.GetProperty("decoded").GetString(), tokenizer.Decode(ids, skipSpecialTokens: false));
            Assert.Equal(@case.GetProperty("decoded_skip_special").GetString(), tokenizer.Decode(ids));
            cases++;
        }
        Assert.NotEqual(0, cases);
    }
}
