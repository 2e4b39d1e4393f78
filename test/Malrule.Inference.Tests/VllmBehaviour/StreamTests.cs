using Malrule.Inference.Tests.Models;

namespace Malrule.Inference.Tests.VllmBehaviour;

[VllmBehaviour("tests/v1/engine/test_output_processor.py, tests/v1/engine/test_async_llm.py")]
public sealed class StreamTests
{
    private static readonly GenerationRequest Request = new("One two", new SamplingParams { N = 3, Seed = 2, MaxTokens = 40, IgnoreEos = true, Logprobs = 1 });

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task<List<GenerationDelta>> Read(LlmEngine engine, SamplingParams sampling)
    {
        var deltas = new List<GenerationDelta>();
        await foreach (var delta in engine.StreamDeltasAsync(Request with { Sampling = sampling }, Cancel))
            deltas.Add(delta);
        Assert.All(deltas[..^1], delta => Assert.Null(delta.Output));
        return deltas;
    }

    /// <summary>Texts, ids and logprobs of the deltas put together are those of the output.</summary>
    private static void AssertWhole(IReadOnlyList<GenerationDelta> deltas)
    {
        var output = deltas[^1].Output!;
        for (int i = 0; i < output.Outputs.Count; i++)
        {
            var own = deltas.SkipLast(1).Where(delta => delta.Index == i).ToList();
            Assert.Equal(output.Outputs[i].Text, string.Concat(own.Select(delta => delta.Text)));
            Assert.Equal(output.Outputs[i].TokenIds, own.SelectMany(delta => delta.TokenIds));
            Assert.Equal((output.Outputs[i].Logprobs ?? []).Select(position => position.Token), own.SelectMany(delta => delta.Logprobs ?? []).Select(position => position.Token));
            Assert.Equal(output.Outputs[i].FinishReason, own[^1].FinishReason);
            Assert.All(own.SkipLast(1), delta => Assert.Null(delta.FinishReason));
        }
    }

    [Fact]
    public async Task Deltas_add_up_whatever_stands_between_them()
    {
        await using var engine = await TextFixture.LoadAsync();
        var plain = await Read(engine, Request.Sampling);
        AssertWhole(plain);
        AssertWhole(await Read(engine, Request.Sampling with { Stop = ["zzz", "e"], Logprobs = null }));
        var sparse = await Read(engine, Request.Sampling with { StreamInterval = 7 });
        AssertWhole(sparse);
        for (int i = 0; i < 3; i++)
            Assert.All(sparse.Where(delta => delta.Index == i && delta.Output is null).Skip(1).Where(delta => delta.FinishReason is null), delta => Assert.True(delta.TokenIds.Count >= 7));
    }

    [Fact]
    public async Task Nothing_of_a_stop_string_is_handed_out_wherever_it_begins()
    {
        await using var engine = await TextFixture.LoadAsync();
        string text = (await Read(engine, Request.Sampling))[^1].Output!.Outputs[0].Text;
        Assert.True(text.Length > 24);
        for (int start = 4; start < 20; start += 3)
            AssertWhole(await Read(engine, Request.Sampling with { Stop = [text.Substring(start, 4)] }));
    }

    [Fact]
    public async Task A_stream_may_hold_all_so_far_or_the_end_alone()
    {
        await using var engine = await TextFixture.LoadAsync();
        var all = await Read(engine, Request.Sampling with { OutputKind = OutputKind.Cumulative });
        var output = all[^1].Output!;
        for (int i = 0; i < 3; i++)
        {
            var own = all.SkipLast(1).Where(delta => delta.Index == i).ToList();
            Assert.All(own.Zip(own.Skip(1)), pair => Assert.StartsWith(pair.First.Text, pair.Second.Text, StringComparison.Ordinal));
            Assert.Equal(output.Outputs[i].Text, own[^1].Text);
            Assert.Equal(output.Outputs[i].TokenIds, own[^1].TokenIds);
            Assert.Equal(own[^1].TokenIds.Count, own[^1].Logprobs!.Count);
        }
        var end = Assert.Single(await Read(engine, Request.Sampling with { OutputKind = OutputKind.FinalOnly }));
        Assert.Equal(output.Outputs.Select(branch => branch.Text), end.Output!.Outputs.Select(branch => branch.Text));
    }

    /// <summary>The engine finishes while the reader stands still; what waits for it is one delta a branch.</summary>
    [Fact]
    public async Task A_reader_that_is_slow_gets_fewer_deltas_and_keeps_nobody_waiting()
    {
        await using var engine = await TextFixture.LoadAsync();
        var deltas = new List<GenerationDelta>();
        await foreach (var delta in engine.StreamDeltasAsync(Request, Cancel))
        {
            deltas.Add(delta);
            if (deltas.Count == 1)
            {
                await engine.GenerateAsync(["beside it"], new SamplingParams { Seed = 1, MaxTokens = 60, IgnoreEos = true }, Cancel);
                Assert.Equal(3 * 40 + 60, engine.Statistics.GeneratedTokens);
            }
        }
        AssertWhole(deltas);
        Assert.True(deltas.Count <= 1 + 3 + 3 + 1, $"{deltas.Count} deltas"); // the first, those of its step, one a branch, the end
    }

    [Fact]
    public async Task A_reader_that_cancels_or_leaves_gives_its_pages_back_before_the_next_step()
    {
        await using var engine = await TextFixture.LoadAsync();
        var endless = Request with { Sampling = Request.Sampling with { MaxTokens = 450 } };
        using var source = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in engine.StreamDeltasAsync(endless, source.Token))
            {
                Assert.True(engine.KvCacheUsage > 0);
                await source.CancelAsync();
            }
        });
        await AssertIdle();
        await foreach (var _ in engine.StreamDeltasAsync(endless, Cancel))
            break;
        await AssertIdle();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => engine.GenerateAsync(["x"], endless.Sampling, new CancellationToken(canceled: true)));
        await AssertIdle();

        async Task AssertIdle()
        {
            // The worker takes the leaving before this request, which it then serves alone.
            await engine.GenerateAsync(["y"], new SamplingParams { Seed = 1, MaxTokens = 1 }, Cancel);
            Assert.Equal(0, engine.KvCacheUsage);
            Assert.True(engine.Statistics.GeneratedTokens < 3 * 450);
        }
    }

    [Fact]
    public async Task Streams_of_concurrent_callers_are_each_their_own()
    {
        await using var engine = await TextFixture.LoadAsync();
        var alone = (await engine.GenerateAsync([Request.Prompt], Request.Sampling, Cancel))[0];
        await Parallel.ForEachAsync(Enumerable.Range(0, 12), Cancel, async (i, cancel) =>
        {
            if (i % 3 == 2)
            {
                await foreach (var _ in engine.StreamDeltasAsync(Request, cancel))
                    return; // leaves beside the others
            }
            var deltas = await Read(engine, Request.Sampling);
            AssertWhole(deltas);
            Assert.Equal(alone.Outputs.Select(branch => branch.Text), deltas[^1].Output!.Outputs.Select(branch => branch.Text));
        });
        await engine.GenerateAsync(["y"], new SamplingParams { Seed = 1, MaxTokens = 1 }, Cancel);
        Assert.Equal(0, engine.KvCacheUsage);
    }
}
