using Malrule.Inference;
using Malrule.Mining.Evaluation;
using Malrule.Mining.Questions;
using Malrule.Mining.Rankings;
using Malrule.Mining.Rankings.Neighbours;

namespace Malrule.Mining.Tests.Evaluation;

public sealed class EvaluationSplitTests
{
    // 60 questions of two labelled distractors over 40 misconceptions; every third stem repeats the one before but for a word.
    private static readonly Question[] Questions = [.. Enumerable.Range(0, 60).Select(id => new Question
    {
        Id = id, ConstructName = "", SubjectName = "", Key = 'A', Options = ["1", "2", "3", "4"],
        Stem = $"In exercise {(id % 3 == 2 ? id - 1 : id)} of the long list below find number{(id % 3 == 2 ? id - 1 : id)} of all the values {(id % 3 == 2 ? "a" : "b")}",
        MisconceptionIds = [null, id % 40, (id * 7 + 1) % 40, null],
    })];

    private static readonly string[] All = [.. Questions.SelectMany(question => question.LabelledDistractors).Select(distractor => distractor.Id).Order()];

    public static TheoryData<string> Splits => [.. ByName.Keys];

    private static readonly Dictionary<string, EvaluationSplit> ByName = new EvaluationSplit[]
    {
        EvaluationSplit.LeaveOwnQuestionOut, EvaluationSplit.ByQuestion(), EvaluationSplit.ByStem(), EvaluationSplit.ByMisconception(), EvaluationSplit.Mixed(),
    }.ToDictionary(split => split.Name);

    [Theory]
    [MemberData(nameof(Splits))]
    public void Every_distractor_is_tested_once_and_the_same_way_again(string name)
    {
        IReadOnlyList<Fold> folds = ByName[name].Folds(Questions);
        Assert.Equal(All, folds.SelectMany(fold => fold.Test).Select(distractor => distractor.Id).Order());
        Assert.Equal(folds.Select(fold => fold.Test), ByName[name].Folds(Questions).Select(fold => fold.Test));
        if (folds.Count > 1)
            Assert.All(folds, fold => Assert.InRange(fold.Test.Count, All.Length / 5 - 6, All.Length / 5 + 6));
    }

    [Fact]
    public void Folds_by_question_learn_nothing_from_the_questions_tested()
    {
        foreach (Fold fold in EvaluationSplit.ByQuestion().Folds(Questions).Concat(EvaluationSplit.Mixed().Folds(Questions)))
            Assert.Empty(fold.Training.Select(question => question.Id).Intersect(fold.Test.Select(distractor => distractor.Question.Id)));
    }

    [Fact]
    public void Folds_by_misconception_leave_none_of_the_tested_labels()
    {
        foreach (Fold fold in EvaluationSplit.ByMisconception().Folds(Questions))
        {
            Assert.Empty(fold.Training.SelectMany(question => question.MisconceptionIds).OfType<int>().Intersect(fold.Test.Select(distractor => distractor.MisconceptionId!.Value)));
            Assert.DoesNotContain(fold.Test, new SeenMisconceptions(fold.Training).Contains);
        }
    }

    [Fact]
    public void Folds_by_stem_keep_near_duplicates_together()
    {
        foreach (Fold fold in EvaluationSplit.ByStem().Folds(Questions))
        {
            HashSet<int> trained = [.. fold.Training.Select(question => question.Id)];
            Assert.All(fold.Test.Where(distractor => distractor.Question.Id % 3 == 2), distractor => Assert.DoesNotContain(distractor.Question.Id - 1, trained));
        }
    }

    [Fact]
    public void The_mixed_split_reaches_its_unseen_share()
    {
        foreach (Fold fold in EvaluationSplit.Mixed(0.6).Folds(Questions))
        {
            var seen = new SeenMisconceptions(fold.Training);
            Assert.InRange(fold.Test.Count(distractor => !seen.Contains(distractor)) / (double)fold.Test.Count, 0.6, 0.8);
        }
    }

    [Fact]
    public void A_misconception_is_seen_only_through_another_question()
    {
        var seen = new SeenMisconceptions([Questions[0], Questions[1] with { MisconceptionIds = [null, 9, 9, 0] }]);
        Assert.True(seen.Contains(new Distractor(Questions[0], 'B')));
        Assert.False(seen.Contains(new Distractor(Questions[1] with { MisconceptionIds = [null, 9, 9, 0] }, 'B')));
        Assert.True(seen.Contains(new Distractor(Questions[2] with { MisconceptionIds = [null, 9, null, null] }, 'B')));
        Assert.False(seen.Contains(new Distractor(Questions[0], 'D')));
    }

    [Fact]
    public void Cross_evaluation_ranks_each_fold_with_its_own_training()
    {
        var catalogue = new MisconceptionCatalogue([.. Enumerable.Range(0, 40).Select(id => new Misconception(id, $"name {id}"))]);
        IReadOnlyList<RankedItem> items = CrossEvaluation.Rank(
            Questions, EvaluationSplit.ByMisconception(), training => new NeighbourRanker(training, catalogue, new NeighbourOptions { Lexical = 0 }), cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(All, items.Select(item => item.Id).Order());
        Assert.All(items, item => Assert.Equal((0, false), (item.Rank, item.Seen)));
    }

    [Fact]
    public void Bad_numbers_are_refused()
    {
        Assert.Throws<InvalidInputException>(() => EvaluationSplit.ByQuestion(1));
        Assert.Throws<InvalidInputException>(() => EvaluationSplit.Mixed(1.5));
        Assert.Throws<ArgumentException>(() => RankedItem.Of(new Distractor(Questions[0], 'D'), Array.Empty<Candidate>(), new SeenMisconceptions([])));
    }
}
