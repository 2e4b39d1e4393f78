using Malrule.Inference;
using Malrule.Mining.Rankings.Reranking;
using Malrule.Tests;

namespace Malrule.Mining.Tests.Rankings.Reranking;

public sealed class LetterTokensTests
{
    /// <summary>A tokenizer of words that knows some letters as one token, and spells others.</summary>
    private static int[] Encode(string text, string known)
    {
        var ids = new List<int>();
        for (int i = 0; i < text.Length; i++)
        {
            bool spaced = text[i] == ' ' && i + 1 < text.Length && known.Contains(char.ToLowerInvariant(text[i + 1]), StringComparison.Ordinal) && char.IsUpper(text[i + 1]);
            if (spaced)
                ids.Add(1000 + text[++i]);
            else if (known.Contains(text[i], StringComparison.Ordinal) || !char.IsUpper(text[i]))
                ids.Add(text[i]);
            else
                ids.AddRange([1, text[i]]);
        }
        return [.. ids];
    }

    [Fact]
    public void A_letter_is_taken_alone_and_behind_a_space_where_either_is_one_token()
    {
        // upper case: one token alone; lower case: one token behind a space
        var tokens = LetterTokens.Find("answer:", 3, text => Encode(text, "AabC"), "model");
        Assert.Equal(['A', 1000 + 'A', 1000 + 'B', 'C'], tokens.Of(3));
        Assert.Equal(['A', 1000 + 'A'], tokens.Of(1));

        double[] sums = tokens.Sum(3, [new(0, MathF.Log(0.25f), 1), new(0, MathF.Log(0.5f), 1), new(0, MathF.Log(0.125f), 1), new(0, -1000, 1)]);
        Assert.Equal(Math.Log(0.75), sums[0], 6);
        Assert.Equal(Math.Log(0.125), sums[1], 6);
        Assert.Equal(-1000, sums[2], 6);
    }

    [Fact]
    public void A_letter_that_is_no_token_in_either_form_is_named() =>
        Assert.Contains("none for \"C\"", Assert.Throws<InvalidInputException>(() => LetterTokens.Find("answer:", 4, text => Encode(text, "ABD"), "models/x")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_prompt_that_runs_into_the_letter_is_refused()
    {
        // the last character of the prompt and the letter are one token
        static int[] Merging(string text) => text.EndsWith(":A", StringComparison.Ordinal) || text.EndsWith(": A", StringComparison.Ordinal) ? [.. text[..text.LastIndexOf(':')].Select(c => (int)c), 5000] : [.. text.Select(c => (int)c)];
        Assert.Throws<InvalidInputException>(() => LetterTokens.Find("answer:", 1, Merging, "model"));
    }

    [Fact]
    public void Tokenizers_in_use_have_all_letters()
    {
        foreach (string file in Directory.GetFiles(TestPaths.Data("tokenizers"), "tokenizer.json", SearchOption.AllDirectories))
        {
            var tokenizer = Tokenizer.Load(file);
            var tokens = LetterTokens.Find("<|im_start|>assistant\n", 26, text => tokenizer.Encode(text, addSpecialTokens: false), file);
            Assert.InRange(tokens.Of(26).Length, 26, 52);
            Assert.Equal(tokens.Of(26).Distinct(), tokens.Of(26));
        }
    }
}
