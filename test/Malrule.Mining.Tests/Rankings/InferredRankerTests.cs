using Malrule.Mining.Questions;
using Malrule.Mining.Rankings;
using Malrule.Mining.Rankings.Lexical;

namespace Malrule.Mining.Tests.Rankings;

public sealed class InferredRankerTests
{
    private static readonly MisconceptionCatalogue Catalogue = new([new(9, "Adds tops and bottoms"), new(4, "Rounds down"), new(2, "Confuses area and perimeter")]);

    private static readonly Question Question = new()
    {
        Id = 1,
        ConstructName = "",
        SubjectName = "",
        Stem = "?",
        Key = 'A',
        Options = ["1", "2", "3", "4"],
        MisconceptionIds = [null, null, null, null],
    };

    private static InferredRanker Ranker(FusionOptions? options = null) => new(
        Catalogue,
        new Dictionary<string, DistinctSamples> { ["1_B"] = DistinctSamples.Of(["They round down", "Perimeter", "Perimeter"]), ["1_C"] = DistinctSamples.Of(["", " "]) },
        new LexicalRanker(Catalogue, []).Scores, options);

    [Fact]
    public void Texts_vote_as_often_as_they_came()
    {
        Assert.Equal(2, Ranker().Rank(new Distractor(Question, 'B'))[0].MisconceptionId);
        Assert.Equal([2, 4], Ranker(new FusionOptions { Method = FusionMethod.Borda, Depth = 1 }).Rank(new Distractor(Question, 'B')).Select(candidate => candidate.MisconceptionId));
    }

    [Fact]
    public void A_distractor_without_texts_has_no_candidates()
    {
        Assert.Empty(Ranker().Rank(new Distractor(Question, 'C')));
        Assert.Empty(Ranker().Rank(new Distractor(Question, 'D')));
        Assert.Equal([true, false, false], "BCD".Select(letter => Ranker().Knows(new Distractor(Question, letter))));
    }

    [Fact]
    public void Scores_are_the_fused_points()
    {
        var scores = new double[3];
        Ranker(new FusionOptions { Method = FusionMethod.Borda, Depth = 1 }).Scores(new Distractor(Question, 'B'), scores);
        Assert.Equal([0, 1, 2], scores);
        Ranker().Scores(new Distractor(Question, 'D'), scores);
        Assert.Equal([0, 0, 0], scores);
    }

    [Fact]
    public void All_texts_of_a_distractor_are_looked_up_at_once()
    {
        IReadOnlyList<string>? asked = null;
        var ranker = new InferredRanker(Catalogue, new Dictionary<string, DistinctSamples> { ["1_B"] = DistinctSamples.Of(["x", "y", "x"]) }, (texts, scores) =>
        {
            asked = texts;
            new double[] { 1, 2, 3, 30, 20, 10 }.CopyTo(scores); // [texts, catalogue]
        });
        Assert.Equal([new(9, 2 * 1 + 30), new(4, 2 * 2 + 20), new(2, 2 * 3 + 10)], ranker.Rank(new Distractor(Question, 'B')));
        Assert.Equal(["x", "y"], asked);
    }

    [Fact]
    public void Negative_scores_are_candidates_too()
    {
        var ranker = new InferredRanker(Catalogue, new Dictionary<string, DistinctSamples> { ["1_B"] = DistinctSamples.Of(["x"]) }, (_, scores) => new[] { -0.1, -0.3, -0.2 }.CopyTo(scores));
        Assert.Equal([9, 2, 4], ranker.Rank(new Distractor(Question, 'B')).Select(candidate => candidate.MisconceptionId));
        Assert.Equal(ranker.Rank(new Distractor(Question, 'B')), Assert.Single(ranker.RankAll([new Distractor(Question, 'B')], cancellation: TestContext.Current.CancellationToken)));
    }
}
