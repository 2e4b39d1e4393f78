namespace Malrule.Mining.Questions;

/// <summary>Which misconceptions some labelled questions show: a distractor's is seen if it also labels a distractor of another of these questions.</summary>
public sealed class SeenMisconceptions
{
    // The one question that shows a misconception, or Several.
    private const int Several = int.MinValue;
    private readonly Dictionary<int, int> _questionOf = [];

    /// <summary>Goes through the labels of <paramref name="questions"/>.</summary>
    public SeenMisconceptions(IEnumerable<Question> questions)
    {
        ArgumentNullException.ThrowIfNull(questions);
        foreach (Distractor distractor in questions.SelectMany(question => question.LabelledDistractors))
        {
            int label = distractor.MisconceptionId!.Value, question = distractor.Question.Id;
            _questionOf[label] = _questionOf.TryGetValue(label, out int earlier) && earlier != question ? Several : question;
        }
    }

    /// <summary>Whether the distractor's label is a seen one; false where it has none.</summary>
    public bool Contains(Distractor distractor)
    {
        ArgumentNullException.ThrowIfNull(distractor);
        return distractor.MisconceptionId is int label && Contains(label, distractor.Question.Id);
    }

    /// <summary>Whether a question other than <paramref name="questionId"/> shows the misconception.</summary>
    public bool Contains(int misconceptionId, int questionId) => _questionOf.TryGetValue(misconceptionId, out int question) && question != questionId;
}
