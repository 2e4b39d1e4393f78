using System.Runtime.InteropServices;

namespace Malrule.Mining.Rankings.Lexical;

/// <summary>
/// Cosine similarity of TF-IDF vectors between a text and each of a fixed list of documents. A term is a run of letters or a run of
/// digits, in lower case; its weight is (1 + ln tf) · (1 + ln((1 + N) / (1 + df))). Terms that no document has count for nothing. Sums
/// run in the order of the text's terms, so results do not depend on the machine. Safe for concurrent readers.
/// </summary>
internal sealed class TfIdfIndex
{
    private readonly Dictionary<string, int> _termIds = new(StringComparer.Ordinal);
    private readonly double[] _idf;
    private readonly List<(int Document, double Weight)>[] _postings; // of each term; weights of a document have length 1

    public TfIdfIndex(IReadOnlyList<string> documents)
    {
        Count = documents.Count;
        var counts = new List<Dictionary<int, int>>(Count);
        foreach (string document in documents)
        {
            var termCounts = new Dictionary<int, int>();
            foreach (string term in Terms(document))
            {
                if (!_termIds.TryGetValue(term, out int id))
                    _termIds.Add(term, id = _termIds.Count);
                CollectionsMarshal.GetValueRefOrAddDefault(termCounts, id, out _)++;
            }
            counts.Add(termCounts);
        }

        int[] documentFrequency = new int[_termIds.Count];
        foreach (int id in counts.SelectMany(termCounts => termCounts.Keys))
            documentFrequency[id]++;
        _idf = [.. documentFrequency.Select(df => 1 + Math.Log((1.0 + Count) / (1 + df)))];

        _postings = [.. documentFrequency.Select(df => new List<(int, double)>(df))];
        for (int document = 0; document < Count; document++)
        {
            foreach ((int id, double weight) in Weigh(counts[document]))
                _postings[id].Add((document, weight));
        }
    }

    /// <summary>Number of documents.</summary>
    public int Count { get; }

    /// <summary>Fills <paramref name="similarities"/> with the cosine, 0 to 1, between a text and each document.</summary>
    public void Score(string text, Span<double> similarities)
    {
        similarities.Clear();
        var counts = new Dictionary<int, int>();
        foreach (string term in Terms(text))
        {
            if (_termIds.TryGetValue(term, out int id))
                CollectionsMarshal.GetValueRefOrAddDefault(counts, id, out _)++;
        }
        foreach ((int id, double weight) in Weigh(counts))
        {
            foreach ((int document, double documentWeight) in _postings[id])
                similarities[document] += weight * documentWeight;
        }
    }

    /// <summary>The terms' weights, scaled to a vector of length 1.</summary>
    private (int Id, double Weight)[] Weigh(Dictionary<int, int> counts)
    {
        (int Id, double Weight)[] weights = [.. counts.Select(pair => (pair.Key, (1 + Math.Log(pair.Value)) * _idf[pair.Key]))];
        double length = Math.Sqrt(weights.Sum(pair => pair.Weight * pair.Weight));
        return [.. weights.Select(pair => (pair.Id, pair.Weight / length))];
    }

    private static IEnumerable<string> Terms(string text)
    {
        int start = 0;
        for (int end = 1; end <= text.Length; end++)
        {
            if (end < text.Length && Kind(text[end]) == Kind(text[start]))
                continue;
            if (Kind(text[start]) != 0)
                yield return text[start..end].ToLowerInvariant();
            start = end;
        }
    }

    private static int Kind(char c) => char.IsLetter(c) ? 1 : char.IsDigit(c) ? 2 : 0;
}
