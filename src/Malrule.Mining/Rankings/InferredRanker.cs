using Malrule.Mining.Questions;

namespace Malrule.Mining.Rankings;

/// <summary>Scores the whole catalogue for each of some texts: <c>LexicalRanker.Scores</c>, or the cosines of embeddings. Called by many threads at once.</summary>
/// <param name="texts">Inferred misconceptions.</param>
/// <param name="scores">[texts, catalogue], written.</param>
public delegate void TextScores(IReadOnlyList<string> texts, Span<double> scores);

/// <summary>
/// Ranks misconceptions by what was inferred about a distractor: every distinct text scores the catalogue, and these rankings are fused.
/// A distractor without texts has no candidates. Safe for concurrent use if its parts are.
/// </summary>
public sealed class InferredRanker : DistractorRanker
{
    private readonly IReadOnlyDictionary<string, DistinctSamples> _samples;
    private readonly TextScores _score;
    private readonly RankFusion _fusion;

    /// <summary>A ranker over given texts.</summary>
    /// <param name="catalogue">The misconceptions to rank.</param>
    /// <param name="samples">The inferred texts by the distractor's id.</param>
    /// <param name="score">Maps texts onto the catalogue.</param>
    /// <param name="fusion">How the texts' rankings become one; null for the defaults.</param>
    public InferredRanker(
        MisconceptionCatalogue catalogue, IReadOnlyDictionary<string, DistinctSamples> samples, TextScores score, FusionOptions? fusion = null) : base(catalogue)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentNullException.ThrowIfNull(score);
        (_samples, _score, _fusion) = (samples, score, new RankFusion(catalogue, fusion ?? new FusionOptions()));
    }

    /// <summary>Whether anything was inferred about a distractor.</summary>
    public bool Knows(Distractor distractor)
    {
        ArgumentNullException.ThrowIfNull(distractor);
        return _samples.TryGetValue(distractor.Id, out DistinctSamples? samples) && samples.Weights.Any(weight => weight > 0);
    }

    /// <summary>Writes the fused points, 0 where no text gives any.</summary>
    public override void Scores(Distractor distractor, Span<double> scores) => _fusion.Points(Votes(distractor), scores);

    private protected override IReadOnlyList<Candidate> Rank(Distractor distractor, double[] scores, int top) => _fusion.Fuse(Votes(distractor), top);

    private Vote[] Votes(Distractor distractor)
    {
        ArgumentNullException.ThrowIfNull(distractor);
        if (!_samples.TryGetValue(distractor.Id, out DistinctSamples? samples) || samples.Texts.Count == 0)
            return [];
        var scores = new double[samples.Texts.Count * Catalogue.Count];
        _score(samples.Texts, scores);
        return [.. samples.Weights.Select((weight, i) => new Vote(scores.AsMemory(i * Catalogue.Count, Catalogue.Count), weight))];
    }
}
