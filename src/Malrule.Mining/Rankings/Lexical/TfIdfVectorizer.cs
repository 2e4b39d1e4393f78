namespace Malrule.Mining.Rankings.Lexical;

/// <summary>
/// Maps texts to unit vectors of log(1 + tf) · idf over the vocabulary it was fitted on, with idf = log((1 + N) / (1 + df)) + 1.
/// Terms outside the vocabulary have no entry. Immutable after the fit, so safe for concurrent use.
/// </summary>
internal sealed class TfIdfVectorizer
{
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly double[] _idf;
    private readonly Func<string, IReadOnlyList<string>> _terms;

    /// <summary>Learns the vocabulary and the idf of <paramref name="documents"/>.</summary>
    /// <param name="documents">The texts.</param>
    /// <param name="terms">Splits a text; by default <see cref="MathTokenizer.Terms"/>.</param>
    public TfIdfVectorizer(IEnumerable<string> documents, Func<string, IReadOnlyList<string>>? terms = null)
    {
        _terms = terms ?? MathTokenizer.Terms;
        var documentFrequency = new List<int>();
        var lastDocument = new List<int>();
        int count = 0;
        foreach (string document in documents)
        {
            count++;
            foreach (string term in _terms(document))
            {
                if (!_numbers.TryGetValue(term, out int number))
                {
                    _numbers.Add(term, number = documentFrequency.Count);
                    documentFrequency.Add(0);
                    lastDocument.Add(0);
                }
                if (lastDocument[number] != count)
                    (lastDocument[number], documentFrequency[number]) = (count, documentFrequency[number] + 1);
            }
        }
        _idf = [.. documentFrequency.Select(df => Math.Log((1.0 + count) / (1 + df)) + 1)];
    }

    /// <summary>Size of the vocabulary.</summary>
    public int TermCount => _idf.Length;

    /// <summary>The inverse document frequency of a term.</summary>
    public double Idf(int term) => _idf[term];

    /// <summary>How often each term of the vocabulary stands in the fields, times the fields' weights.</summary>
    public SparseVector Counts(params ReadOnlySpan<WeightedText> fields)
    {
        var counts = new Dictionary<int, double>();
        foreach (WeightedText field in fields)
        {
            if (field.Weight == 0)
                continue;
            foreach (string term in _terms(field.Text))
            {
                if (_numbers.TryGetValue(term, out int number))
                    counts[number] = counts.GetValueOrDefault(number) + field.Weight;
            }
        }
        int[] terms = [.. counts.Keys.Order()];
        return new SparseVector(terms, Array.ConvertAll(terms, term => counts[term]));
    }

    /// <summary>The unit vector of the fields' terms; no entries where none is in the vocabulary.</summary>
    public SparseVector Vector(params ReadOnlySpan<WeightedText> fields)
    {
        SparseVector vector = Counts(fields);
        double square = 0;
        for (int i = 0; i < vector.Terms.Length; i++)
        {
            double weight = Math.Log(1 + vector.Weights[i]) * _idf[vector.Terms[i]];
            vector.Weights[i] = weight;
            square += weight * weight;
        }
        double norm = Math.Sqrt(square);
        for (int i = 0; i < vector.Weights.Length; i++)
            vector.Weights[i] /= norm;
        return vector;
    }
}
