using System.Buffers;
using Malrule.Mining.Questions;

namespace Malrule.Mining.Rankings;

/// <summary>One sample's scores of the whole catalogue, and how much they count.</summary>
/// <param name="Scores">[catalogue], higher is better; comparable between the votes of one distractor.</param>
/// <param name="Weight">At least 0; identical samples make one vote of their summed weight.</param>
public readonly record struct Vote(ReadOnlyMemory<double> Scores, double Weight = 1);

/// <summary>
/// Fuses the rankings that a distractor's samples give the catalogue into one list (Borda count; Cormack, Clarke and Büttcher's reciprocal rank;
/// Fox and Shaw's CombSUM; the mean of softmaxes). Rows within a vote are ordered by descending score, equal scores by catalogue place.
/// A row that no vote gives points is no candidate. Safe for concurrent use.
/// </summary>
public sealed class RankFusion
{
    private readonly MisconceptionCatalogue _catalogue;
    private readonly FusionOptions _options;

    /// <summary>A fusion over <paramref name="catalogue"/>.</summary>
    public RankFusion(MisconceptionCatalogue catalogue, FusionOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalogue);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        (_catalogue, _options) = (catalogue, options);
    }

    /// <summary>The best <paramref name="top"/> candidates of all votes; none where no vote has weight.</summary>
    public IReadOnlyList<Candidate> Fuse(IReadOnlyList<Vote> votes, int top = 25)
    {
        double[] rented = ArrayPool<double>.Shared.Rent(_catalogue.Count);
        int[] order = ArrayPool<int>.Shared.Rent(_catalogue.Count);
        try
        {
            Span<double> points = rented.AsSpan(0, _catalogue.Count);
            Span<int> firstSeen = order.AsSpan(0, _catalogue.Count);
            Add(votes, points, firstSeen);
            for (int row = 0; row < points.Length; row++)
            {
                if (firstSeen[row] == int.MaxValue)
                    points[row] = double.NegativeInfinity;
            }
            // Points become the candidates' scores as they are: Borda's are the whole numbers that the count gives.
            return TopCandidates.Select(_catalogue, points, top, tieOrder: _options.Ties == TieOrder.FirstSample ? firstSeen : default);
        }
        finally
        {
            ArrayPool<double>.Shared.Return(rented);
            ArrayPool<int>.Shared.Return(order);
        }
    }

    /// <summary>Writes the points of the whole catalogue, 0 where no vote gives any.</summary>
    /// <param name="votes">One a distinct sample.</param>
    /// <param name="points">[catalogue]</param>
    /// <returns>Whether any vote has weight.</returns>
    public bool Points(IReadOnlyList<Vote> votes, Span<double> points)
    {
        int[] order = ArrayPool<int>.Shared.Rent(_catalogue.Count);
        bool any = Add(votes, points, order.AsSpan(0, _catalogue.Count));
        ArrayPool<int>.Shared.Return(order);
        return any;
    }

    // firstSeen gets the place at which a row was first listed, int.MaxValue where no vote lists it.
    private bool Add(IReadOnlyList<Vote> votes, Span<double> points, Span<int> firstSeen)
    {
        ArgumentNullException.ThrowIfNull(votes);
        int count = _catalogue.Count;
        foreach (Vote vote in votes)
        {
            if (vote.Scores.Length != count)
                throw new ArgumentException($"A vote has {vote.Scores.Length} scores; the catalogue has {count} misconceptions.", nameof(votes));
            if (!(vote.Weight >= 0))
                throw new ArgumentException($"A vote's weight must be 0 or more; it is {vote.Weight}.", nameof(votes));
        }
        int[] order = ArrayPool<int>.Shared.Rent(count);
        long[] keys = ArrayPool<long>.Shared.Rent(count);
        try
        {
            var work = new Work(points, firstSeen, order.AsSpan(0, count), keys.AsSpan(0, count));
            points.Clear();
            firstSeen.Fill(int.MaxValue);
            int listed = 0;
            foreach (Vote vote in votes)
            {
                if (vote.Weight == 0)
                    continue;
                if (_options.Method is FusionMethod.Borda or FusionMethod.ReciprocalRank)
                    AddPlaces(vote, work, ref listed);
                else
                    AddScores(vote, work, ref listed);
            }
            return listed > 0;
        }
        finally
        {
            ArrayPool<int>.Shared.Return(order);
            ArrayPool<long>.Shared.Return(keys);
        }
    }

    private void AddPlaces(Vote vote, Work work, ref int listed)
    {
        int depth = Math.Min(_options.Depth ?? _catalogue.Count, _catalogue.Count);
        Span<int> order = work.Order[..depth];
        // Insertion into a short list beats sorting the whole catalogue until about this depth.
        if (depth <= 256)
            RankOrder.Top(vote.Scores.Span, order, work.Keys);
        else
        {
            RankOrder.Full(vote.Scores.Span, work.Order, work.Keys);
            order = work.Order[..depth];
        }
        for (int place = 0; place < depth; place++)
        {
            int row = order[place];
            double points = _options.Method == FusionMethod.Borda ? depth - place : 1 / (_options.ReciprocalRankConstant + place + 1);
            work.Points[row] += vote.Weight * points;
            if (work.FirstSeen[row] == int.MaxValue)
                work.FirstSeen[row] = listed++;
        }
    }

    private void AddScores(Vote vote, Work work, ref int listed)
    {
        ReadOnlySpan<double> scores = vote.Scores.Span;
        if (listed == 0)
        {
            if (_options.Ties == TieOrder.FirstSample)
                RankOrder.Full(scores, work.Order, work.Keys);
            for (int place = 0; place < scores.Length; place++)
                work.FirstSeen[_options.Ties == TieOrder.FirstSample ? work.Order[place] : place] = listed++;
        }
        if (_options.Method == FusionMethod.CombSum)
        {
            for (int row = 0; row < scores.Length; row++)
                work.Points[row] += vote.Weight * scores[row];
            return;
        }
        double highest = double.NegativeInfinity, sum = 0;
        foreach (double score in scores)
            highest = Math.Max(highest, score);
        foreach (double score in scores)
            sum += Math.Exp((score - highest) / _options.Temperature);
        for (int row = 0; row < scores.Length; row++)
            work.Points[row] += vote.Weight * (Math.Exp((scores[row] - highest) / _options.Temperature) / sum);
    }

    private readonly ref struct Work(Span<double> points, Span<int> firstSeen, Span<int> order, Span<long> keys)
    {
        public readonly Span<double> Points = points;
        public readonly Span<int> FirstSeen = firstSeen;
        public readonly Span<int> Order = order;
        public readonly Span<long> Keys = keys;
    }
}
