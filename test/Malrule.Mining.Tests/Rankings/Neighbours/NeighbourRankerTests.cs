using Malrule.Inference;
using Malrule.Mining.Evaluation;
using Malrule.Mining.Questions;
using Malrule.Mining.Rankings;
using Malrule.Mining.Rankings.Neighbours;
using Malrule.Tests;

namespace Malrule.Mining.Tests.Rankings.Neighbours;

public sealed class NeighbourRankerTests
{
    private static readonly MisconceptionCatalogue Catalogue = new([new(9, "Adds tops and bottoms"), new(4, "Rounds down"), new(2, "Confuses area and perimeter")]);

    private static Question Question(int id, string stem, string wrong, int? label) => new()
    {
        Id = id,
        ConstructName = "Add fractions",
        SubjectName = "Fractions",
        Stem = stem,
        Key = 'A',
        Options = [@"\( \frac{3}{4} \)", wrong, "", ""],
        MisconceptionIds = [null, label, null, null],
    };

    private static readonly Question[] Labelled =
    [
        Question(1, @"\( \frac{1}{2}+\frac{1}{4} \)", @"\( \frac{2}{6} \)", 9), Question(2, @"\( \frac{1}{2}+\frac{1}{4} \)", @"\( 0.7 \)", 4),
        Question(3, "What is the area of the square?", "12 cm", 2),
    ];

    [Fact]
    public void The_label_of_the_nearest_distractor_comes_first_and_the_wrong_option_decides_between_like_questions()
    {
        var ranker = new NeighbourRanker(Labelled, Catalogue);
        Assert.Equal(9, First(ranker, @"\( \frac{2}{6} \)"));
        Assert.Equal(4, First(ranker, @"\( 0.7 \)"));

        static int First(NeighbourRanker ranker, string wrong) => ranker.Rank(new Distractor(Question(7, @"\( \frac{1}{2}+\frac{1}{4} \)", wrong, null), 'B'))[0].MisconceptionId;
    }

    [Fact]
    public void Labels_of_the_question_under_test_are_never_used()
    {
        var options = new NeighbourOptions { Lexical = 0 };
        var with = new NeighbourRanker(Labelled, Catalogue, options);
        var without = new NeighbourRanker([Labelled[1], Labelled[2]], Catalogue, options);
        Distractor distractor = new(Labelled[0], 'B');
        Assert.DoesNotContain(with.Rank(distractor), candidate => candidate.MisconceptionId == 9);
        Assert.Equal(without.Rank(distractor).Select(c => c.MisconceptionId), with.Rank(distractor).Select(c => c.MisconceptionId));
        Assert.DoesNotContain(with.Nearest(distractor, 10), neighbour => neighbour.Distractor.Question.Id == 1);
    }

    [Fact]
    public void Nearest_lists_the_evidence_in_descending_similarity_up_to_one()
    {
        IReadOnlyList<Neighbour> nearest = new NeighbourRanker(Labelled, Catalogue).Nearest(new(Labelled[0] with { Id = 50 }, 'B'), 2);
        Assert.Equal(["1_B", "2_B"], nearest.Select(neighbour => neighbour.Distractor.Id));
        Assert.Equal(1, nearest[0].Similarity, 1e-6);
        Assert.InRange(nearest[1].Similarity, 0.1, 0.99);
    }

    [Fact]
    public void The_lexical_share_orders_what_no_neighbour_speaks_for()
    {
        Distractor distractor = new(Question(8, "What is the perimeter?", "area", null) with { ConstructName = "", SubjectName = "" }, 'B');
        Question[] labelled = Labelled[..2];
        Assert.Equal(2, new NeighbourRanker(labelled, Catalogue).Rank(distractor)[0].MisconceptionId);
        Assert.Empty(new NeighbourRanker(labelled, Catalogue, new NeighbourOptions { Lexical = 0 }).Rank(distractor));
    }

    [Fact]
    public void Without_labelled_questions_only_words_are_left() =>
        Assert.Equal(2, Assert.Single(new NeighbourRanker([], Catalogue).Rank(new(Labelled[2] with { ConstructName = "" }, 'B'))).MisconceptionId);

    [Fact]
    public void A_label_outside_the_catalogue_and_options_out_of_range_are_refused()
    {
        string message = Assert.Throws<InvalidInputException>(() => new NeighbourRanker([Question(5, "", "", 77)], Catalogue)).Message;
        Assert.Contains("5_B", message, StringComparison.Ordinal);
        Assert.Contains("77", message, StringComparison.Ordinal);
        Assert.Throws<InvalidInputException>(() => new NeighbourRanker(Labelled, Catalogue, new NeighbourOptions { Power = double.NaN }));
    }

    [Fact]
    public void Eedis_distractors_are_ranked_better_than_the_studys_label_transfer()
    {
        QuestionBank bank = QuestionBank.Load(TestPaths.Shared("eedi"), TestPaths.Shared("eedi", "train.csv"));
        Distractor[] distractors = [.. bank.Distractors];
        var ranker = new NeighbourRanker(bank.Labelled, bank.Catalogue);
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        IReadOnlyList<IReadOnlyList<Candidate>> lists = ranker.RankAll(distractors, threads: 2, cancellation: cancellation);
        Assert.Equal(4_370, distractors.Length);
        Assert.InRange(distractors.Select((distractor, i) => AveragePrecision.At(lists[i], distractor.MisconceptionId!.Value)).Average(), 0.42, 0.435);
        Assert.Equal(ranker.RankAll(distractors[..100], threads: 1, cancellation: cancellation), lists.Take(100));
    }
}
