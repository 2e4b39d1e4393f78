using Malrule.Mining.Questions;
using Malrule.Mining.Rankings.Lexical;

namespace Malrule.Mining.Demonstrations;

/// <summary>The labelled questions nearest to a question by TF-IDF cosine over construct, subject and stem: farthest first, nearest last.</summary>
internal sealed class SimilarDemonstrations
{
    private readonly Question[] _labelled;
    private readonly TfIdfVectorizer _vectorizer;
    private readonly InvertedIndex _index;
    private readonly double[] _similarities;

    public SimilarDemonstrations(IEnumerable<Question> labelled)
    {
        _labelled = [.. labelled.Where(question => question.LabelledDistractors.Any())];
        _vectorizer = new TfIdfVectorizer(_labelled.Select(TextOf));
        _index = new InvertedIndex([.. _labelled.Select(VectorOf)], _vectorizer.TermCount);
        _similarities = new double[_labelled.Length];
    }

    public IReadOnlyList<Question> Select(Question target, int shots)
    {
        _index.Scores(VectorOf(target), _similarities);
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

    private SparseVector VectorOf(Question question) => _vectorizer.Vector(new WeightedText(TextOf(question)));

    private static string TextOf(Question question) => $"{question.ConstructName}\n{question.SubjectName}\n{question.Stem}";
}
