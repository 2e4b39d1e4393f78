using CsCheck;
using Malrule.Inference;
using Malrule.Mining.Questions;
using Malrule.Mining.Rankings;

namespace Malrule.Mining.Tests.Rankings;

public sealed class RankFusionTests
{
    // Ids descend, so that the order by id is not the order by place.
    private static MisconceptionCatalogue Catalogue(int count) => new([.. Enumerable.Range(0, count).Select(i => new Misconception(100 - i, $"name {i}"))]);

    private static int[] Ids(IReadOnlyList<Candidate> candidates) => [.. candidates.Select(candidate => candidate.MisconceptionId)];

    [Fact]
    public void Borda_gives_a_list_of_L_rows_L_points_down_to_one()
    {
        var fusion = new RankFusion(Catalogue(3), new FusionOptions { Method = FusionMethod.Borda });
        IReadOnlyList<Candidate> fused = fusion.Fuse([new Vote(new[] { 0.9, 0.5, 0.1 }), new Vote(new[] { 0.9, 0.1, 0.5 }), new Vote(new[] { 0.0, 0.1, 0.2 })]);
        Assert.Equal([new(100, 3 + 3 + 1), new(98, 1 + 2 + 3), new(99, 2 + 1 + 2)], fused);
    }

    [Fact]
    public void Borda_of_a_depth_gives_no_points_beyond_it_and_lists_no_row_without_points()
    {
        var fusion = new RankFusion(Catalogue(4), new FusionOptions { Method = FusionMethod.Borda, Depth = 2 });
        Assert.Equal([new(100, 2), new(99, 1)], fusion.Fuse([new Vote(new[] { 4.0, 3, 2, 1 })]));
    }

    [Fact]
    public void Reciprocal_rank_adds_one_over_k_plus_rank()
    {
        var fusion = new RankFusion(Catalogue(3), new FusionOptions { Method = FusionMethod.ReciprocalRank, ReciprocalRankConstant = 60 });
        IReadOnlyList<Candidate> fused = fusion.Fuse([new Vote(new[] { 3.0, 2, 1 }), new Vote(new[] { 2.0, 3, 1 }, 2)]);
        Assert.Equal([99, 100, 98], Ids(fused));
        Assert.Equal(1.0 / 62 + 2.0 / 61, fused[0].Score, 1e-15);
    }

    [Fact]
    public void CombSum_orders_by_the_weighted_sum_of_scores()
    {
        var fusion = new RankFusion(Catalogue(3), new FusionOptions { Method = FusionMethod.CombSum });
        Assert.Equal([new(99, 1.75), new(100, 1.0), new(98, 0.5)], fusion.Fuse([new Vote(new[] { 0.5, 0.25, 0.0 }), new Vote(new[] { 0.25, 0.75, 0.25 }, 2)]));
    }

    [Fact]
    public void Softmax_gives_each_vote_the_same_mass()
    {
        var fusion = new RankFusion(Catalogue(2), new FusionOptions { Method = FusionMethod.Softmax, Temperature = 1 });
        IReadOnlyList<Candidate> fused = fusion.Fuse([new Vote(new[] { Math.Log(3), 0 }), new Vote(new[] { 1000.0, 1000 })]);
        Assert.Equal([100, 99], Ids(fused));
        Assert.Equal(0.75 + 0.5, fused[0].Score, 1e-12);
        Assert.Equal(0.25 + 0.5, fused[1].Score, 1e-12);
    }

    [Theory]
    [InlineData(FusionMethod.Borda)]
    [InlineData(FusionMethod.ReciprocalRank)]
    [InlineData(FusionMethod.CombSum)]
    [InlineData(FusionMethod.Softmax)]
    public void Ties_go_to_the_lower_id_or_to_the_first_samples_order(FusionMethod method)
    {
        Vote[] votes = [new Vote(new[] { 0.25, 0.5, 0.0 }), new Vote(new[] { 0.5, 0.25, 0.0 })];
        Vote[] swapped = [votes[1], votes[0]];
        var byId = new RankFusion(Catalogue(3), new FusionOptions { Method = method });
        var byFirst = new RankFusion(Catalogue(3), new FusionOptions { Method = method, Ties = TieOrder.FirstSample });
        Assert.Equal([99, 100], Ids(byId.Fuse(votes, 2)));
        Assert.Equal([99, 100], Ids(byId.Fuse(swapped, 2)));
        Assert.Equal([99, 100], Ids(byFirst.Fuse(votes, 2)));
        Assert.Equal([100, 99], Ids(byFirst.Fuse(swapped, 2)));
    }

    [Fact]
    public void No_vote_or_only_weightless_votes_give_no_candidates()
    {
        var fusion = new RankFusion(Catalogue(2), new FusionOptions());
        Assert.Empty(fusion.Fuse([]));
        Assert.Empty(fusion.Fuse([new Vote(new[] { 1.0, 2 }, 0)]));
    }

    [Fact]
    public void A_vote_counted_twice_equals_a_vote_of_double_weight()
    {
        Gen<(double[][] Scores, int Method, int? Depth)> cases = Gen.Select(
            Gen.Int[0, 8].Select(value => value / 8.0).Array[40].Array[1, 5], Gen.Int[0, 3], Gen.OneOf(Gen.Const((int?)null), Gen.Int[1, 40].Select(d => (int?)d)));
        cases.Sample(given =>
        {
            var fusion = new RankFusion(Catalogue(40), new FusionOptions { Method = (FusionMethod)given.Method, Depth = given.Depth });
            Vote[] twice = [.. given.Scores.Select(scores => new Vote(scores)), new Vote(given.Scores[0])];
            Vote[] weighted = [new Vote(given.Scores[0], 2), .. given.Scores.Skip(1).Select(scores => new Vote(scores))];
            IReadOnlyList<Candidate> expected = fusion.Fuse(weighted), actual = fusion.Fuse(twice);
            Assert.Equal(expected.Select(c => Math.Round(c.Score, 9)), actual.Select(c => Math.Round(c.Score, 9)));
        }, iter: 200);
    }

    [Fact]
    public void A_short_depth_ranks_as_the_full_sort_does()
    {
        Gen.Int[0, 20].Select(value => value / 20.0 - 0.5).Array[300].Sample(scores =>
        {
            int[] expected = [.. Enumerable.Range(0, 300).OrderByDescending(row => scores[row])];
            int[] full = new int[300], top = new int[30];
            RankOrder.Full(scores, full, new long[300]);
            Assert.Equal(30, RankOrder.Top(scores, top, new long[30]));
            Assert.Equal(expected, full);
            Assert.Equal(expected[..30], top);
        }, iter: 100);
    }

    [Fact]
    public void Scores_that_are_no_numbers_and_wrong_lengths_are_refused()
    {
        foreach (FusionMethod method in Enum.GetValues<FusionMethod>())
        {
            var fusion = new RankFusion(Catalogue(2), new FusionOptions { Method = method });
            Assert.Throws<ArgumentException>(() => fusion.Fuse([new Vote(new[] { double.NaN, 1 })]));
            Assert.Throws<ArgumentException>(() => fusion.Fuse([new Vote(new[] { 1.0 })]));
            Assert.Throws<ArgumentException>(() => fusion.Fuse([new Vote(new[] { 1.0, 2 }, double.NaN)]));
        }
    }

    [Fact]
    public void Options_out_of_range_are_refused_by_name()
    {
        Assert.Contains("depth", Assert.Throws<InvalidInputException>(() => new FusionOptions { Depth = 0 }.Validate()).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidInputException>(() => new FusionOptions { ReciprocalRankConstant = -1 }.Validate());
        Assert.Throws<InvalidInputException>(() => new FusionOptions { Temperature = 0 }.Validate());
        Assert.Throws<InvalidInputException>(() => new FusionOptions { Temperature = double.NaN }.Validate());
    }
}
