using Malrule.Inference;
using Malrule.Mining.Questions;

namespace Malrule.Mining.Rankings;

/// <summary>
/// Ranks the catalogue for a distractor by what was inferred about it: every sample scores every name by the cosine of their embeddings,
/// and the samples' rankings are fused. Safe for concurrent use.
/// </summary>
internal sealed class HypothesisRanker
{
    private readonly EmbeddingMatrix _names;
    private readonly CosineIndex? _index;
    private readonly double[] _norms;
    private readonly RankFusion _fusion;

    /// <summary>A ranker over the catalogue's embedded names.</summary>
    /// <param name="catalogue">The misconceptions.</param>
    /// <param name="names">[catalogue, dimensions]</param>
    /// <param name="fusion">How the samples' rankings become one.</param>
    /// <param name="inDouble">Whether cosines are computed in double precision.</param>
    public HypothesisRanker(MisconceptionCatalogue catalogue, EmbeddingMatrix names, FusionOptions fusion, bool inDouble)
    {
        _names = names;
        _index = inDouble ? null : new CosineIndex(catalogue, names);
        _norms = inDouble ? CosineSimilarity.Norms(names) : [];
        _fusion = new RankFusion(catalogue, fusion);
    }

    /// <summary>The best candidates; none where no sample has a vote.</summary>
    /// <param name="vectors">The samples' texts: [samples, dimensions].</param>
    /// <param name="weights">How much each sample counts.</param>
    /// <param name="top">Length of the list.</param>
    public IReadOnlyList<Candidate> Rank(EmbeddingMatrix vectors, IReadOnlyList<double> weights, int top)
    {
        int count = vectors.Count, catalogue = _names.Count;
        var scores = new double[count * catalogue];
        if (_index is not null)
        {
            var cosines = new float[scores.Length];
            _index.Scores(vectors.Values, cosines);
            for (int i = 0; i < cosines.Length; i++)
                scores[i] = cosines[i];
        }
        else
        {
            for (int i = 0; i < count; i++)
                CosineSimilarity.Scores(vectors[i], _names, _norms, scores.AsSpan(i * catalogue, catalogue));
        }
        return _fusion.Fuse([.. Enumerable.Range(0, count).Select(i => new Vote(scores.AsMemory(i * catalogue, catalogue), weights[i]))], top);
    }
}
