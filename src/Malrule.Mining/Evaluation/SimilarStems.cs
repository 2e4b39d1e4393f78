using Malrule.Mining.Questions;
using Malrule.Mining.Rankings.Lexical;

namespace Malrule.Mining.Evaluation;

/// <summary>
/// Groups questions whose stems are nearly the same: the TF-IDF cosine of all their terms and signs is at least 0.9, or a chain of such pairs joins them.
/// </summary>
internal static class SimilarStems
{
    private const double Threshold = 0.9;

    /// <summary>From each question's id to its group, named by the smallest id in it.</summary>
    public static IReadOnlyDictionary<int, int> Group(IReadOnlyList<Question> questions)
    {
        var vectorizer = new TfIdfVectorizer(questions.Select(question => question.Stem), MathTokenizer.TermsAndSymbols);
        SparseVector[] vectors = [.. questions.Select(question => vectorizer.Vector(new WeightedText(question.Stem)))];
        var index = new InvertedIndex(vectors, vectorizer.TermCount);
        int[] parent = [.. Enumerable.Range(0, questions.Count)];
        var scores = new double[questions.Count];
        for (int i = 0; i < questions.Count; i++)
        {
            index.Scores(vectors[i], scores);
            for (int j = 0; j < i; j++)
            {
                if (scores[j] >= Threshold)
                    parent[Root(i)] = Root(j);
            }
        }
        ILookup<int, int> groups = Enumerable.Range(0, questions.Count).ToLookup(Root, i => questions[i].Id);
        return groups.SelectMany(group => group.Select(id => (id, name: group.Min()))).ToDictionary(entry => entry.id, entry => entry.name);

        int Root(int i)
        {
            while (parent[i] != i)
                i = parent[i] = parent[parent[i]];
            return i;
        }
    }
}
