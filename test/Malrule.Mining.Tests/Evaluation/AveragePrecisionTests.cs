using Malrule.Mining.Evaluation;
using Malrule.Mining.Rankings;

namespace Malrule.Mining.Tests.Evaluation;

public sealed class AveragePrecisionTests
{
    private static readonly Candidate[] Candidates = [.. Enumerable.Range(0, 40).Select(id => new Candidate(id, -id))];

    [Theory]
    [InlineData(0, 1.0)]
    [InlineData(3, 0.25)]
    [InlineData(24, 0.04)]
    [InlineData(25, 0.0)]
    [InlineData(99, 0.0)]
    public void Precision_is_the_reciprocal_rank_within_the_first_25(int gold, double expected) => Assert.Equal(expected, AveragePrecision.At(Candidates, gold), 1e-15);

    [Fact]
    public void Rank_counts_from_one_and_is_zero_for_what_is_absent()
    {
        Assert.Equal(40, AveragePrecision.Rank(Candidates, 39));
        Assert.Equal(0, AveragePrecision.Rank(Candidates, 40));
        Assert.Equal(0, AveragePrecision.Rank([], 0));
    }
}
