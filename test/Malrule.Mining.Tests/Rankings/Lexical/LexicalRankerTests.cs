using Malrule.Inference;
using Malrule.Mining.Evaluation;
using Malrule.Mining.Questions;
using Malrule.Mining.Rankings;
using Malrule.Mining.Rankings.Lexical;
using Malrule.Tests;

namespace Malrule.Mining.Tests.Rankings.Lexical;

public sealed class LexicalRankerTests
{
    private static readonly MisconceptionCatalogue Catalogue = new(
    [
        new(7, "Adds the denominators when adding fractions"), new(3, "Rounds down instead of up"), new(5, "Adds the denominators when adding fractions"),
        new(1, "Thinks a rhombus has no parallel sides"),
    ]);

    private static Question Question(string stem, string distractor = "\\( 4 \\)") => new()
    {
        Id = 1,
        ConstructName = "",
        SubjectName = "",
        Stem = stem,
        Key = 'A',
        Options = ["key", distractor, "", ""],
        MisconceptionIds = [null, null, null, null],
    };

    [Theory]
    [InlineData(LexicalWeighting.TfIdf)]
    [InlineData(LexicalWeighting.Bm25)]
    public void Names_that_share_terms_are_ranked_and_equal_names_stand_by_id(LexicalWeighting weighting)
    {
        var ranker = new LexicalRanker(Catalogue, [], new LexicalOptions { Weighting = weighting });
        Distractor distractor = new(Question("Add these fractions and round up"), 'B');
        int[] ids = [.. ranker.Rank(distractor).Select(candidate => candidate.MisconceptionId)];
        Assert.Equal([3, 5, 7], ids.Order());
        Assert.Equal(Array.IndexOf(ids, 5) + 1, Array.IndexOf(ids, 7));
        Assert.Equal(ids[0], Assert.Single(ranker.Rank(distractor, top: 1)).MisconceptionId);
    }

    [Fact]
    public void A_question_that_shares_no_term_has_no_candidates() =>
        Assert.Empty(new LexicalRanker(Catalogue, []).Rank(new Distractor(Question("?"), 'B')));

    [Fact]
    public void The_wrong_options_words_count()
    {
        var ranker = new LexicalRanker(Catalogue, []);
        Assert.Equal(1, ranker.Rank(new Distractor(Question("Which is true?", "A rhombus has no parallel sides"), 'B'))[0].MisconceptionId);
        Assert.Empty(new LexicalRanker(Catalogue, [], new LexicalOptions { Distractor = 0 }).Rank(new Distractor(Question("?", "A rhombus"), 'B')));
    }

    [Fact]
    public void Any_text_can_be_looked_up()
    {
        var scores = new double[Catalogue.Count];
        new LexicalRanker(Catalogue, []).Scores(["rounding"], scores);
        Assert.True(scores[1] > 0);
        Assert.Equal([0, 0, 0], [scores[0], scores[2], scores[3]]);
    }

    [Fact]
    public void Weights_out_of_range_are_refused_by_name() =>
        Assert.Contains("Stem", Assert.Throws<InvalidInputException>(() => new LexicalRanker(Catalogue, [], new LexicalOptions { Stem = -1 })).Message, StringComparison.Ordinal);

    [Fact]
    public void Eedis_distractors_are_ranked_better_than_the_studys_TF_IDF()
    {
        QuestionBank bank = QuestionBank.Load(TestPaths.Shared("eedi"), TestPaths.Shared("eedi", "train.csv"));
        Distractor[] distractors = [.. bank.Distractors];
        var ranker = new LexicalRanker(bank.Catalogue, bank.Labelled);
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        IReadOnlyList<IReadOnlyList<Candidate>> lists = ranker.RankAll(distractors, threads: 2, cancellation: cancellation);
        Assert.Equal(4_370, distractors.Length);
        Assert.InRange(distractors.Select((distractor, i) => AveragePrecision.At(lists[i], distractor.MisconceptionId!.Value)).Average(), 0.185, 0.195);
        Assert.Equal(ranker.RankAll(distractors[..100], threads: 1, cancellation: cancellation), lists.Take(100));
    }
}
