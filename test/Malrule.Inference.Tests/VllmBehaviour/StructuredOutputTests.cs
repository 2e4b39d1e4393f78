using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using Malrule.Inference.Tests.Constraints;
using Malrule.Inference.Tests.Models;

namespace Malrule.Inference.Tests.VllmBehaviour;

/// <summary>structured_outputs from the request to the text, on random weights, which would write anything.</summary>
[VllmBehaviour("tests/v1/structured_output, tests/entrypoints/llm/test_struct_output_generate.py")]
public sealed class StructuredOutputTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static SamplingParams Sampling(StructuredOutputs outputs) => new() { StructuredOutputs = outputs, N = 4, Seed = 3, MaxTokens = 60 };

    private static async Task<CompletionOutput[]> Run(LlmEngine engine, SamplingParams sampling)
    {
        var output = (await engine.GenerateAsync(["Answer: "], sampling, Cancel))[0];
        Assert.Null(output.Error);
        return [.. output.Outputs];
    }

    [Fact]
    public async Task Every_output_matches_its_regular_expression()
    {
        await using var engine = await TextFixture.LoadAsync();
        int whole = 0;
        await Patterns.Any.SampleAsync(async pattern =>
        {
            var output = (await engine.GenerateAsync(["Answer: "], Sampling(new StructuredOutputs { Regex = pattern }), Cancel))[0];
            if (output.Error is not null)
            {
                Assert.Contains("structured_outputs.regex", output.Error.Message); // matches the empty text only, or is too large
                return;
            }
            Regex expected = Patterns.Whole(pattern);
            foreach (var branch in output.Outputs)
            {
                // .NET counts an astral character twice.
                string text = string.Concat(branch.Text.EnumerateRunes().Select(rune => rune.IsBmp ? rune.ToString() : "漢"));
                Assert.True(branch.FinishReason == FinishReason.Length ? branch.TokenIds.Count == 60 : expected.IsMatch(text), $"{pattern}: {branch.Text}");
                whole += branch.FinishReason == FinishReason.Stop ? 1 : 0;
            }
        }, iter: 30, threads: 1);
        Assert.True(whole > 8, $"{whole} of 120 outputs were whole"); // Half of them on average; those of one pattern stand or fall together.
    }

    [Fact]
    public async Task Characters_are_put_together_from_tokens_that_hold_parts_of_them()
    {
        await using var engine = await TextFixture.LoadAsync();
        foreach (var branch in await Run(engine, Sampling(new StructuredOutputs { Regex = "[Ā-\uFFFF]{3}👍[^\\x{0}-\\x{FFFF}]" })))
        {
            Assert.Equal(FinishReason.Stop, branch.FinishReason);
            Rune[] runes = [.. branch.Text.EnumerateRunes()];
            Assert.Equal(5, runes.Length);
            Assert.All(runes[..3], rune => Assert.InRange(rune.Value, 0x100, 0xFFFF));
            Assert.Equal(0x1F44D, runes[3].Value);
            Assert.True(runes[4].Value > 0xFFFF);
        }
    }

    [Fact]
    public async Task An_output_is_one_of_the_choices()
    {
        await using var engine = await TextFixture.LoadAsync();
        string[] choices = ["yes", "no", "no, never", "peut-être", "多分"];
        var drawn = new HashSet<string>();
        for (int seed = 0; seed < 10; seed++)
            foreach (var branch in await Run(engine, Sampling(new StructuredOutputs { Choice = choices }) with { Seed = 10 * seed, Temperature = 2 }))
            {
                Assert.Contains(branch.Text, choices);
                Assert.Equal(FinishReason.Stop, branch.FinishReason);
                drawn.Add(branch.Text);
            }
        Assert.True(drawn.Count > 1);
    }

    [Fact]
    public async Task The_end_of_sequence_is_drawn_only_where_the_text_may_end()
    {
        await using var engine = await TextFixture.LoadAsync();
        var bias = new Dictionary<int, float> { [TextFixture.EndOfSequence] = 100 };
        foreach (var branch in await Run(engine, Sampling(new StructuredOutputs { Regex = "ab{3,}" }) with { LogitBias = bias }))
        {
            Assert.Equal("abbb", branch.Text);
            Assert.Equal(TextFixture.EndOfSequence, branch.TokenIds[^1]);
        }
        // ... and where nothing can follow, no token is spent on it.
        foreach (var branch in await Run(engine, Sampling(new StructuredOutputs { Regex = "ab{3}" }) with { LogitBias = bias }))
            Assert.Equal(("abbb", false), (branch.Text, branch.TokenIds.Contains(TextFixture.EndOfSequence)));
    }

    [Fact]
    public async Task A_constrained_request_draws_the_same_alone_and_in_a_crowd_of_others()
    {
        await using var engine = await TextFixture.LoadAsync();
        var subject = Sampling(new StructuredOutputs { Regex = @"\d{2}-[a-z]{3,9}( and [^\n]{1,20})?" }) with { Logprobs = 2 };
        SamplingParams[] crowd = [subject with { StructuredOutputs = null }, Sampling(new StructuredOutputs { Choice = ["red", "green"] }), subject,
            Sampling(new StructuredOutputs { Regex = "[^é]{1,40}" }), subject with { Seed = 4 }];
        var alone = await Run(engine, subject);
        var outputs = await engine.GenerateAsync([.. crowd.Select(_ => (Prompt)"Answer: ")], crowd, Cancel);
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(alone[i].TokenIds, outputs[2].Outputs[i].TokenIds);
            Assert.Equal(BitConverter.DoubleToInt64Bits(alone[i].CumulativeLogprob), BitConverter.DoubleToInt64Bits(outputs[2].Outputs[i].CumulativeLogprob));
        }
        Assert.Equal(alone[1].TokenIds, outputs[4].Outputs[0].TokenIds); // seed + 1
    }

    [Fact]
    public async Task What_cannot_be_asked_for_fails_by_name_and_alone()
    {
        await using var engine = await TextFixture.LoadAsync();
        StructuredOutputs[] bad = [new() { Regex = "(a|b)*a(a|b){20}" }, new() { Regex = "a(?=b)" }, new() { Regex = "a" }];
        var outputs = await engine.GenerateAsync(["x", "x", "x"], [.. bad.Select(Sampling)], Cancel);
        Assert.Contains("lower its repeat counts", outputs[0].Error!.Message);
        Assert.Contains("look-ahead", outputs[1].Error!.Message);
        Assert.Equal("a", outputs[2].Outputs[0].Text);
        foreach (var (outputs1, words) in new (StructuredOutputs, string)[]
        {
            (new(), "given either choice or regex"), (new() { Choice = ["a"], Regex = "a" }, "given either choice or regex"),
            (new() { Choice = [] }, "at least one text"), (new() { Choice = ["a", ""] }, "without empty texts"), (new() { Regex = "" }, "a pattern"),
        })
            Assert.Contains(words, Assert.Throws<InvalidInputException>(() => Sampling(outputs1).Validate()).Message);
        await using var ids = await LlmEngine.LoadAsync(Fixture.Load("qwen2-awq-tiny").Directory, new EngineOptions { Device = "cpu", Memory = 256 << 20, MaxModelLength = 256 }, Cancel);
        Assert.Contains("need a tokenizer", (await ids.GenerateAsync([(int[])[1]], Sampling(new() { Regex = "a" }), Cancel))[0].Error!.Message);
    }
}
