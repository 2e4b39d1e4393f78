namespace Malrule.Mining.Questions;

/// <summary>One wrong option of a question.</summary>
/// <param name="Question">The question it belongs to.</param>
/// <param name="Letter">A to D.</param>
public sealed record Distractor(Question Question, char Letter)
{
    /// <summary>QuestionId_Answer, such as <c>1672_B</c>: Kaggle's row id.</summary>
    public string Id => $"{Question.Id}_{Letter}";

    /// <summary>The same with the question's id where it was imported from, such as <c>M-201_B</c>; null where that is its own.</summary>
    public string? SourceId => Question.SourceId is { } source ? $"{source}_{Letter}" : null;

    /// <summary>The option's text.</summary>
    public string Text => Question.Options[Question.Letters.IndexOf(Letter)];

    /// <summary>The label, where there is one.</summary>
    public int? MisconceptionId => Question.MisconceptionIds[Question.Letters.IndexOf(Letter)];
}
