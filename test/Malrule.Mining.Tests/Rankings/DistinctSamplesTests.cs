using Malrule.Mining.Rankings;

namespace Malrule.Mining.Tests.Rankings;

public sealed class DistinctSamplesTests
{
    [Fact]
    public void Identical_samples_stand_once_with_their_count()
    {
        DistinctSamples distinct = DistinctSamples.Of(["b", "a", "b", "A", "b"]);
        Assert.Equal(["b", "a", "A"], distinct.Texts);
        Assert.Equal([3, 1, 1], distinct.Weights);
    }

    [Fact]
    public void Blank_samples_vote_only_when_asked()
    {
        Assert.Equal(["a"], DistinctSamples.Of(["", " \n", "a"]).Texts);
        Assert.Equal(["", "a"], DistinctSamples.Of(["", "a", ""], blankVotes: true).Texts);
        Assert.Empty(DistinctSamples.Of(["", ""]).Texts);
    }

    [Fact]
    public void Logprobs_weigh_samples_relative_to_the_likeliest_that_votes()
    {
        DistinctSamples distinct = DistinctSamples.Of(["", "a", "b", "a"], cumulativeLogprobs: [0, -1, -1 - Math.Log(4), -1 - Math.Log(2)]);
        Assert.Equal(["a", "b"], distinct.Texts);
        Assert.Equal([1.5, 0.25], distinct.Weights.Select(weight => Math.Round(weight, 12)));
        Assert.Throws<ArgumentException>(() => DistinctSamples.Of(["a"], cumulativeLogprobs: []));
    }
}
