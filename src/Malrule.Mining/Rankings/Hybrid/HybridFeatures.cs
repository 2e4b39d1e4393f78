using System.Buffers;
using Malrule.Mining.Questions;
using Malrule.Mining.Rankings.Lexical;
using Malrule.Mining.Rankings.Neighbours;

namespace Malrule.Mining.Rankings.Hybrid;

/// <summary>All evidence on one distractor, over the whole catalogue: what <see cref="HybridWeights"/> weighs. Labels of its own question are left out.</summary>
internal sealed class HybridFeatures : IDisposable
{
    // Below the support of any neighbour worth the name: log(ε) is what a labelled misconception without one gets.
    private const double Epsilon = 1e-4;

    private readonly int _count;
    private readonly double[] _support, _resemblance, _lexical, _inferred;
    private readonly bool[] _novel;
    private double _mostSupport;
    private double _nearness; // log of the most support; 0 where neighbours are no evidence

    private HybridFeatures(int count)
    {
        _count = count;
        (_support, _resemblance, _lexical, _inferred) = (Rent(), Rent(), Rent(), Rent());
        _novel = ArrayPool<bool>.Shared.Rent(count);
        _novel.AsSpan(0, count).Clear();

        double[] Rent()
        {
            double[] row = ArrayPool<double>.Shared.Rent(_count);
            row.AsSpan(0, _count).Clear();
            return row;
        }
    }

    /// <summary>Gathers the evidence.</summary>
    /// <param name="distractor">The wrong option to explain.</param>
    /// <param name="evidence">What to gather.</param>
    /// <param name="lexical">Looks names up.</param>
    /// <param name="neighbours">Transfers labels; its lexical share is not used.</param>
    /// <param name="seen">What labelled questions show.</param>
    /// <param name="inferred">What was inferred; needed for <see cref="HybridEvidence.Inferred"/>.</param>
    public static HybridFeatures Of(
        Distractor distractor, HybridEvidence evidence, LexicalRanker lexical, NeighbourRanker neighbours, SeenMisconceptions seen, InferredRanker? inferred)
    {
        MisconceptionCatalogue catalogue = lexical.Catalogue;
        var features = new HybridFeatures(catalogue.Count);
        if (evidence.HasFlag(HybridEvidence.Lexical))
            lexical.Scores(distractor, features.Lexical);
        if (evidence.HasFlag(HybridEvidence.Inferred))
        {
            inferred!.Scores(distractor, features.Inferred);
            Standardise(features.Inferred);
        }
        if (evidence.HasFlag(HybridEvidence.Neighbours))
        {
            neighbours.AddSupport(distractor, features.Support);
            foreach (double support in features.Support)
                features._mostSupport = Math.Max(features._mostSupport, support);
            features._nearness = Math.Log(features._mostSupport + Epsilon);
            features.AddResemblance(lexical);
            for (int row = 0; row < catalogue.Count; row++)
                features._novel[row] = !seen.Contains(catalogue.Items[row].Id, distractor.Question.Id);
        }
        return features;
    }

    private Span<double> Support => _support.AsSpan(0, _count);

    private Span<double> Resemblance => _resemblance.AsSpan(0, _count);

    private Span<double> Lexical => _lexical.AsSpan(0, _count);

    private Span<double> Inferred => _inferred.AsSpan(0, _count);

    /// <summary>The features of one misconception, in the order of <see cref="HybridWeights.ToArray"/>.</summary>
    public void Row(int row, Span<double> features)
    {
        double novel = _novel[row] ? 1 : 0;
        features[0] = _novel[row] ? 0 : Math.Log(_support[row] + Epsilon);
        features[1] = _mostSupport == 0 ? 0 : _support[row] / _mostSupport;
        features[2] = novel;
        features[3] = _resemblance[row];
        features[4] = novel * _resemblance[row];
        features[5] = _lexical[row];
        features[6] = novel * _lexical[row];
        features[7] = _lexical[row] * _nearness;
        features[8] = _inferred[row];
        features[9] = novel * _inferred[row];
    }

    /// <summary>Rows that some evidence puts high, ascending: the alternatives that weights are fitted on.</summary>
    public int[] Alternatives()
    {
        var rows = new SortedSet<int>();
        AddTop(Support, 50);
        AddTop(Lexical, 50);
        AddTop(Inferred, 50);
        AddTop(Resemblance, 30);
        var novel = new double[_count];
        for (int row = 0; row < _count; row++)
            novel[row] = _novel[row] ? _lexical[row] + _resemblance[row] + Math.Max(0, _inferred[row]) / 10 : 0;
        AddTop(novel, 60);
        return [.. rows];

        void AddTop(ReadOnlySpan<double> scores, int count)
        {
            var order = new int[count];
            int found = RankOrder.Top(scores, order, new long[count]);
            foreach (int row in order.AsSpan(0, found))
            {
                if (scores[row] > 0)
                    rows.Add(row);
            }
        }
    }

    public void Dispose()
    {
        foreach (double[] row in (double[][])[_support, _resemblance, _lexical, _inferred])
            ArrayPool<double>.Shared.Return(row);
        ArrayPool<bool>.Shared.Return(_novel);
    }

    // The square root lets more than the very nearest neighbours speak; names that give under a hundredth of the most are noise.
    private void AddResemblance(LexicalRanker lexical)
    {
        double[] weights = ArrayPool<double>.Shared.Rent(_count);
        for (int row = 0; row < _count; row++)
            weights[row] = _support[row] < _mostSupport / 10_000 ? 0 : Math.Sqrt(_support[row]);
        lexical.ScoresLike(weights.AsSpan(0, _count), Resemblance);
        ArrayPool<double>.Shared.Return(weights);
    }

    private static void Standardise(Span<double> scores)
    {
        double mean = 0, variance = 0;
        foreach (double score in scores)
            mean += score / scores.Length;
        foreach (double score in scores)
            variance += (score - mean) * (score - mean) / scores.Length;
        double deviation = Math.Sqrt(variance);
        for (int row = 0; row < scores.Length; row++)
            scores[row] = deviation == 0 ? 0 : (scores[row] - mean) / deviation;
    }
}
