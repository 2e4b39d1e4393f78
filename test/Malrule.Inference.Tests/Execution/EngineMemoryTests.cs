using System.Diagnostics;
using Malrule.Inference.Tests.Models;

namespace Malrule.Inference.Tests.Execution;

/// <summary>Measures the whole process, so nothing may run beside it.</summary>
[CollectionDefinition(nameof(EngineMemoryTests), DisableParallelization = true)]
[Collection(nameof(EngineMemoryTests))]
public sealed class EngineMemoryTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Loading_and_disposing_fifty_times_leaves_no_memory_behind()
    {
        for (int i = 0; i < 10; i++)
            await LoadAndRun();
        long before = Resident();
        for (int i = 0; i < 50; i++)
            await LoadAndRun();
        // Each load holds about 20 MB of weights, workspace and pages: one that leaked them would grow by a gigabyte.
        Assert.InRange(Resident(), 0, before + before / 20);
    }

    private static async Task LoadAndRun()
    {
        var options = new EngineOptions { Device = "cpu", Memory = 64 << 20, MaxModelLength = 256 };
        await using var engine = await LlmEngine.LoadAsync(Fixture.Load("qwen2-awq-tiny").Directory, options, Cancel);
        await engine.GenerateAsync([(int[])[1, 5, 9]], new SamplingParams { MaxTokens = 2, Seed = 1 }, Cancel);
    }

    private static long Resident()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }
}
