using Malrule.Tests;

namespace Malrule.Inference.Tests.Embeddings;

public sealed class TextEmbedderTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("bert-tiny", ComputeMode.Fast)]
    [InlineData("nomic-bert-tiny", ComputeMode.Exact)]
    public async Task A_plan_is_what_loading_then_gives(string fixture, ComputeMode mode)
    {
        string directory = TestPaths.Data("fixtures", fixture);
        var options = new EmbedderOptions { Mode = mode, MaxTokens = 100 };
        EmbedderInfo plan = await TextEmbedder.PlanAsync(directory, options, Cancel);
        await using var embedder = await TextEmbedder.LoadAsync(directory, options, Cancel);
        Assert.Equal(embedder.Info, plan);
        Assert.True(plan.WeightBytes > 0);
    }

    /// <summary>Callers are served one after another; those who wait while the embedder goes must be told.</summary>
    [Fact]
    public async Task An_embedder_disposed_among_its_callers_leaves_none_waiting()
    {
        for (int round = 0; round < 10; round++)
        {
            var embedder = await TextEmbedder.LoadAsync(TestPaths.Data("fixtures", "bert-tiny"), new EmbedderOptions { Threads = 1 }, Cancel);
            int[][] inputs = [.. Enumerable.Range(0, 60).Select(i => Enumerable.Range(5, 1 + i % 40).ToArray())];
            var callers = Enumerable.Range(0, 6).Select(_ => Task.Run(async () =>
            {
                try
                {
                    await embedder.EmbedAsync(inputs, Cancel);
                }
                catch (ObjectDisposedException)
                {
                }
            }, Cancel)).ToList();
            await Task.Delay(round, Cancel);
            await embedder.DisposeAsync();
            await embedder.DisposeAsync();
            await Task.WhenAll(callers).WaitAsync(TimeSpan.FromMinutes(2), Cancel);
            await Assert.ThrowsAsync<ObjectDisposedException>(() => embedder.EmbedAsync(inputs, Cancel));
        }
    }
}
