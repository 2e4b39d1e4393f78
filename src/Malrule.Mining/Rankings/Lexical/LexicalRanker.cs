using Malrule.Mining.Questions;

namespace Malrule.Mining.Rankings.Lexical;

/// <summary>
/// Ranks misconceptions by the words that their names share with a question: TF-IDF cosine or BM25 over an inverted index of the catalogue,
/// with the idf of the names and of some questions' texts together (their labels are not looked at). Needs no model.
/// Names that share no term are no candidates. Immutable, so safe for concurrent use.
/// </summary>
public sealed class LexicalRanker : DistractorRanker
{
    private const double K1 = 1.2, B = 0.75;

    private readonly LexicalOptions _options;
    private readonly TfIdfVectorizer _vectorizer;
    private readonly InvertedIndex _index;
    private readonly SparseVector[] _names;

    /// <summary>Indexes <paramref name="catalogue"/>.</summary>
    /// <param name="catalogue">The misconceptions to rank.</param>
    /// <param name="questions">Questions whose words help to tell common terms from rare ones; none will do.</param>
    /// <param name="options">Weights; null for the defaults.</param>
    public LexicalRanker(MisconceptionCatalogue catalogue, IEnumerable<Question> questions, LexicalOptions? options = null) : base(catalogue)
    {
        ArgumentNullException.ThrowIfNull(questions);
        _options = options ?? new LexicalOptions();
        _options.Validate();
        _vectorizer = new TfIdfVectorizer([.. catalogue.Items.Select(item => item.Name), .. questions.Select(QuestionText)]);
        _names = [.. catalogue.Items.Select(item => Vector(new WeightedText(item.Name)))];
        _index = new InvertedIndex(_options.Weighting == LexicalWeighting.Bm25 ? Bm25(_names) : _names, _vectorizer.TermCount);
    }

    /// <inheritdoc/>
    public override void Scores(Distractor distractor, Span<double> scores)
    {
        ArgumentNullException.ThrowIfNull(distractor);
        Question question = distractor.Question;
        _index.Scores(
            Vector(
                new(question.ConstructName, _options.Construct), new(question.SubjectName, _options.Subject), new(question.Stem, _options.Stem),
                new(question.KeyText, _options.Key), new(distractor.Text, _options.Distractor)),
            scores);
    }

    /// <summary>Writes the scores of the whole catalogue for any texts, such as inferred misconceptions.</summary>
    /// <param name="texts">The texts to look up.</param>
    /// <param name="scores">[texts, catalogue], written.</param>
    public void Scores(IReadOnlyList<string> texts, Span<double> scores)
    {
        ArgumentNullException.ThrowIfNull(texts);
        for (int i = 0; i < texts.Count; i++)
            _index.Scores(Vector(new WeightedText(texts[i])), scores.Slice(i * Catalogue.Count, Catalogue.Count));
    }

    /// <summary>Writes how much every name resembles some weighted names together: with TF-IDF, its cosine to their weighted sum.</summary>
    /// <param name="weights">[catalogue], 0 or more.</param>
    /// <param name="scores">[catalogue], written.</param>
    internal void ScoresLike(ReadOnlySpan<double> weights, Span<double> scores)
    {
        var terms = new Dictionary<int, double>();
        for (int row = 0; row < weights.Length; row++)
        {
            if (weights[row] == 0)
                continue;
            SparseVector name = _names[row];
            for (int i = 0; i < name.Terms.Length; i++)
                terms[name.Terms[i]] = terms.GetValueOrDefault(name.Terms[i]) + weights[row] * name.Weights[i];
        }
        int[] sorted = [.. terms.Keys.Order()];
        double norm = Math.Sqrt(sorted.Sum(term => terms[term] * terms[term]));
        _index.Scores(new SparseVector(sorted, Array.ConvertAll(sorted, term => terms[term] / norm)), scores);
    }

    /// <summary>What the idf is learnt from.</summary>
    internal static string QuestionText(Question question) => $"{question.ConstructName} {question.SubjectName} {question.Stem}";

    private SparseVector Vector(params ReadOnlySpan<WeightedText> fields) =>
        _options.Weighting == LexicalWeighting.Bm25 ? _vectorizer.Counts(fields) : _vectorizer.Vector(fields);

    // Counts → BM25's document weights; a query's counts stay as they are.
    private List<SparseVector> Bm25(SparseVector[] names)
    {
        double meanLength = names.Average(name => name.Weights.Sum());
        return [.. names.Select(name =>
        {
            double norm = K1 * (1 - B + B * name.Weights.Sum() / meanLength);
            return name with { Weights = [.. name.Terms.Select((term, i) => _vectorizer.Idf(term) * name.Weights[i] * (K1 + 1) / (name.Weights[i] + norm))] };
        })];
    }
}
