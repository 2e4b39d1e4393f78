using Malrule.Inference.Tests.Models;
using Malrule.Inference.Tests.VllmBehaviour;

namespace Malrule.Inference.Tests.Execution;

[VllmBehaviour("tests/v1/core/test_scheduler.py: test_memory_leak")]
public sealed class StressTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>2,000 requests of random lengths through a cache that holds a few of them, some callers leaving early.</summary>
    [Fact]
    public async Task Two_thousand_requests_under_page_shortage_and_aborts_give_what_an_unconstrained_run_gives()
    {
        var random = new Random(5);
        var requests = Enumerable.Range(0, 2_000).Select(i => new GenerationRequest(
            (int[])[.. Enumerable.Range(0, random.Next(1, 70)).Select(_ => random.Next(600))],
            new SamplingParams { N = random.Next(1, 4), Temperature = 1, Seed = i, MaxTokens = random.Next(1, 24), IgnoreEos = true })).ToList();
        var options = new EngineOptions { Device = "cpu", Memory = 512 << 20, MaxModelLength = 128 };
        string[] expected, actual;
        await using (var roomy = await LlmEngine.LoadAsync(Fixture.Load("qwen2-fp16-tiny").Directory, options, Cancel))
        {
            expected = await Run(roomy, requests);
            Assert.Equal(0, roomy.Statistics.Preemptions);
            options = options with { Memory = roomy.Info.Memory.Weights + roomy.Info.Memory.Workspace + 20.5 * roomy.Info.Memory.BytesPerPage, MaxNumSeqs = 16 };
        }
        await using (var tight = await LlmEngine.LoadAsync(Fixture.Load("qwen2-fp16-tiny").Directory, options, Cancel))
        {
            Assert.Equal(20, tight.Info.Memory.Pages);
            var leaving = Enumerable.Range(0, 20).Select(i => LeaveEarly(tight, requests.GetRange(100 * i, 40), after: i)).ToList();
            actual = await Run(tight, requests);
            await Task.WhenAll(leaving);
            Assert.True(tight.Statistics.Preemptions > 0);

            // Every page is back: the longest sequence, which needs eight of the twenty alone, still runs, with branches beside it.
            var whole = await tight.GenerateAsync([(int[])[.. Enumerable.Range(0, 120)]], new SamplingParams { N = 3, Seed = 1, MaxTokens = 8, IgnoreEos = true }, Cancel);
            Assert.All(whole[0].Outputs, branch => Assert.Equal(8, branch.TokenIds.Count));
            Assert.Equal(0, tight.KvCacheUsage);
        }
        Assert.Equal(expected, actual);
    }

    private static async Task<string[]> Run(LlmEngine engine, List<GenerationRequest> requests)
    {
        var results = new string[requests.Count];
        await foreach (var output in engine.StreamAsync(requests, Cancel))
        {
            Assert.Null(output.Error);
            results[output.Index] = string.Join('|', output.Outputs.Select(branch => string.Join(' ', branch.TokenIds)));
        }
        return results;
    }

    private static async Task LeaveEarly(LlmEngine engine, List<GenerationRequest> requests, int after)
    {
        await foreach (var _ in engine.StreamAsync(requests, Cancel))
            if (after-- == 0)
                return;
    }
}
