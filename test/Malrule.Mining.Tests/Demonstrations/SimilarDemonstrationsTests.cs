using Malrule.Mining.Demonstrations;
using Malrule.Mining.Questions;
using static Malrule.Mining.Tests.Questions.Banks;

namespace Malrule.Mining.Tests.Demonstrations;

public sealed class SimilarDemonstrationsTests
{
    private static readonly Question[] Labelled =
    [
        Question(1, "Add fractions", "Fractions", "What is 1/2 + 1/3?", 0),
        Question(2, "Add fractions", "Fractions", "What is 1/4 + 1/5?", 0),
        Question(3, "Name angles", "Angles", "Which angle is obtuse?", 0),
        Question(4, "Add fractions", "Fractions", "What is 1/2 + 1/3?"),
        Question(5, "Name angles", "Angles", "Which angle is obtuse?", 0),
    ];

    private static int[] Select(Question target, int shots) =>
        [.. new SimilarDemonstrations(Labelled).Select(target, shots).Select(question => question.Id)];

    [Fact]
    public void Nearest_stands_last_and_only_questions_with_labels_are_shown() =>
        Assert.Equal([2, 1], Select(Question(9, "Add fractions", "Fractions", "What is 1/2 + 1/3 + 1?"), 2));

    [Fact]
    public void A_question_never_demonstrates_itself() =>
        Assert.Equal([5, 3, 2], Select(Labelled[0], 3));

    [Fact]
    public void Ties_go_to_the_lower_id() =>
        Assert.Equal([5, 3], Select(Question(9, "Name angles", "Angles", "Which angle is obtuse?"), 2));

    [Fact]
    public void Shots_beyond_the_bank_give_what_there_is_and_none_gives_none()
    {
        Assert.Equal(4, Select(Question(9, "c", "s", "q"), 10).Length);
        Assert.Empty(new DemonstrationSelector(Labelled, new DemonstrationOptions { Shots = 0 }, 1).Select(Labelled[0].Distractors.First()));
    }
}
