using System.Text.Json;
using Malrule.Mining.Evaluation;

namespace Malrule.Mining.Tests.Evaluation;

public sealed class RankingReportTests
{
    private static RankedItem Item(int question, char letter, int misconception, int rank, bool seen, double confidence = 0) => new()
    {
        Id = $"{question}_{letter}",
        QuestionId = question,
        MisconceptionId = misconception,
        Rank = rank,
        Seen = seen,
        Confidence = confidence,
    };

    private static readonly RankedItem[] Items =
    [
        Item(1, 'A', 10, rank: 1, seen: true, confidence: 0.9), Item(1, 'B', 10, rank: 2, seen: true, confidence: 0.5), Item(2, 'A', 11, rank: 30, seen: false, confidence: 0.7),
        Item(3, 'C', 12, rank: 0, seen: false, confidence: 0.1),
    ];

    [Fact]
    public void Every_metric_has_its_value_by_hand()
    {
        RankingReport report = RankingReport.Of(Items);
        Assert.Equal(3, report.Questions);
        Assert.Equal((4, 2, 2), (report.All.Distractors, report.Seen.Distractors, report.Unseen.Distractors));
        Dictionary<string, double> expected = new()
        {
            ["map@25"] = 1.5 / 4,
            ["recall@1"] = 0.25,
            ["recall@5"] = 0.5,
            ["recall@10"] = 0.5,
            ["recall@25"] = 0.5,
            ["recall@100"] = 0.75,
            ["ndcg@25"] = (1 + 1 / Math.Log2(3)) / 4,
            ["median_rank"] = (2 + 30) / 2.0,
            ["macro_map@25"] = (1.5 / 2 + 0 + 0) / 3,
        };
        Assert.Equal(expected.Keys.Order(), report.All.Metrics.Keys.Order());
        foreach ((string name, double value) in expected)
            Assert.Equal(value, report.All.Metrics[name].Value, 1e-12);
        Assert.Equal(0.75, report.Seen.Map25!.Value.Value, 1e-12);
        Assert.Equal(0.4 * 0.75, report.Mixed!.Value.Value, 1e-12);
        Assert.Equal((30 + 101) / 2.0, report.Unseen.Metrics["median_rank"].Value);
    }

    [Fact]
    public void Lists_too_short_for_a_metric_leave_it_out()
    {
        RankingReport report = RankingReport.Of(Items, depth: 25);
        Assert.DoesNotContain("recall@100", report.All.Metrics.Keys);
        Assert.Equal(26, report.Unseen.Metrics["median_rank"].Value);
        Assert.Equal(["median_rank", "recall@1", "recall@10", "recall@5"], RankingReport.Of(Items, depth: 10).All.Metrics.Keys);
    }

    [Fact]
    public void No_items_and_an_empty_group_have_no_metrics()
    {
        Assert.Empty(RankingReport.Of([]).All.Metrics);
        RankingReport seenOnly = RankingReport.Of(Items[..2]);
        Assert.Empty(seenOnly.Unseen.Metrics);
        Assert.Null(seenOnly.Unseen.Map25);
        Assert.Null(seenOnly.Mixed);
    }

    [Fact]
    public void Intervals_depend_on_the_seed_only_and_hold_the_value()
    {
        RankedItem[] items = [.. Enumerable.Range(0, 600).Select(i => Item(i / 2, i % 2 == 0 ? 'A' : 'B', i % 50, 1 + i * 7 % 40, i % 3 > 0))];
        RankingReport report = RankingReport.Of(items), again = RankingReport.Of(items), other = RankingReport.Of(items, bootstrap: new Bootstrap { Seed = 2 });
        Assert.Equal(report.All.Metrics, again.All.Metrics);
        Assert.NotEqual(report.All.Map25, other.All.Map25);
        Assert.All(report.All.Metrics, metric => Assert.InRange(metric.Value.Value, metric.Value.Low, metric.Value.High));
    }

    [Fact]
    public void Intervals_resample_questions_not_distractors()
    {
        // Ten copies of each item within its question carry no news, so the interval must not shrink.
        RankedItem[] single = [.. Enumerable.Range(0, 80).Select(i => Item(i, 'A', i, i % 2 == 0 ? 1 : 0, seen: true))];
        RankedItem[] copied = [.. single.SelectMany(item => Enumerable.Range(0, 10).Select(copy => item with { Id = $"{item.Id}{copy}" }))];
        Assert.Equal(RankingReport.Of(single).All.Map25, RankingReport.Of(copied).All.Map25);
        // Half of 80 coins: standard error 0.056.
        Estimate map = RankingReport.Of(single).All.Map25!.Value;
        Assert.InRange(map.High - map.Low, 2 * 1.96 * 0.056 * 0.85, 2 * 1.96 * 0.056 * 1.15);
    }

    [Fact]
    public void Risk_coverage_answers_the_surest_first()
    {
        IReadOnlyList<RiskPoint> curve = RankingReport.Of(Items).RiskCoverage;
        Assert.Equal(20, curve.Count);
        Assert.Equal(new RiskPoint(0.25, 0.9, 1, 1), curve[4]);
        Assert.Equal(new RiskPoint(0.5, 0.7, 0.5, 0.5), curve[9]);
        Assert.Equal(new RiskPoint(1, 0.1, 0.25, 1.5 / 4), curve[19]);
        Assert.Empty(RankingReport.Of([]).RiskCoverage);
    }

    [Fact]
    public void A_report_survives_JSON()
    {
        RankingReport report = RankingReport.Of(Items);
        RankingReport read = JsonSerializer.Deserialize<RankingReport>(JsonSerializer.Serialize(report))!;
        Assert.Equal(report.All.Metrics, read.All.Metrics);
        Assert.Equal(report.Mixed, read.Mixed);
        Assert.Equal(report.RiskCoverage, read.RiskCoverage);
    }
}
