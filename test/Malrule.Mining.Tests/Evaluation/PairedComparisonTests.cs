using Malrule.Inference;
using Malrule.Mining.Evaluation;

namespace Malrule.Mining.Tests.Evaluation;

public sealed class PairedComparisonTests
{
    private static RankedItem Item(int question, int rank, int misconception = 1) => new()
    {
        Id = $"{question}_A",
        QuestionId = question,
        MisconceptionId = misconception,
        Rank = rank,
        Seen = true,
    };

    [Fact]
    public void A_small_but_steady_gain_is_told_from_chance()
    {
        // Both vary widely over the items; the second is always one place better.
        RankedItem[] first = [.. Enumerable.Range(0, 200).Select(i => Item(i, 6 + i % 20))];
        RankedItem[] second = [.. first.Select(item => item with { Rank = item.Rank - 1 })];
        PairedComparison comparison = PairedComparison.Of(first, second);
        PairedDifference map = comparison.Metrics["map@25"];
        Assert.Equal(map.Second - map.First, map.Difference.Value, 1e-12);
        Assert.True(map.Difference.Low > 0);
        Estimate alone = RankingReport.Of(first).All.Map25!.Value;
        Assert.True(map.Difference.High - map.Difference.Low < alone.High - alone.Low);
        Assert.Equal((200, 0, 200, 0), (comparison.Distractors, comparison.LeftOut, comparison.Better, comparison.Worse));
    }

    [Fact]
    public void Equal_rankings_differ_by_nothing()
    {
        RankedItem[] items = [.. Enumerable.Range(0, 50).Select(i => Item(i, i % 30))];
        Assert.All(PairedComparison.Of(items, items).Metrics, metric => Assert.Equal(new Estimate(0, 0, 0), metric.Value.Difference));
    }

    [Theory]
    [InlineData(26, 25, 1, 0)] // the 25th place still counts
    [InlineData(25, 0, 0, 1)]
    [InlineData(40, 30, 0, 0)]
    [InlineData(0, 26, 0, 0)]
    public void Places_beyond_the_25th_are_all_one(int before, int after, int better, int worse)
    {
        PairedComparison comparison = PairedComparison.Of([Item(1, before)], [Item(1, after)]);
        Assert.Equal((better, worse), (comparison.Better, comparison.Worse));
    }

    [Fact]
    public void Only_shared_distractors_are_compared()
    {
        PairedComparison comparison = PairedComparison.Of([Item(1, 1), Item(2, 3), Item(3, 1)], [Item(2, 1), Item(4, 9)]);
        Assert.Equal((1, 3, 1, 0), (comparison.Distractors, comparison.LeftOut, comparison.Better, comparison.Worse));
        Assert.Throws<InvalidInputException>(() => PairedComparison.Of([Item(1, 1)], [Item(2, 1)]));
        Assert.Contains("1_A", Assert.Throws<InvalidInputException>(() => PairedComparison.Of([Item(1, 1)], [Item(1, 1, misconception: 2)])).Message, StringComparison.Ordinal);
    }
}
