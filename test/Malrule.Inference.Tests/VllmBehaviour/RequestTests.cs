using System.Text.Json;
using Malrule.Inference.Tests.Models;

namespace Malrule.Inference.Tests.VllmBehaviour;

/// <summary>Requests from the prompt to the output, on random weights with a real tokenizer.</summary>
public sealed class RequestTests
{
    // Letters and spaces only, so that stop strings can be cut from what came.
    private static readonly SamplingParams Letters = new() { Seed = 5, Temperature = 2, MaxTokens = 40, IgnoreEos = true, StructuredOutputs = new() { Regex = "[a-z ]{200}" } };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task<CompletionOutput> One(LlmEngine engine, SamplingParams sampling, string prompt = "One two three")
    {
        var output = (await engine.GenerateAsync([prompt], sampling, Cancel))[0];
        Assert.Null(output.Error);
        return output.Outputs[0];
    }

    [Fact]
    [VllmBehaviour("tests/detokenizer/test_stop_strings.py, tests/detokenizer/test_stop_reason.py: string")]
    public async Task A_stop_string_may_lie_within_tokens_and_is_the_reason()
    {
        await using var engine = await TextFixture.LoadAsync();
        var free = await One(engine, Letters);
        int at = Enumerable.Range(9, 60).First(i => free.Text.IndexOf(free.Text[i..(i + 4)], StringComparison.Ordinal) == i);
        string stop = free.Text[at..(at + 4)];
        var cut = await One(engine, Letters with { Stop = ["#", stop] });
        Assert.Equal((free.Text[..at], FinishReason.Stop, new StopReason(null, stop)), (cut.Text, cut.FinishReason, cut.StopReason));
        Assert.Equal(free.TokenIds.Take(cut.TokenIds.Count), cut.TokenIds); // whole, the text alone is cut
        Assert.True(engine.Tokenizer!.Decode([.. cut.TokenIds]).Length >= at + stop.Length);

        var kept = await One(engine, Letters with { Stop = [stop], IncludeStopStrInOutput = true });
        Assert.Equal(free.Text[..(at + stop.Length)], kept.Text);

        // The string wins over the length limit that the same token reaches.
        var last = await One(engine, Letters with { Stop = [stop], MaxTokens = cut.TokenIds.Count });
        Assert.Equal((FinishReason.Stop, stop), (last.FinishReason, last.StopReason?.Text));
        Assert.Equal(FinishReason.Length, (await One(engine, Letters with { Stop = [stop], MaxTokens = cut.TokenIds.Count - 1 })).FinishReason);
    }

    [Fact]
    [VllmBehaviour("tests/detokenizer/test_stop_reason.py: id and null; tests/samplers/test_ignore_eos.py")]
    public async Task The_tokenizers_end_of_sequence_has_no_reason_and_every_other_id_is_its_own()
    {
        await using var engine = await TextFixture.LoadAsync();
        const int other = 1023; // eos_token_id of config.json
        static SamplingParams Drawing(int id) => new() { Seed = 1, MaxTokens = 6, LogitBias = new Dictionary<int, float> { [id] = 100 } };
        foreach ((int id, StopReason? reason) in new (int, StopReason?)[] { (TextFixture.EndOfSequence, null), (other, new(other, null)) })
        {
            var ended = await One(engine, Drawing(id));
            Assert.Equal(("", FinishReason.Stop, reason), (ended.Text, ended.FinishReason, ended.StopReason));
            Assert.Equal([id], ended.TokenIds);
            var ignored = await One(engine, Drawing(id) with { IgnoreEos = true });
            Assert.Equal((6, FinishReason.Length), (ignored.TokenIds.Count, ignored.FinishReason));
            var late = await One(engine, Drawing(id) with { MinTokens = 3 });
            Assert.Equal(id, late.TokenIds[3]);
            Assert.DoesNotContain(id, late.TokenIds.Take(3));
        }
        var stop = await One(engine, Drawing(65) with { StopTokenIds = [65] });
        Assert.Equal(("", new StopReason(65, null)), (stop.Text, stop.StopReason));
        var kept = await One(engine, Drawing(TextFixture.EndOfSequence) with { IncludeStopStrInOutput = true, SkipSpecialTokens = false });
        Assert.Equal("<|im_end|>", kept.Text);
        Assert.Equal("", (await One(engine, Drawing(TextFixture.EndOfSequence) with { IncludeStopStrInOutput = true })).Text);
    }

    [Fact]
    [VllmBehaviour("tests/v1/engine/test_llm_engine.py: test_parallel_sampling; tests/v1/engine/test_parallel_sampling.py")]
    public async Task Samples_are_distinct_come_in_order_and_draw_with_seeds_that_follow_each_other()
    {
        await using var engine = await TextFixture.LoadAsync();
        var sampling = new SamplingParams { N = 10, Seed = 1, MaxTokens = 12, IgnoreEos = true };
        var output = (await engine.GenerateAsync(["x"], sampling, Cancel))[0];
        Assert.Equal(Enumerable.Range(0, 10), output.Outputs.Select(branch => branch.Index));
        Assert.Equal(10, output.Outputs.Select(branch => string.Join(' ', branch.TokenIds)).Distinct().Count());
        var alone = await engine.GenerateAsync([.. Enumerable.Repeat((Prompt)"x", 10)], [.. Enumerable.Range(1, 10).Select(seed => sampling with { N = 1, Seed = seed })], Cancel);
        for (int i = 0; i < 10; i++)
            Assert.Equal(alone[i].Outputs[0].TokenIds, output.Outputs[i].TokenIds);
        // Without seeds two equal requests differ.
        var unseeded = await engine.GenerateAsync(["x", "x"], sampling with { N = 1, Seed = null }, Cancel);
        Assert.NotEqual(unseeded[0].Outputs[0].TokenIds, unseeded[1].Outputs[0].TokenIds);
    }

    [Fact]
    [VllmBehaviour("tests/v1/sample/test_sampling_params_e2e.py: detokenize, allowed ids")]
    public async Task Without_detokenizing_there_are_ids_and_no_text_and_a_single_allowed_id_is_forced()
    {
        await using var engine = await TextFixture.LoadAsync();
        var ids = await One(engine, new SamplingParams { Seed = 1, Detokenize = false, MaxTokens = 5, IgnoreEos = true });
        Assert.Equal(("", 5), (ids.Text, ids.TokenIds.Count));
        Assert.Equal([70, 70, 70], (await One(engine, new SamplingParams { Seed = 1, MaxTokens = 3, AllowedTokenIds = [70] })).TokenIds);
    }

    [Fact]
    [VllmBehaviour("tests/samplers/test_no_bad_words.py")]
    public async Task A_bad_word_is_never_written_though_its_parts_are()
    {
        await using var engine = await TextFixture.LoadAsync();
        string word = (from a in "abcdefgh" from b in "stuvwxyz" select $"{a}{b}").First(pair => engine.Tokenizer!.Encode(pair, addSpecialTokens: false).Length == 2);
        int[] parts = engine.Tokenizer!.Encode(word, addSpecialTokens: false);
        var sampling = new SamplingParams { Seed = 3, MaxTokens = 60, AllowedTokenIds = parts };
        Assert.Contains(word, (await One(engine, sampling)).Text, StringComparison.Ordinal);
        var banned = await One(engine, sampling with { BadWords = [word] });
        Assert.DoesNotContain(word, banned.Text, StringComparison.Ordinal);
        Assert.All((await One(engine, sampling with { BadWords = [word[..1]] })).TokenIds, id => Assert.Equal(parts[1], id));
        string many = string.Join(' ', Enumerable.Range(0, 65).Select(i => $"w{i}"));
        var refused = (await engine.GenerateAsync(["x"], sampling with { BadWords = many.Split(' ') }, Cancel))[0];
        Assert.Contains("at most 128", refused.Error!.Message);
    }

    [Fact]
    [VllmBehaviour("tests/samplers/test_logprobs.py: ranks; tests/v1/sample/test_logprobs.py")]
    public async Task Logprobs_come_in_order_of_rank_with_the_drawn_token_beside_them()
    {
        await using var engine = await TextFixture.LoadAsync();
        var branch = await One(engine, new SamplingParams { Seed = 2, MaxTokens = 10, IgnoreEos = true, Logprobs = 4 });
        Assert.Equal(branch.TokenIds, branch.Logprobs!.Select(position => position.Token.TokenId));
        Assert.Equal(branch.CumulativeLogprob, branch.Logprobs!.Sum(position => (double)position.Token.Logprob), 1e-9);
        foreach (var position in branch.Logprobs!)
        {
            Assert.Equal([1, 2, 3, 4], position.Top.Select(entry => entry.Rank));
            Assert.Equal(position.Top.Select(entry => entry.Logprob).OrderDescending(), position.Top.Select(entry => entry.Logprob));
            Assert.Equal(position.Token.Rank <= 4, position.Top.Contains(position.Token));
        }
    }

    [Fact]
    [VllmBehaviour("tests/v1/determinism/test_batch_invariance.py: decode logprobs equal prefill logprobs")]
    public async Task An_output_read_as_a_prompt_has_the_logprobs_that_it_was_drawn_with()
    {
        await using var engine = await TextFixture.LoadAsync();
        int[] prompt = [.. Enumerable.Range(0, 70).Select(i => i * 7 % 500)];
        var sampling = new SamplingParams { Seed = 2, MaxTokens = 40, IgnoreEos = true, Logprobs = 0 };
        var drawn = (await engine.GenerateAsync([prompt], sampling, Cancel))[0].Outputs[0];
        var read = (await engine.GenerateAsync([(int[])[.. prompt, .. drawn.TokenIds]], sampling with { MaxTokens = 1, PromptLogprobs = 0 }, Cancel))[0];
        Assert.Equal(drawn.Logprobs!.Select(position => BitConverter.SingleToInt32Bits(position.Token.Logprob)),
            read.PromptLogprobs!.Skip(prompt.Length).Select(position => BitConverter.SingleToInt32Bits(position!.Token.Logprob)));
    }

    [Fact]
    [VllmBehaviour("tests/entrypoints/llm/test_generate.py: a list of parameters")]
    public async Task Each_prompt_may_have_its_own_parameters()
    {
        await using var engine = await TextFixture.LoadAsync();
        SamplingParams[] sampling = [new() { Seed = 1, MaxTokens = 3, IgnoreEos = true }, new() { Seed = 1, MaxTokens = 5, IgnoreEos = true, N = 2 }];
        var outputs = await engine.GenerateAsync(["a", "b"], sampling, Cancel);
        Assert.Equal([3, 5, 5], outputs.SelectMany(output => output.Outputs).Select(branch => branch.TokenIds.Count));
        IReadOnlyList<ChatMessage> turn = [new("user", "hello")];
        outputs = await engine.ChatAsync([turn, turn], sampling, Cancel);
        Assert.Equal([3, 5, 5], outputs.SelectMany(output => output.Outputs).Select(branch => branch.TokenIds.Count));
        Assert.Equal("user: hello\nassistant:", outputs[0].Prompt);
        var error = await Assert.ThrowsAsync<InvalidInputException>(() => engine.GenerateAsync(["a", "b", "c"], sampling, Cancel));
        Assert.Contains("3 prompts and 2 sampling parameters", error.Message);
        await Assert.ThrowsAsync<InvalidInputException>(() => engine.GenerateAsync(["a", "b"], [sampling[0], new() { TopP = 2 }], Cancel));
    }

    [Fact]
    [VllmBehaviour("tests/entrypoints/llm/test_generate.py: max_model_len")]
    public async Task Without_a_limit_of_its_own_an_output_goes_on_to_the_longest_sequence()
    {
        await using var engine = await TextFixture.LoadAsync(new EngineOptions { Device = "cpu", Memory = 64 << 20, MaxModelLength = 96 });
        foreach (int? wanted in (int?[])[null, 500])
        {
            var output = (await engine.GenerateAsync(["One two three"], new SamplingParams { N = 2, Seed = 1, MaxTokens = wanted, IgnoreEos = true }, Cancel))[0];
            Assert.All(output.Outputs, branch => Assert.Equal((96 - output.PromptTokenIds.Count, FinishReason.Length), (branch.TokenIds.Count, branch.FinishReason)));
        }
    }

    [Fact]
    [VllmBehaviour("tests/entrypoints/llm/test_chat.py: no double BOS")]
    public async Task A_conversation_begins_with_the_templates_beginning_token_alone()
    {
        await using var engine = await TextFixture.LoadWithBeginningTokenAsync();
        int begin = engine.Tokenizer!.TokenId("<|begin|>")!.Value;
        var sampling = new SamplingParams { Seed = 1, MaxTokens = 1 };
        var chat = (await engine.ChatAsync([[new("user", "hi")]], sampling, Cancel))[0];
        Assert.Equal((begin, 1), (chat.PromptTokenIds[0], chat.PromptTokenIds.Count(id => id == begin)));
        var text = (await engine.GenerateAsync(["hi"], sampling, Cancel))[0];
        Assert.Equal((begin, 1), (text.PromptTokenIds[0], text.PromptTokenIds.Count(id => id == begin)));
    }

    [Fact]
    [VllmBehaviour("tests/v1/core/test_prefix_caching.py: test_cache_key_salting, test_reset_prefix_cache")]
    public async Task Prompts_share_pages_under_one_salt_until_the_cache_is_reset()
    {
        await using var engine = await TextFixture.LoadAsync();
        int[] prompt = [.. Enumerable.Range(1, 40)];
        async Task<(int Cached, string Ids)> Run(string? salt)
        {
            var request = new GenerationRequest(prompt, new SamplingParams { Seed = 1, N = 2, MaxTokens = 30, IgnoreEos = true }) { CacheSalt = salt };
            await foreach (var output in engine.StreamAsync([request], Cancel))
                return (output.CachedTokens, string.Join(' ', output.Outputs.SelectMany(branch => branch.TokenIds)));
            throw new InvalidOperationException();
        }
        string ids = (await Run(null)).Ids;
        Assert.Equal((32, ids), await Run(null));
        Assert.Equal((0, ids), await Run("a"));
        Assert.Equal((0, ids), await Run("b"));
        Assert.Equal((32, ids), await Run("a"));
        await engine.ResetPrefixCacheAsync();
        foreach (string? salt in (string?[])[null, "a", "b"])
        {
            Assert.Equal((0, ids), await Run(salt));
            Assert.Equal((32, ids), await Run(salt));
        }
        var running = Run("c");
        await engine.ResetPrefixCacheAsync();
        Assert.Equal(ids, (await running).Ids);
        var empty = new GenerationRequest(prompt, new SamplingParams()) { CacheSalt = "" };
        await foreach (var output in engine.StreamAsync([empty], Cancel))
            Assert.Contains("cache_salt", output.Error!.Message);
    }

    [Fact]
    [VllmBehaviour("tests/entrypoints/llm/test_chat.py: chat_template_kwargs")]
    public async Task A_conversation_may_bring_variables_for_its_template()
    {
        await using var engine = await TextFixture.LoadAsync();
        var prompt = new Prompt.FromConversation([new("user", "hello")])
        {
            Variables = new Dictionary<string, object?> { ["messages"] = JsonSerializer.Deserialize<JsonElement>("""[{"role": "tool", "content": "42"}]"""), ["enable_thinking"] = false },
        };
        Assert.Equal("tool: 42\nassistant:", (await engine.GenerateAsync([prompt], new SamplingParams { MaxTokens = 1 }, Cancel))[0].Prompt);
    }

    [Fact]
    [VllmBehaviour("vllm/sampling_params.py: truncate_prompt_tokens, skip_reading_prefix_cache, repetition_detection")]
    public async Task A_prompt_is_cut_the_cache_left_alone_and_an_output_that_repeats_itself_ended_where_asked()
    {
        await using var engine = await TextFixture.LoadAsync();
        int[] prompt = [.. Enumerable.Range(1, 60)];
        var sampling = new SamplingParams { Seed = 1, MaxTokens = 4, IgnoreEos = true };
        var cut = (await engine.GenerateAsync([prompt], sampling with { TruncatePromptTokens = 20 }, Cancel))[0];
        Assert.Equal(prompt[40..], cut.PromptTokenIds);
        Assert.Equal(40, cut.DroppedPromptTokens);
        var same = (await engine.GenerateAsync([prompt[40..]], sampling, Cancel))[0];
        Assert.Equal((0, 16), (same.DroppedPromptTokens, same.CachedTokens));
        Assert.Equal(cut.Outputs[0].TokenIds, same.Outputs[0].TokenIds);
        var fits = (await engine.GenerateAsync([(int[])[.. Enumerable.Repeat(3, 600)]], sampling with { TruncatePromptTokens = -1 }, Cancel))[0];
        Assert.Equal((508, 92, 4), (fits.PromptTokenIds.Count, fits.DroppedPromptTokens, fits.Outputs[0].TokenIds.Count));

        var skipped = (await engine.GenerateAsync([prompt[40..]], sampling with { SkipReadingPrefixCache = true }, Cancel))[0];
        Assert.Equal(0, skipped.CachedTokens);
        Assert.Equal(same.Outputs[0].TokenIds, skipped.Outputs[0].TokenIds);

        var repeated = await One(engine, new SamplingParams { Seed = 1, MaxTokens = 50, AllowedTokenIds = [65], RepetitionDetection = new() { MaxPatternSize = 3, MinCount = 4 } });
        Assert.Equal((FinishReason.Repetition, 4), (repeated.FinishReason, repeated.TokenIds.Count));
        repeated = await One(engine, new SamplingParams { Seed = 1, MaxTokens = 50, MinTokens = 9, AllowedTokenIds = [65], RepetitionDetection = new() { MaxPatternSize = 3, MinCount = 4 } });
        Assert.Equal((FinishReason.Repetition, 9), (repeated.FinishReason, repeated.TokenIds.Count));
    }

    [Fact]
    [VllmBehaviour("vllm/sampling_params.py: ids in the vocabulary")]
    public async Task An_id_outside_the_vocabulary_fails_its_request_by_field_and_a_bias_is_clamped()
    {
        await using var engine = await TextFixture.LoadAsync();
        SamplingParams[] bad = [new() { StopTokenIds = [1024], MinTokens = 1 }, new() { StopTokenIds = [-1] }, new() { AllowedTokenIds = [5, 4096] },
            new() { LogprobTokenIds = [1024] }, new() { LogitBias = new Dictionary<int, float> { [-3] = 1 } }];
        var outputs = await engine.GenerateAsync([.. bad.Select(_ => (Prompt)"x")], bad, Cancel);
        Assert.All(outputs.Zip((string[])["stop_token_ids", "stop_token_ids", "allowed_token_ids", "logprob_token_ids", "logit_bias"]),
            item => Assert.StartsWith(item.Second, item.First.Error!.Message, StringComparison.Ordinal));
        // Both are clamped to 100: the model's own preference decides between them, not the larger number.
        var one = await One(engine, new SamplingParams { Temperature = 0, MaxTokens = 8, IgnoreEos = true, LogitBias = new Dictionary<int, float> { [65] = 100, [66] = 100 } });
        var huge = await One(engine, new SamplingParams { Temperature = 0, MaxTokens = 8, IgnoreEos = true, LogitBias = new Dictionary<int, float> { [65] = 1000, [66] = 5000 } });
        Assert.Equal(one.TokenIds, huge.TokenIds);
    }
}
