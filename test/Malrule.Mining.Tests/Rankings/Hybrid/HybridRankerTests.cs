using Malrule.Inference;
using Malrule.Mining.Evaluation;
using Malrule.Mining.Generations;
using Malrule.Mining.Questions;
using Malrule.Mining.Rankings;
using Malrule.Mining.Rankings.Hybrid;
using Malrule.Mining.Rankings.Lexical;
using Malrule.Tests;

namespace Malrule.Mining.Tests.Rankings.Hybrid;

public sealed class HybridRankerTests
{
    private static readonly string[] Words =
        ["angles", "fractions", "decimals", "area", "perimeter", "ratio", "mean", "median", "negative", "powers", "roots", "brackets", "graphs", "vectors", "time", "money"];

    // Names of two words; the last quarter is never labelled.
    private static readonly MisconceptionCatalogue Catalogue =
        new([.. Enumerable.Range(0, 64).Select(id => new Misconception(id, $"Confuses {Words[id % 16]} with {Words[(id * 5 + id / 16) % 16]}"))]);

    private static readonly Question[] Labelled = [.. Enumerable.Range(1, 300).Select(id =>
    {
        int label = id * 7 % 48;
        return Question(id, $"Exercise about {Words[label % 16]} and {Words[(label * 5 + label / 16) % 16]} number {id % 9}", label);
    })];

    private static Question Question(int id, string stem, int? label) => new()
    {
        Id = id,
        ConstructName = "",
        SubjectName = "Maths",
        Stem = stem,
        Key = 'A',
        Options = ["1", "2", "3", "4"],
        MisconceptionIds = [null, label, null, null],
    };

    public static TheoryData<int> AnyEvidence => [.. Enumerable.Range(1, 7)];

    [Theory]
    [MemberData(nameof(AnyEvidence))]
    public void Any_evidence_alone_or_together_gives_probabilities_with_and_without_labelled_questions(int evidence)
    {
        var inferred = new InferredRanker(Catalogue, new Dictionary<string, DistinctSamples> { ["900_B"] = DistinctSamples.Of(["confuses area with time"]) }, new LexicalRanker(Catalogue, []).Scores);
        Distractor distractor = new(Question(900, "area and ratio", null), 'B');
        foreach (Question[] labelled in new[] { Labelled, [] })
        {
            var ranker = new HybridRanker(labelled, Catalogue, new HybridOptions { Evidence = (HybridEvidence)evidence }, inferred);
            var scores = new double[Catalogue.Count];
            ranker.Scores(distractor, scores);
            bool nothing = (HybridEvidence)evidence == HybridEvidence.Neighbours && labelled.Length == 0;
            Assert.Equal(nothing ? 0 : 1, scores.Sum(), 1e-9);
            Assert.Equal(nothing ? 0 : 25, ranker.Rank(distractor).Count);
        }
    }

    [Fact]
    public void The_unseen_share_moves_the_gate_to_misconceptions_that_no_question_shows()
    {
        Distractor distractor = new(Question(900, "area and ratio", null), 'B');
        double[] novel = [.. new[] { 0.05, 0.5, 0.95 }.Select(share =>
        {
            var scores = new double[Catalogue.Count];
            new HybridRanker(Labelled, Catalogue, new HybridOptions { UnseenShare = share }).Scores(distractor, scores);
            return scores[48..].Sum();
        })];
        Assert.True(novel[0] < novel[1] && novel[1] < novel[2], string.Join(' ', novel));
    }

    [Fact]
    public void A_questions_own_label_never_counts_for_it()
    {
        // The same question, labelled with another misconception: what is said about it must be the same.
        Question[] changed = [.. Labelled.Select(question => question.Id == 17 ? question with { MisconceptionIds = [null, 40, null, null] } : question)];
        Assert.NotEqual(40, Labelled[16].MisconceptionIds[1]);
        HybridWeights weights = HybridWeights.Default(HybridEvidence.Lexical | HybridEvidence.Neighbours);
        var options = new HybridOptions { Weights = weights };
        Distractor distractor = new(Labelled[16], 'B');
        Assert.Equal(new HybridRanker(Labelled, Catalogue, options).Rank(distractor), new HybridRanker(changed, Catalogue, options).Rank(distractor));
    }

    [Fact]
    public void A_labelled_question_is_ranked_with_weights_fitted_on_others()
    {
        var ranker = new HybridRanker(Labelled, Catalogue);
        HybridWeights[] weights = [.. Labelled.Select(question => ranker.WeightsFor(new Distractor(question, 'B')))];
        Assert.Equal([60, 60, 60, 60, 60], weights.CountBy(own => own).Select(fold => fold.Value));
        Assert.DoesNotContain(ranker.WeightsFor(new Distractor(Question(900, "?", null), 'B')), weights);
    }

    [Fact]
    public void Evidence_that_few_other_questions_have_leaves_the_default_weights()
    {
        // Texts about 210 questions: enough for a question without a label, but not for one that must do without its own fold.
        var samples = Labelled[..210].Append(Question(900, "?", 1)).ToDictionary(question => $"{question.Id}_B", _ => DistinctSamples.Of(["confuses area with time"]));
        var ranker = new HybridRanker(Labelled, Catalogue, inferred: new InferredRanker(Catalogue, samples, new LexicalRanker(Catalogue, []).Scores));
        HybridWeights fallback = HybridWeights.Default(HybridEvidence.Lexical | HybridEvidence.Neighbours | HybridEvidence.Inferred);
        Assert.NotEqual(fallback, ranker.WeightsFor(new Distractor(Question(900, "?", null), 'B')));
        Assert.Equal(fallback, ranker.WeightsFor(new Distractor(Labelled[0], 'B')));
        Assert.Equal(2, ranker.RankAll([new Distractor(Labelled[0], 'B'), new Distractor(Labelled[250], 'B')], cancellation: TestContext.Current.CancellationToken).Count);
    }

    [Fact]
    public void Few_labels_leave_the_default_weights()
    {
        Distractor distractor = new(Question(900, "area and ratio", null), 'B');
        Assert.Equal(HybridWeights.Default(HybridEvidence.Lexical | HybridEvidence.Neighbours), new HybridRanker(Labelled[..50], Catalogue).WeightsFor(distractor));
        Assert.Equal(HybridWeights.Default(HybridEvidence.Lexical), new HybridRanker([], Catalogue).WeightsFor(distractor));
    }

    [Fact]
    public void Lists_are_the_same_at_any_number_of_threads()
    {
        Distractor[] distractors = [.. Labelled.Take(60).SelectMany(question => question.LabelledDistractors)];
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        Assert.Equal(
            new HybridRanker(Labelled, Catalogue).RankAll(distractors, threads: 1, cancellation: cancellation),
            new HybridRanker(Labelled, Catalogue).RankAll(distractors, threads: 4, cancellation: cancellation));
    }

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        Assert.Throws<InvalidInputException>(() => new HybridRanker([], Catalogue, new HybridOptions { Evidence = 0 }));
        Assert.Throws<InvalidInputException>(() => new HybridRanker([], Catalogue, new HybridOptions { UnseenShare = 1 }));
        Assert.Throws<InvalidInputException>(() => new HybridRanker([], Catalogue, new HybridOptions { Lexical = new LexicalOptions { Weighting = LexicalWeighting.Bm25 } }));
    }

    [Fact]
    public void Eedis_unseen_misconceptions_are_found_far_better_than_by_label_transfer()
    {
        QuestionBank bank = QuestionBank.Load(TestPaths.Shared("eedi"), TestPaths.Shared("eedi", "train.csv"));
        RankingReport report = Report(new HybridRanker(bank.Labelled, bank.Catalogue, new HybridOptions { UnseenShare = 0.6 }), bank, [.. bank.Distractors]);
        Assert.InRange(report.Mixed!.Value.Value, 0.34, 0.36);
        Assert.InRange(report.Unseen.Map25!.Value.Value, 0.29, 0.315);
    }

    [Fact]
    public void Hypotheses_of_a_language_model_add_to_both_and_the_default_weights_are_what_their_fit_gives()
    {
        QuestionBank bank = QuestionBank.Load(TestPaths.Shared("eedi"), TestPaths.Shared("eedi", "train.csv"));
        var samples = GenerationFile.Read(TestPaths.Shared("generations", "qwen2.5-32b.jsonl")).ToDictionary(entry => entry.Key, entry => DistinctSamples.Of(entry.Value.Texts));
        samples["-1_B"] = DistinctSamples.Of(["Confuses area and perimeter"]);
        var inferred = new InferredRanker(bank.Catalogue, samples, new LexicalRanker(bank.Catalogue, bank.Labelled).Scores);
        var ranker = new HybridRanker(bank.Labelled, bank.Catalogue, inferred: inferred);
        HybridWeights fitted = ranker.WeightsFor(new Distractor(Question(-1, "?", null), 'B'));
        foreach ((double expected, double actual) in HybridWeights.Default(HybridEvidence.Lexical | HybridEvidence.Neighbours | HybridEvidence.Inferred).ToArray().Zip(fitted.ToArray()))
            Assert.Equal(expected, actual, 0.01);
        RankingReport report = Report(ranker, bank, [.. bank.Distractors.Where(inferred.Knows)]);
        Assert.InRange(report.All.Map25!.Value.Value, 0.46, 0.475);
    }

    private static RankingReport Report(HybridRanker ranker, QuestionBank bank, Distractor[] distractors)
    {
        IReadOnlyList<IReadOnlyList<Candidate>> lists = ranker.RankAll(distractors, 25, cancellation: TestContext.Current.CancellationToken);
        var seen = new SeenMisconceptions(bank.Labelled);
        return RankingReport.Of([.. distractors.Select((distractor, i) => RankedItem.Of(distractor, lists[i], seen))], 25, new Bootstrap { Resamples = 1 });
    }
}
