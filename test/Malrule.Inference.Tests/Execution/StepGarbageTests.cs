using Malrule.Inference.Tests.Models;

namespace Malrule.Inference.Tests.Execution;

/// <summary>Counts what the whole process allocates, so nothing may run beside it.</summary>
[CollectionDefinition(nameof(StepGarbageTests), DisableParallelization = true)]
[Collection(nameof(StepGarbageTests))]
public sealed class StepGarbageTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Schedule, forward pass, draws and commit of several branches, greedy and sampled: no byte, on no thread.</summary>
    [Theory]
    [InlineData(ComputeMode.Fast, 1, 0)]
    [InlineData(ComputeMode.Fast, 3, 0.7)]
    [InlineData(ComputeMode.Exact, 3, 0.7)]
    public async Task A_decode_step_makes_no_garbage(ComputeMode mode, int branches, double temperature)
    {
        const int tokens = 120, warm = 40;
        var options = new EngineOptions { Device = "cpu", Mode = mode, Threads = 2, Memory = 64 << 20, MaxModelLength = 256 };
        await using var engine = await LlmEngine.LoadAsync(Fixture.Load("qwen2-awq-tiny").Directory, options, Cancel);
        var sampling = new SamplingParams { N = branches, Temperature = temperature, TopP = 0.9, Seed = 1, MaxTokens = tokens, IgnoreEos = true, Detokenize = false };

        long[] worker = new long[tokens + 1], process = new long[tokens + 1];
        long[] least = [.. Enumerable.Repeat(long.MaxValue, tokens - 2 - warm)]; // what the step of this number allocated on the worker in each run, as in Garbage
        for (int run = 0; run < 4; run++) // the first one compiles code and sizes buffers
        {
            int steps = 0;
            engine.StepTimed = _ =>
            {
                worker[steps] = GC.GetAllocatedBytesForCurrentThread();
                process[steps++] = GC.GetTotalAllocatedBytes(precise: true);
            };
            await engine.GenerateAsync([(int[])[1, 5, 9, 23]], sampling, Cancel);
            engine.StepTimed = null;
            Assert.InRange(steps, tokens - 1, tokens); // the output may arrive before its last step is timed
            for (int i = 0; i < least.Length && run > 0; i++)
                least[i] = Math.Min(least[i], worker[warm + i + 1] - worker[warm + i]);
        }
        Assert.All(least, bytes => Assert.Equal(0, bytes));
        // The last step hands the output over. The test host may allocate at any time, a step's threads at every step.
        Assert.Contains(Enumerable.Range(warm, tokens - 12 - warm), i => process[i + 10] - process[i] == 0);
    }
}
