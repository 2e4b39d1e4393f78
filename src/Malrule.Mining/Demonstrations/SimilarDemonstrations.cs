using Malrule.Mining.Questions;
using Malrule.Mining.Rankings.Lexical;

namespace Malrule.Mining.Demonstrations;

/// <summary>The labelled questions nearest to a question by TF-IDF cosine over construct, subject and stem: farthest first, nearest last.</summary>
internal sealed class SimilarDemonstrations
{
    private readonly Question[] _labelled;
    private readonly TfIdfIndex _index;
    private readonly double[] _similarities;

    public SimilarDemonstrations(IEnumerable<Question> labelled)
    {
        _labelled = [.. labelled.Where(question => question.LabelledDistractors.Any())];
        _index = new TfIdfIndex([.. _labelled.Select(TextOf)]);
        _similarities = new double[_labelled.Length];
    }

    public IReadOnlyList<Question> Select(Question target, int shots)
    {
        _index.Score(TextOf(target), _similarities);
        return
        [
            .. Enumerable.Range(0, _labelled.Length)
                .Where(index => _labelled[index].Id != target.Id)
                .OrderByDescending(index => _similarities[index]) // stable: ties stay in ascending order of ids
                .Take(shots)
                .Reverse()
                .Select(index => _labelled[index]),
        ];
    }

    private static string TextOf(Question question) => $"{question.ConstructName}\n{question.SubjectName}\n{question.Stem}";
}
