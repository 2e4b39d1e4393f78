using Malrule.Inference;
using Malrule.Mining.Evaluation;
using Malrule.Mining.Questions;
using Malrule.Tests;

namespace Malrule.Mining.Tests.Evaluation;

public sealed class EvaluationTableTests
{
    private static RankedItem Item(int question, int rank, bool seen) => new()
    {
        Id = $"{question}_A",
        QuestionId = question,
        MisconceptionId = question,
        Rank = rank,
        Seen = seen,
    };

    [Fact]
    public void Methods_of_a_section_stand_side_by_side_with_their_difference_to_the_first()
    {
        RankedItem[] first = [.. Enumerable.Range(0, 40).Select(i => Item(i, 2, i % 2 == 0))];
        RankedItem[] second = [.. first.Select(item => item with { Rank = 1 })];
        string[] lines = new EvaluationTable([new("Split", "one", first), new("Split", "two", second), new("Other", "three", second)]).ToMarkdown().Split('\n');
        Assert.Equal("**Split** — 40 distractors of 40 questions, 50.0 % unseen", lines[0]);
        const string half = "0.500 [0.500, 0.500]", one = "1.000 [1.000, 1.000]";
        Assert.Equal($"| one | {half} |  | {half} | {half} | {half} | 0.000 | 1.000 | 1.000 | 2 | {half} |", lines[4]);
        Assert.Equal($"| two | {one} | +0.500 [+0.500, +0.500] | {one} | {one} | {one} | 1.000 | 1.000 | 1.000 | 1 | {one} |", lines[5]);
        Assert.Equal("**Other** — 40 distractors of 40 questions, 50.0 % unseen", lines[7]);
        Assert.StartsWith("| three | 1.000 [1.000, 1.000] |  |", lines[11], StringComparison.Ordinal);
    }

    [Fact]
    public void The_baselines_cover_every_split_of_the_starter_bank()
    {
        QuestionBank bank = QuestionBank.Load(Path.Combine(TestPaths.Repository, "samples", "starter"));
        EvaluationTable table = BaselineTable.Of(bank, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(5, table.Rows.Select(row => row.Section).Distinct().Count());
        Assert.Equal(25, table.Rows.Count);
        int labelled = bank.Labelled.Sum(question => question.LabelledDistractors.Count());
        Assert.All(table.Rows, row => Assert.Equal(labelled, row.Items.Count));
    }

    [Fact]
    public void Inferred_texts_are_measured_on_the_distractors_they_belong_to()
    {
        QuestionBank bank = QuestionBank.Load(Path.Combine(TestPaths.Repository, "samples", "starter"));
        Distractor[] distractors = [.. bank.Labelled.SelectMany(question => question.LabelledDistractors).Take(20)];
        // Perfect hypotheses: each distractor's own misconception by name.
        Dictionary<string, IReadOnlyList<string>> texts = distractors.ToDictionary(
            distractor => distractor.Id, IReadOnlyList<string> (distractor) => [bank.Catalogue[distractor.MisconceptionId!.Value].Name]);
        EvaluationTable table = InferredTable.Of(bank, texts, cancellation: TestContext.Current.CancellationToken);
        Assert.All(table.Rows, row => Assert.Equal(20, row.Items.Count));
        Assert.All(table.Rows.Where(row => row.Section == "All texts, fused"), row => Assert.All(row.Items, item => Assert.Equal(1, item.Rank)));
        Assert.Throws<InvalidInputException>(() => InferredTable.Of(bank, new Dictionary<string, IReadOnlyList<string>> { ["x"] = ["y"] }, cancellation: TestContext.Current.CancellationToken));
    }
}
