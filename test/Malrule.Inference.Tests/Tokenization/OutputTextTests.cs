using CsCheck;
using Malrule.Inference.Tests.VllmBehaviour;
using Malrule.Inference.Tokenization;
using Malrule.Tests;

namespace Malrule.Inference.Tests.Tokenization;

[VllmBehaviour("tests/detokenizer/test_check_stop_strings.py")]
[VllmBehaviour("tests/detokenizer/test_stop_string_while_stop_model_terminates.py")]
[VllmBehaviour("tests/detokenizer/test_min_tokens.py")]
public sealed class OutputTextTests
{
    private static readonly Tokenizer Tokenizer = Tokenizer.Load(TestPaths.Data("tokenizers", "qwen-like", "tokenizer.json"));

    [Fact]
    public void A_stop_string_may_straddle_tokens_and_the_text_is_cut_before_it()
    {
        (string text, string? stop, int used) = Run("The answer\nQuestion", new SamplingParams { Stop = ["\nQ"] });
        Assert.Equal(("The answer", "\nQ", 12), (text, stop, used));
    }

    [Fact]
    public void With_include_stop_str_the_text_is_cut_behind_it() =>
        Assert.Equal(("ab##", "##"), TextAndStop(["ab#", "#c"], new SamplingParams { Stop = ["##"], IncludeStopStrInOutput = true }));

    [Fact]
    public void Of_several_in_one_token_the_one_that_completes_first_wins() =>
        Assert.Equal(("x", "bc"), TextAndStop(["xbcd"], new SamplingParams { Stop = ["bcd", "bc"] }));

    [Fact]
    public void Of_two_that_complete_together_the_first_listed_wins()
    {
        Assert.Equal(("x", "abc"), TextAndStop(["xabc"], new SamplingParams { Stop = ["abc", "bc"] }));
        Assert.Equal(("xa", "bc"), TextAndStop(["xabc"], new SamplingParams { Stop = ["bc", "abc"] }));
    }

    [Fact]
    public void The_prompt_is_never_searched()
    {
        var output = new OutputText(Tokenizer, Tokenizer.Encode("stop sto"), new SamplingParams { Stop = ["stop"] });
        Assert.Null(output.Append(Tokenizer.TokenId("p")!.Value));
        Assert.Equal("p", output.ToString());
    }

    [Fact]
    public void Text_of_the_first_min_tokens_tokens_does_not_stop_but_may_begin_a_stop()
    {
        var parameters = new SamplingParams { Stop = ["ab"], MinTokens = 2, MaxTokens = 9 };
        Assert.Equal(("abc", "ab"), TextAndStop(["a", "b", "c", "a", "b"], parameters));
        Assert.Equal(("x", "ab"), TextAndStop(["x", "a", "b"], parameters));
    }

    [Fact]
    public void The_token_that_ends_the_output_has_no_text_unless_it_is_asked_for()
    {
        int end = Tokenizer.TokenId("<|im_end|>")!.Value;
        foreach (bool include in new[] { false, true })
        {
            var output = new OutputText(Tokenizer, [], new SamplingParams { IncludeStopStrInOutput = include, SkipSpecialTokens = false });
            output.Append(Tokenizer.TokenId("a")!.Value);
            Assert.Null(output.Append(end, endsOutput: true));
            output.Finish();
            Assert.Equal(include ? "a<|im_end|>" : "a", output.ToString());
        }
    }

    [Fact]
    public void An_unfinished_character_ends_the_text_as_a_replacement_character()
    {
        var output = new OutputText(Tokenizer, [], new SamplingParams());
        output.Append(Tokenizer.Encode("é")[0]);
        Assert.Equal(0, output.Length);
        output.Finish();
        Assert.Equal("\uFFFD", output.ToString());
    }

    [Fact]
    public void Without_detokenize_or_a_tokenizer_there_is_no_text()
    {
        var output = new OutputText(Tokenizer, [], new SamplingParams { Detokenize = false });
        Assert.Null(output.Append(64));
        Assert.Equal("", output.ToString());
        Assert.Null(new OutputText(null, [], new SamplingParams()).Append(64));
    }

    [Fact]
    public void Any_text_is_cut_where_a_plain_search_of_the_whole_would_cut_it() =>
        Gen.Select(Gen.String[Gen.Char['a', 'c'], 0, 40], Gen.String[Gen.Char['a', 'c'], 1, 4].Array[1, 4], Gen.Bool).Sample((text, stops, include) =>
        {
            var parameters = new SamplingParams { Stop = stops, IncludeStopStrInOutput = include };
            var found = stops.Select((stop, order) => (End: text.IndexOf(stop, StringComparison.Ordinal) is int at and >= 0 ? at + stop.Length : int.MaxValue, order))
                .Min();
            (string actual, string? actualStop, _) = Run(text, parameters);
            string? expectedStop = found.End == int.MaxValue ? null : stops[found.order];
            Assert.Equal(expectedStop, actualStop);
            Assert.Equal(expectedStop is null ? text : text[..(found.End - (include ? 0 : expectedStop.Length))], actual);
        });

    /// <summary>Feeds one token a character until a stop string ends the text.</summary>
    private static (string Text, string? Stop, int Tokens) Run(string text, SamplingParams parameters)
    {
        var output = new OutputText(Tokenizer, [], parameters);
        int tokens = 0;
        foreach (char c in text)
        {
            tokens++;
            if (output.Append(Tokenizer.Encode(c.ToString()).Single()) is not null)
                break;
        }
        output.Finish();
        return (output.ToString(), output.Stop, tokens);
    }

    /// <summary>Feeds tokens with the given texts, which an ad-hoc vocabulary holds.</summary>
    private static (string Text, string? Stop) TextAndStop(string[] tokens, SamplingParams parameters)
    {
        string path = Path.Combine(TestPaths.TemporaryFolder(), "tokenizer.json");
        string vocabulary = string.Join(',', tokens.Distinct().Select((token, id) => $"\"{token}\":{id}"));
        File.WriteAllText(path, $$$"""{"decoder":{"type":"ByteLevel"},"model":{"type":"BPE","vocab":{{{{vocabulary}}}},"merges":[]}}""");
        Tokenizer tokenizer = Tokenizer.Load(path);
        var output = new OutputText(tokenizer, [], parameters);
        foreach (string token in tokens)
            if (output.Append(tokenizer.TokenId(token)!.Value) is not null)
                break;
        return (output.ToString(), output.Stop);
    }
}
