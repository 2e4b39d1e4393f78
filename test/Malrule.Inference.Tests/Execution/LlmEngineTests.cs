using Malrule.Inference.Tests.Models;
using Malrule.Inference.Tests.VllmBehaviour;
using Malrule.Tests;

namespace Malrule.Inference.Tests.Execution;

public sealed class LlmEngineTests
{
    private static readonly EngineOptions Options = new() { Device = "cpu", Memory = 256 << 20, MaxModelLength = 256 };
    private static readonly int[] Prompt = [1, 5, 9, 200, 40, 41];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static Task<LlmEngine> Load(EngineOptions? options = null) => LlmEngine.LoadAsync(Fixture.Load("qwen2-awq-tiny").Directory, options ?? Options, Cancel);

    private static async Task<CompletionOutput> One(LlmEngine engine, SamplingParams sampling) =>
        (await engine.GenerateAsync([Prompt], sampling, Cancel))[0].Outputs[0];

    [Fact, VllmBehaviour("tests/v1/sample/test_sampling_params_e2e.py: stop ids")]
    public async Task A_stop_id_ends_the_output_and_is_kept_among_its_ids()
    {
        await using var engine = await Load();
        var free = await One(engine, new SamplingParams { Temperature = 0, MaxTokens = 8, IgnoreEos = true });
        Assert.Equal((FinishReason.Length, 8), (free.FinishReason, free.TokenIds.Count));

        int stop = free.TokenIds[3], at = free.TokenIds.ToList().IndexOf(stop) + 1;
        var stopped = await One(engine, new SamplingParams { Temperature = 0, MaxTokens = 8, IgnoreEos = true, StopTokenIds = [stop] });
        Assert.Equal(free.TokenIds.Take(at), stopped.TokenIds);
        Assert.Equal((FinishReason.Stop, new StopReason(stop, null)), (stopped.FinishReason, stopped.StopReason));

        var late = await One(engine, new SamplingParams { Temperature = 0, MaxTokens = 8, IgnoreEos = true, StopTokenIds = [stop], MinTokens = at + 1 });
        Assert.DoesNotContain(stop, late.TokenIds.Take(at + 1)); // banned until then
    }

    [Fact, VllmBehaviour("tests/v1/sample/test_sampling_params_e2e.py: allowed ids, logit_bias")]
    public async Task Only_allowed_tokens_are_drawn_and_biased_ones_win()
    {
        await using var engine = await Load();
        var allowed = await One(engine, new SamplingParams { Seed = 1, MaxTokens = 12, IgnoreEos = true, AllowedTokenIds = [17, 23] });
        Assert.All(allowed.TokenIds, id => Assert.Contains(id, (int[])[17, 23]));
        var biased = await One(engine, new SamplingParams { Seed = 1, MaxTokens = 3, IgnoreEos = true, LogitBias = new Dictionary<int, float> { [99] = 100 } });
        Assert.Equal([99, 99, 99], biased.TokenIds);
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("reference")]
    public async Task Logprobs_of_chosen_tokens_are_those_of_the_whole_vocabulary(string device)
    {
        await using var engine = await Load(Options with { Device = device, MaxLogprobs = -1, Mode = ComputeMode.Exact });
        var sampling = new SamplingParams { Seed = 2, MaxTokens = 3, IgnoreEos = true, N = 2 };
        int[] wanted = [7, 1023, 0];
        var all = (await engine.GenerateAsync([Prompt], sampling with { Logprobs = -1 }, Cancel))[0].Outputs;
        var some = (await engine.GenerateAsync([Prompt], sampling with { LogprobTokenIds = wanted }, Cancel))[0].Outputs;
        foreach (var (whole, chosen) in all.Zip(some))
        {
            Assert.Equal(whole.TokenIds, chosen.TokenIds);
            Assert.All(whole.Logprobs!.Zip(chosen.Logprobs!), position =>
            {
                Assert.Equal(position.First.Token, position.Second.Token);
                Assert.Equal(wanted.Select(token => position.First.Top.Single(entry => entry.TokenId == token)), position.Second.Top);
            });
        }
    }

    [Fact, VllmBehaviour("tests/entrypoints/llm/test_prompt_validation.py; vLLM lets one bad prompt fail the call")]
    public async Task A_bad_prompt_fails_alone_and_in_a_strict_engine_throws()
    {
        int[] unknown = [1, 5_000], tooLong = new int[256], empty = [];
        await using (var engine = await Load())
        {
            var outputs = await engine.GenerateAsync([Prompt, unknown, tooLong, empty, "text", Prompt], new SamplingParams { Seed = 3 }, Cancel);
            Assert.Equal(outputs[0].Outputs[0].TokenIds, outputs[5].Outputs[0].TokenIds);
            Assert.Contains("token id 5000", outputs[1].Error!.Message);
            Assert.Contains("256 tokens; at most 255", outputs[2].Error!.Message);
            Assert.Contains("empty", outputs[3].Error!.Message);
            Assert.Contains("no tokenizer.json", outputs[4].Error!.Message);
        }
        await using (var engine = await Load(Options with { Strict = true }))
            await Assert.ThrowsAsync<InvalidInputException>(() => engine.GenerateAsync([Prompt, unknown], new SamplingParams(), Cancel));
    }

    [Fact]
    public async Task Cancelling_stops_the_sequences_and_the_engine_serves_on()
    {
        await using var engine = await Load(Options with { MaxNumSeqs = 8 });
        using var source = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var longest = new GenerationRequest(Prompt, new SamplingParams { N = 4, Seed = 1, MaxTokens = 100, IgnoreEos = true });
        var requests = Enumerable.Repeat(longest, 50).ToList();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var output in engine.StreamAsync(requests, source.Token))
                await source.CancelAsync();
        });
        long generated = engine.Statistics.GeneratedTokens;
        Assert.Equal(5, (await One(engine, new SamplingParams { Seed = 1, MaxTokens = 5, IgnoreEos = true })).TokenIds.Count);
        Assert.InRange(engine.Statistics.GeneratedTokens, generated, generated + 8 * 100); // those that ran may have drawn a few more
    }

    [Fact]
    public async Task Streamed_deltas_add_up_to_the_output_and_leaving_the_loop_stops_the_branches()
    {
        await using var engine = await Load();
        var request = new GenerationRequest(Prompt, new SamplingParams { N = 3, Seed = 2, MaxTokens = 30, IgnoreEos = true });
        var ids = new List<int>[] { [], [], [] };
        var ended = new List<int>();
        RequestOutput? output = null;
        await foreach (var delta in engine.StreamDeltasAsync(request, Cancel))
        {
            Assert.Null(output); // the whole output comes last
            ids[delta.Index].AddRange(delta.TokenIds);
            if (delta.FinishReason is not null)
                ended.Add(delta.Index);
            output = delta.Output;
        }
        Assert.Equal([0, 1, 2], ended.Order());
        for (int i = 0; i < 3; i++)
            Assert.Equal(output!.Outputs[i].TokenIds, ids[i]);

        long before = engine.Statistics.GeneratedTokens;
        await foreach (var _ in engine.StreamDeltasAsync(request with { Sampling = request.Sampling with { MaxTokens = 200 } }, Cancel))
            break;
        await engine.GenerateAsync([Prompt], new SamplingParams { MaxTokens = 1, Seed = 1 }, Cancel);
        Assert.True(engine.Statistics.GeneratedTokens - before < 600);
    }

    [Fact]
    public async Task Concurrent_callers_get_their_own_results()
    {
        await using var engine = await Load();
        var sampling = new SamplingParams { N = 2, Seed = 5, MaxTokens = 20, IgnoreEos = true };
        var alone = await engine.GenerateAsync([Prompt], sampling, Cancel);
        var all = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => engine.GenerateAsync([Prompt, (int[])[4, 4]], sampling, Cancel))));
        Assert.All(all, outputs => Assert.Equal(alone[0].Outputs[1].TokenIds, outputs[0].Outputs[1].TokenIds));
    }

    [Fact]
    public async Task A_request_that_cannot_be_served_is_refused_by_field()
    {
        await using var engine = await Load();
        foreach (var (sampling, expected) in new (SamplingParams, string)[]
        {
            (new SamplingParams { Logprobs = 21 }, "logprobs is 21"),
            (new SamplingParams { LogitBias = new Dictionary<int, float> { [4096] = 1 } }, "logit_bias names the token id 4096"),
            (new SamplingParams { Stop = ["x"] }, "need a tokenizer"),
            (new SamplingParams { LogprobTokenIds = [1, 4096] }, "logprob_token_ids names the token id 4096"),
        })
            Assert.Contains(expected, (await engine.GenerateAsync([Prompt], sampling, Cancel))[0].Error!.Message);
        Assert.Contains("top_p", (await Assert.ThrowsAsync<InvalidInputException>(() => engine.GenerateAsync([Prompt], new SamplingParams { TopP = 0 }, Cancel))).Message);
        Assert.Contains("a list of 129", (await Assert.ThrowsAsync<InvalidInputException>(() => engine.GenerateAsync([Prompt], new SamplingParams { LogprobTokenIds = new int[129] }, Cancel))).Message);
        Assert.Contains("logprobs must be left out", (await Assert.ThrowsAsync<InvalidInputException>(() => engine.GenerateAsync([Prompt], new SamplingParams { LogprobTokenIds = [4], Logprobs = 2 }, Cancel))).Message);
    }

    [Fact]
    public async Task A_request_whose_bans_leave_no_token_fails_alone()
    {
        await using var engine = await Load();
        var banned = new SamplingParams { Seed = 1, AllowedTokenIds = [1022, 1023], StopTokenIds = [1022, 1023], MinTokens = 1, MaxTokens = 4 };
        Assert.Contains("leave no token", (await engine.GenerateAsync([Prompt], banned, Cancel))[0].Error!.Message);
        Assert.Equal(4, (await One(engine, new SamplingParams { Seed = 1, MaxTokens = 4, IgnoreEos = true })).TokenIds.Count);
    }

    [Theory]
    [InlineData(ComputeMode.Exact)]
    [InlineData(ComputeMode.Fast)]
    public async Task A_value_that_is_not_finite_fails_its_request_by_layer_and_position_and_spoils_no_other(ComputeMode mode)
    {
        string folder = TestPaths.TemporaryFolder();
        foreach (string file in Directory.GetFiles(Fixture.Load("qwen2-fp16-tiny").Directory)) // its output layer is not the embedding
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        PoisonEmbedding(Path.Combine(folder, "model.safetensors"), token: 7, hidden: 128);
        await using var engine = await LlmEngine.LoadAsync(folder, Options with { Mode = mode }, Cancel);
        int[] good = [.. Enumerable.Range(100, 40)], bad = [.. Enumerable.Range(100, 35), 7, 9];
        var sampling = new SamplingParams { Seed = 1, MaxTokens = 5, IgnoreEos = true };

        var outputs = await engine.GenerateAsync([good, bad, good], sampling, Cancel);

        Assert.Contains("layer 0, token position 35", outputs[1].Error!.Message);
        Assert.Null(outputs[0].Error);
        Assert.Equal(outputs[0].Outputs[0].TokenIds, outputs[2].Outputs[0].TokenIds);
        Assert.Equal(outputs[0].Outputs[0].TokenIds, (await engine.GenerateAsync([good], sampling, Cancel))[0].Outputs[0].TokenIds);
    }

    /// <summary>Overwrites one row of the fp16 embedding with NaN.</summary>
    private static void PoisonEmbedding(string path, int token, int hidden)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int header = (int)BitConverter.ToInt64(bytes);
        using var json = System.Text.Json.JsonDocument.Parse(bytes.AsMemory(8, header));
        int start = 8 + header + json.RootElement.GetProperty("model.embed_tokens.weight").GetProperty("data_offsets")[0].GetInt32() + 2 * token * hidden;
        bytes.AsSpan(start, 2 * hidden).Fill(0xFF);
        File.WriteAllBytes(path, bytes);
    }

    [Fact, VllmBehaviour("tests/entrypoints/llm/test_gpu_utilization.py, tests/v1/engine/test_init_error_messaging.py")]
    public async Task A_model_that_does_not_fit_its_budget_is_refused_with_the_numbers()
    {
        var error = await Assert.ThrowsAsync<InvalidInputException>(() => Load(Options with { Memory = 1 << 20 }));
        Assert.Contains("does not fit in its memory budget of 1 MiB", error.Message);
        await using var shortened = await Load(Options with { Memory = 48 << 20, MaxModelLength = null });
        Assert.InRange(shortened.Info.MaxModelLength, 256, 2048);
    }

    [Theory]
    [InlineData("qwen2-awq-tiny", ComputeMode.Fast)]
    [InlineData("qwen2-awq-tiny", ComputeMode.Exact)]
    [InlineData("qwen2-fp16-tiny", ComputeMode.Fast)]
    public async Task A_plan_is_what_loading_then_takes(string fixture, ComputeMode mode)
    {
        var options = new EngineOptions { Memory = 64 << 20, Mode = mode, MaxNumSeqs = 8 };
        string directory = Fixture.Load(fixture).Directory;
        EngineInfo plan = await LlmEngine.PlanAsync(directory, options, Cancel);
        await using var engine = await LlmEngine.LoadAsync(directory, options, Cancel);
        Assert.Equal(engine.Info.Memory, plan.Memory);
        Assert.Equal((engine.Info.KernelPath, engine.Info.MaxModelLength, engine.Info.ModelName), (plan.KernelPath, plan.MaxModelLength, plan.ModelName));
        Assert.Contains("does not fit", (await Assert.ThrowsAsync<InvalidInputException>(() => LlmEngine.PlanAsync(directory, options with { Memory = 1 << 20 }, Cancel))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_architecture_is_refused_by_name()
    {
        string folder = TestPaths.TemporaryFolder();
        await File.WriteAllTextAsync(Path.Combine(folder, "config.json"), """{"model_type": "mamba"}""", Cancel);
        Assert.Contains("model_type must be that of an architecture that Malrule generates text with: LlamaForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM; found \"mamba\"", (await Assert.ThrowsAsync<InvalidInputException>(() => LlmEngine.LoadAsync(folder, cancellationToken: Cancel))).Message);
        Assert.Contains("no such folder", (await Assert.ThrowsAsync<InvalidInputException>(() => LlmEngine.LoadAsync(folder + "-absent", cancellationToken: Cancel))).Message);
    }
}
