using System.Text.Json;
using Malrule.Tests;

namespace Malrule.Inference.Tests.Tokenization;

/// <summary>Ids and texts that Hugging Face's own library gave.</summary>
public sealed class TokenizerGoldenTests
{
    [Fact]
    public void Ids_and_texts_of_Qwen_are_those_of_Hugging_Face() => CheckFolder(TestPaths.Shared("goldens", "qwen2.5-tokenizer"));

    [Fact]
    public void Ids_and_texts_of_BERT_are_those_of_Hugging_Face() => CheckFolder(TestPaths.Data("goldens", "bert-uncased-tokenizer"));

    [Theory]
    [InlineData("qwen-like")]
    [InlineData("llama-like")]
    [InlineData("gpt2-like")]
    [InlineData("bert-like")]
    public void Ids_and_texts_of_tiny_tokenizers_are_those_of_Hugging_Face(string name) =>
        CheckFolder(TestPaths.Data("tokenizers", name));

    private static void CheckFolder(string folder) => Check(Path.Combine(folder, "tokenizer.json"), Path.Combine(folder, "golden.json"));

    private static void Check(string tokenizerPath, string goldenPath)
    {
        Tokenizer tokenizer = Tokenizer.Load(tokenizerPath);
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(goldenPath));
        bool addSpecialTokens = golden.RootElement.GetProperty("add_special_tokens").GetBoolean();
        var failures = new List<string>();
        int cases = 0;
        foreach (JsonElement @case in golden.RootElement.GetProperty("cases").EnumerateArray())
        {
            string text = @case.GetProperty("text").GetString()!;
            int[] expected = [.. @case.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
            int[] ids = tokenizer.Encode(text, addSpecialTokens);
            string decoded = tokenizer.Decode(ids, skipSpecialTokens: false), skipped = tokenizer.Decode(ids);
            if (!expected.AsSpan().SequenceEqual(ids))
                failures.Add($"{JsonSerializer.Serialize(text)}\n  expected {string.Join(' ', expected)}\n  actual   {string.Join(' ', ids)}");
            else if (decoded != @case.GetProperty("decoded").GetString() || skipped != @case.GetProperty("decoded_skip_special").GetString())
                failures.Add($"{@case.GetRawText()}\n  decoded to {JsonSerializer.Serialize(decoded)} and {JsonSerializer.Serialize(skipped)}");
            cases++;
        }
        Assert.NotEqual(0, cases);
        Assert.True(failures.Count == 0, $"{failures.Count} of {cases} differ:\n{string.Join('\n', failures)}");
    }
}
