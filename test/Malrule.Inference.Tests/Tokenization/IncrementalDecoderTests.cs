using System.Text;
using CsCheck;
using Malrule.Inference.Tests.VllmBehaviour;
using Malrule.Inference.Tokenization;
using Malrule.Tests;

namespace Malrule.Inference.Tests.Tokenization;

[VllmBehaviour("tests/tokenizers_/test_detokenize.py")]
[VllmBehaviour("tests/v1/engine/test_fast_incdec_prefix_err.py")]
public sealed class IncrementalDecoderTests
{
    private static readonly Tokenizer Bytes = Tokenizer.Load(TestPaths.Data("tokenizers", "qwen-like", "tokenizer.json"));
    private static readonly Tokenizer Words = Tokenizer.Load(TestPaths.Data("tokenizers", "bert-like", "tokenizer.json"));

    private static string Next(IncrementalDecoder decoder, int id)
    {
        var text = new StringBuilder();
        decoder.Append(id, text);
        return text.ToString();
    }

    private static string End(IncrementalDecoder decoder)
    {
        var text = new StringBuilder();
        decoder.Flush(text);
        return text.ToString();
    }

    [Fact]
    public void A_character_appears_with_the_token_that_completes_it()
    {
        int[] ids = Bytes.Encode("a👍é"); // the tiny vocabulary has one token a byte of these
        var decoder = new IncrementalDecoder(Bytes, [], skipSpecialTokens: true);
        Assert.Equal(["a", "", "", "", "👍", "", "é"], ids.Select(id => Next(decoder, id)));
        Assert.Equal("", End(decoder));
    }

    [Fact]
    public void An_unfinished_character_is_flushed_as_one_replacement_character()
    {
        int[] ids = Bytes.Encode("x👍");
        var decoder = new IncrementalDecoder(Bytes, [], skipSpecialTokens: true);
        Assert.Equal("x", string.Concat(ids[..^1].Select(id => Next(decoder, id))));
        Assert.Equal("\uFFFD", End(decoder));
    }

    [Fact]
    public void A_character_begun_in_the_prompt_is_finished_by_the_output()
    {
        int[] ids = Bytes.Encode("👍");
        var decoder = new IncrementalDecoder(Bytes, ids.AsSpan(..2), skipSpecialTokens: true);
        Assert.Equal("👍", string.Concat(ids[2..].Select(id => Next(decoder, id))) + End(decoder));
    }

    [Fact]
    public void Special_tokens_that_are_kept_may_stand_without_spaces_between_them()
    {
        int mask = Words.TokenId("[MASK]")!.Value, end = Words.TokenId("[SEP]")!.Value, word = Words.Encode("one", addSpecialTokens: false)[0];
        string Text(bool spaces)
        {
            var decoder = new IncrementalDecoder(Words, [word], skipSpecialTokens: false, spaces);
            return string.Concat(((int[])[mask, end, word]).Select(id => Next(decoder, id)));
        }
        Assert.StartsWith(" [MASK] [SEP] ", Text(spaces: true), StringComparison.Ordinal);
        Assert.StartsWith(" [MASK][SEP] ", Text(spaces: false), StringComparison.Ordinal);
    }

    [Fact]
    public void Special_tokens_and_ids_beyond_the_vocabulary_add_nothing()
    {
        int end = Bytes.TokenId("<|im_end|>")!.Value;
        Assert.Equal("", Next(new IncrementalDecoder(Bytes, [], skipSpecialTokens: true), end));
        Assert.Equal("<|im_end|>", Next(new IncrementalDecoder(Bytes, [], skipSpecialTokens: false), end));
        Assert.Equal("", Next(new IncrementalDecoder(Bytes, [], skipSpecialTokens: false), 1_000_000));
        Assert.Equal("", Next(new IncrementalDecoder(Bytes, [], skipSpecialTokens: false), -1));
    }

    [Fact]
    public void Any_tokens_one_by_one_give_the_text_of_them_all_behind_any_prompt() =>
        Gen.Select(Gen.Bool, Gen.Bool, Gen.Int[-2, 700].Array[0, 12], Gen.Int[-2, 700].Array[0, 60]).Sample((words, skip, prompt, output) =>
        {
            Tokenizer tokenizer = words ? Words : Bytes;
            var decoder = new IncrementalDecoder(tokenizer, prompt, skip);
            string text = string.Concat(output.Select(id => Next(decoder, id))) + End(decoder);
            string whole = tokenizer.Decode([.. prompt, .. output], skip);
            // What the prompt leaves unfinished belongs to the output.
            var before = new IncrementalDecoder(tokenizer, [], skip);
            string promptText = string.Concat(prompt.Select(id => Next(before, id)));
            Assert.Equal(whole, promptText + text);
        });

    [Fact]
    public void Random_text_survives_token_by_token() =>
        Gen.String[Gen.Char['\u0001', '\uD7FF'], 0, 80].Sample(text =>
        {
            string normal = UnicodeNormalization.Normalize(text, compatibility: false, compose: true);
            var decoder = new IncrementalDecoder(Bytes, [], skipSpecialTokens: false);
            var result = new StringBuilder();
            foreach (int id in Bytes.Encode(text, addSpecialTokens: false))
                result.Append(Next(decoder, id));
            Assert.Equal(normal, result.ToString());
            Assert.Equal("", End(decoder));
        });
}
