using Malrule.Inference.Execution;
using Malrule.Inference.Scheduling;
using Malrule.Inference.Tokenization;

namespace Malrule.Inference.Tests.Execution;

public sealed class SamplingBatchBuilderTests
{
    private static SamplingBatch Build(SamplingParams sampling)
    {
        int[] prompt = [1, 2, 3];
        var group = new SequenceGroup(prompt, sampling, new StopRules(null, [], 0, 8), seed: 5, () => new OutputText(null, prompt, sampling));
        var builder = new SamplingBatchBuilder(vocabSize: 100);
        builder.AddDraws(logitsRow: 0, group.Leader);
        return builder.Batch;
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1e-6, 0)]
    [InlineData(1e-4, 0.01)]
    [InlineData(0.01, 0.01)]
    [InlineData(0.7, 0.7)]
    public void A_temperature_near_0_is_greedy_and_a_small_one_is_raised(double asked, double drawnWith) =>
        Assert.Equal((float)drawnWith, Build(new SamplingParams { Temperature = asked }).Temperature[0]);

    [Fact]
    public void A_greedy_draw_filters_nothing()
    {
        SamplingBatch batch = Build(new SamplingParams { Temperature = 0, TopK = 5, TopP = 0.5, MinP = 0.1 });
        Assert.Equal((0, 1f, 0f), (batch.TopK[0], batch.TopP[0], batch.MinP[0]));
        batch = Build(new SamplingParams { TopK = -1, TopP = 0.5, MinP = 0.1 });
        Assert.Equal((0, 0.5f, 0.1f), (batch.TopK[0], batch.TopP[0], batch.MinP[0]));
    }

    [Fact]
    public void A_bias_is_clamped_to_a_hundred_either_way()
    {
        SamplingBatch batch = Build(new SamplingParams { LogitBias = new Dictionary<int, float> { [3] = 500, [4] = -1000, [5] = 7 } });
        Assert.Equal([(3, 100f), (4, -100f), (5, 7f)], batch.BiasToken.Zip(batch.BiasValue).Take(3));
    }

    [Fact]
    public void Every_branch_of_a_prompt_draws_at_its_end_with_a_seed_of_its_own()
    {
        SamplingBatch batch = Build(new SamplingParams { N = 3 });
        Assert.Equal(3, batch.Draws);
        Assert.Equal([5, 6, 7], batch.Seed[..3]);
        Assert.Equal([3, 3, 3], batch.Position[..3]);
    }
}
