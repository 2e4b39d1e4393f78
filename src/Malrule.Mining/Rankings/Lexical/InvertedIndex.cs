namespace Malrule.Mining.Rankings.Lexical;

/// <summary>
/// For every term the documents that hold it, so that a query meets only those: <c>[term] → (document, weight)…</c>, in one flat list of
/// 8 bytes a posting. Immutable, so safe for concurrent use.
/// </summary>
internal sealed class InvertedIndex
{
    private readonly int[] _starts; // [terms + 1]
    private readonly int[] _documents;
    private readonly float[] _weights;

    /// <summary>Indexes <paramref name="vectors"/>, one a document.</summary>
    public InvertedIndex(IReadOnlyList<SparseVector> vectors, int termCount)
    {
        Count = vectors.Count;
        _starts = new int[termCount + 1];
        foreach (SparseVector vector in vectors)
        {
            foreach (int term in vector.Terms)
                _starts[term + 1]++;
        }
        for (int term = 0; term < termCount; term++)
            _starts[term + 1] = checked(_starts[term + 1] + _starts[term]);
        _documents = new int[_starts[termCount]];
        _weights = new float[_documents.Length];
        int[] next = _starts[..^1];
        for (int document = 0; document < Count; document++)
        {
            SparseVector vector = vectors[document];
            for (int i = 0; i < vector.Terms.Length; i++)
            {
                int place = next[vector.Terms[i]]++;
                (_documents[place], _weights[place]) = (document, (float)vector.Weights[i]);
            }
        }
    }

    /// <summary>Number of documents.</summary>
    public int Count { get; }

    /// <summary>Writes the dot products of <paramref name="query"/> with all documents; 0 where they share no term.</summary>
    public void Scores(SparseVector query, Span<double> scores)
    {
        scores.Clear();
        for (int i = 0; i < query.Terms.Length; i++)
        {
            int start = _starts[query.Terms[i]], end = _starts[query.Terms[i] + 1];
            double weight = query.Weights[i];
            for (int place = start; place < end; place++)
                scores[_documents[place]] += weight * _weights[place];
        }
    }
}
