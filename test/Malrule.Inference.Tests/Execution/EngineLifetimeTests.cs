using Malrule.Inference.Tests.Models;

namespace Malrule.Inference.Tests.Execution;

/// <summary>Callers that come, go, cancel and outlive the engine at any moment: none waits for ever, none harms another.</summary>
public sealed class EngineLifetimeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly int[] Prompt = [1, 5, 9, 200, 40, 41];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static Task<LlmEngine> Load() =>
        LlmEngine.LoadAsync(Fixture.Load("qwen2-fp16-tiny").Directory, new EngineOptions { Device = "cpu", Memory = 64 << 20, MaxModelLength = 256, Threads = 1 }, Cancel);

    private static SamplingParams Sampling(int seed, int tokens = 30) => new() { N = 2, Seed = seed, MaxTokens = tokens, IgnoreEos = true };

    private static string Ids(RequestOutput output) => string.Join('|', output.Outputs.Select(branch => string.Join(' ', branch.TokenIds)));

    /// <summary>Every way to call, begun before, while and after the engine goes: a result, one that was cut short, or an exception that says why.</summary>
    [Fact]
    public async Task An_engine_disposed_at_any_moment_leaves_no_caller_waiting()
    {
        var random = new Random(3);
        for (int round = 0; round < 25; round++)
        {
            LlmEngine engine = await Load();
            int[] delays = [.. Enumerable.Range(0, 9).Select(_ => random.Next(12))];
            var callers = delays.Select((delay, i) => Task.Run(async () =>
            {
                await Task.Delay(delay, Cancel);
                try
                {
                    if (i % 3 == 0)
                        await engine.GenerateAsync([.. Enumerable.Repeat<Prompt>(Prompt, 8)], Sampling(i), Cancel);
                    else if (i % 3 == 1)
                    {
                        GenerationDelta? last = null;
                        await foreach (var delta in engine.StreamDeltasAsync(new GenerationRequest(Prompt, Sampling(i)), Cancel))
                            last = delta;
                        Assert.NotNull(last!.Output);
                    }
                    else
                        await engine.ResetPrefixCacheAsync();
                }
                catch (Exception gone) when (gone is ObjectDisposedException or MalruleException and not InvalidInputException)
                {
                }
            }, Cancel)).ToList();
            await Task.Delay(random.Next(10), Cancel);
            await engine.DisposeAsync().AsTask().WaitAsync(Patience, Cancel);
            await Task.WhenAll(callers).WaitAsync(Patience, Cancel);
        }
    }

    [Fact]
    public async Task What_ran_when_the_engine_was_disposed_ends_as_aborted()
    {
        var engine = await Load();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(Patience);
        GenerationDelta? last = null;
        await foreach (var delta in engine.StreamDeltasAsync(new GenerationRequest(Prompt, Sampling(1, 240)), patience.Token))
        {
            if (last is null)
                await engine.DisposeAsync();
            last = delta;
        }
        Assert.All(last!.Output!.Outputs, branch => Assert.Equal(FinishReason.Abort, branch.FinishReason));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => engine.GenerateAsync([Prompt], Sampling(1), Cancel));
        await Assert.ThrowsAsync<MalruleException>(engine.ResetPrefixCacheAsync);
        await engine.DisposeAsync();
    }

    [Fact]
    public async Task Callers_who_cancel_at_random_moments_change_no_other_result_and_leave_no_page()
    {
        await using var engine = await Load();
        string[] expected = [.. (await Task.WhenAll(Enumerable.Range(0, 4).Select(seed => engine.GenerateAsync([Prompt], Sampling(seed), Cancel)))).Select(outputs => Ids(outputs[0]))];
        var random = new Random(7);
        int[] delays = [.. Enumerable.Range(0, 80).Select(_ => random.Next(30))];
        int cancelled = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, 80), new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Cancel }, async (i, _) =>
        {
            using var source = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            if (i % 2 == 0)
                source.CancelAfter(delays[i]);
            int seed = i / 2 % 4;
            try
            {
                if (i % 3 == 0)
                {
                    GenerationDelta? last = null;
                    await foreach (var delta in engine.StreamDeltasAsync(new GenerationRequest(Prompt, Sampling(seed)), source.Token))
                        last = delta;
                    Assert.Equal(expected[seed], Ids(last!.Output!));
                }
                else
                    Assert.All(await engine.GenerateAsync([Prompt, Prompt, Prompt], Sampling(seed), source.Token), output => Assert.Equal(expected[seed], Ids(output)));
            }
            catch (OperationCanceledException) when (i % 2 == 0)
            {
                Interlocked.Increment(ref cancelled);
            }
        });
        Assert.InRange(cancelled, 1, 40);
        await engine.GenerateAsync([Prompt], Sampling(1, 1), Cancel); // the worker has taken every leaving by then
        Assert.Equal(0, engine.KvCacheUsage);
    }

    [Fact]
    public async Task What_a_caller_changes_after_asking_changes_nothing()
    {
        await using var engine = await Load();
        SamplingParams With(Dictionary<int, float> bias, List<int> allowed) => Sampling(2, 60) with { LogitBias = bias, AllowedTokenIds = allowed };
        int[] allowed = [.. Enumerable.Range(20, 200)];
        string expected = Ids((await engine.GenerateAsync([Prompt], With(new() { [40] = 1 }, [.. allowed]), Cancel))[0]);

        var bias = new Dictionary<int, float> { [40] = 1 };
        List<int> changing = [.. allowed];
        GenerationDelta? last = null;
        await foreach (var delta in engine.StreamDeltasAsync(new GenerationRequest(Prompt, With(bias, changing)), Cancel))
        {
            bias[41 + bias.Count] = 50;
            changing.RemoveAt(changing.Count - 1);
            last = delta;
        }
        Assert.Equal(expected, Ids(last!.Output!));
    }

    [Fact]
    public async Task A_stream_can_be_enumerated_again_and_by_two_readers_at_once()
    {
        await using var engine = await Load();
        var finished = engine.StreamAsync([new GenerationRequest(Prompt, Sampling(5)), new GenerationRequest(Prompt, Sampling(6))], Cancel);
        var deltas = engine.StreamDeltasAsync(new GenerationRequest(Prompt, Sampling(5)), Cancel);
        async Task<string> Finished() => string.Join('\n', (await finished.ToListAsync(Cancel)).OrderBy(output => output.Index).Select(Ids));
        async Task<string> Deltas() => Ids((await deltas.LastAsync(Cancel)).Output!);
        Assert.Equal(await Finished(), await Finished());
        Assert.Single((await Task.WhenAll(Deltas(), Deltas(), Deltas())).Distinct());
    }
}
