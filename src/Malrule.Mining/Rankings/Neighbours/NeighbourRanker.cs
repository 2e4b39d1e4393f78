using System.Buffers;
using Malrule.Mining.Questions;
using Malrule.Mining.Rankings.Lexical;

namespace Malrule.Mining.Rankings.Neighbours;

/// <summary>
/// Transfers the labels of similar labelled distractors: a misconception scores the sum of similarity^power over the distractors that carry it,
/// plus a share of its lexical score, which orders what no neighbour speaks for. Labels of the question under test are never used.
/// Needs no model. Immutable, so safe for concurrent use.
/// </summary>
public sealed class NeighbourRanker : DistractorRanker
{
    private readonly NeighbourOptions _options;
    private readonly NeighbourIndex _index;
    private readonly LexicalRanker _lexical;

    /// <summary>Indexes the labels of <paramref name="labelledQuestions"/>.</summary>
    /// <exception cref="Malrule.Inference.InvalidInputException">An option is out of range, or a label is not in the catalogue.</exception>
    public NeighbourRanker(IReadOnlyList<Question> labelledQuestions, MisconceptionCatalogue catalogue, NeighbourOptions? options = null) : base(catalogue)
    {
        ArgumentNullException.ThrowIfNull(labelledQuestions);
        _options = options ?? new NeighbourOptions();
        _options.Validate();
        _index = new NeighbourIndex(labelledQuestions, catalogue, _options);
        _lexical = new LexicalRanker(catalogue, labelledQuestions);
    }

    /// <inheritdoc/>
    public override void Scores(Distractor distractor, Span<double> scores)
    {
        ArgumentNullException.ThrowIfNull(distractor);
        if (_options.Lexical > 0)
            _lexical.Scores(distractor, scores);
        else
            scores.Clear();
        for (int row = 0; row < scores.Length; row++)
            scores[row] *= _options.Lexical;
        AddSupport(distractor, scores);
    }

    /// <summary>The most similar labelled distractors of other questions, nearest first, equal ones in the order of the questions given.</summary>
    public IReadOnlyList<Neighbour> Nearest(Distractor distractor, int count)
    {
        ArgumentNullException.ThrowIfNull(distractor);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var similarities = new double[_index.Count];
        _index.Similarities(distractor, similarities);
        var order = new int[Math.Min(count, _index.Count)];
        int found = RankOrder.Top(similarities, order, new long[order.Length]);
        return [.. order.Take(found).Where(i => similarities[i] > 0).Select(i => new Neighbour(_index.Distractors[i], similarities[i]))];
    }

    /// <summary>Adds to each misconception what its labelled distractors give it.</summary>
    internal void AddSupport(Distractor distractor, Span<double> scores)
    {
        double[] rented = ArrayPool<double>.Shared.Rent(_index.Count);
        Span<double> similarities = rented.AsSpan(0, _index.Count);
        _index.Similarities(distractor, similarities);
        for (int i = 0; i < similarities.Length; i++)
        {
            if (similarities[i] > 0)
                scores[_index.Rows[i]] += Math.Pow(similarities[i], _options.Power);
        }
        ArrayPool<double>.Shared.Return(rented);
    }
}
