using System.Collections.Concurrent;
using Malrule.Mining.Questions;

namespace Malrule.Mining.Rankings;

/// <summary>Maps texts onto the catalogue as another does, and notes the names nearest to each on the way. Safe for concurrent use.</summary>
internal sealed class NearestNames(MisconceptionCatalogue catalogue, TextScores score)
{
    private const int Noted = 5, Decimals = 6;

    private readonly ConcurrentDictionary<string, IReadOnlyList<Candidate>> _nearest = new(StringComparer.Ordinal);

    public void Scores(IReadOnlyList<string> texts, Span<double> scores)
    {
        score(texts, scores);
        for (int i = 0; i < texts.Count; i++)
        {
            if (!_nearest.ContainsKey(texts[i]))
                _nearest[texts[i]] = Top(scores.Slice(i * catalogue.Count, catalogue.Count));
        }
    }

    /// <summary>The nearest names of a text that was mapped, with their scores; none for others.</summary>
    public IReadOnlyList<Candidate> Of(string text) => _nearest.GetValueOrDefault(text, []);

    private Candidate[] Top(ReadOnlySpan<double> scores) =>
        [.. TopCandidates.Select(catalogue, scores, Noted, above: 0).Select(candidate => candidate with { Score = Math.Round(candidate.Score, Decimals) })];
}
