using Malrule.Mining.Questions;

namespace Malrule.Mining.Rankings;

/// <summary>Ranks the catalogue for a distractor from the question's own words or from labelled questions. Safe for concurrent use.</summary>
public abstract class DistractorRanker
{
    private protected DistractorRanker(MisconceptionCatalogue catalogue)
    {
        ArgumentNullException.ThrowIfNull(catalogue);
        Catalogue = catalogue;
    }

    /// <summary>The misconceptions that are ranked.</summary>
    public MisconceptionCatalogue Catalogue { get; }

    /// <summary>Writes the scores of the whole catalogue for a distractor: 0 where nothing speaks for a misconception, higher where more does.</summary>
    /// <param name="distractor">The wrong option to explain.</param>
    /// <param name="scores">[catalogue]</param>
    public abstract void Scores(Distractor distractor, Span<double> scores);

    /// <summary>The misconceptions that something speaks for, best first, equal scores by ascending id.</summary>
    public IReadOnlyList<Candidate> Rank(Distractor distractor, int top = 25)
    {
        ArgumentNullException.ThrowIfNull(distractor);
        return Rank(distractor, new double[Catalogue.Count], top);
    }

    /// <summary>The lists of many distractors in their order, the same whatever the number of threads.</summary>
    /// <param name="distractors">The wrong options to explain.</param>
    /// <param name="top">Length of the lists.</param>
    /// <param name="threads">How many threads work; 0 for one a core.</param>
    /// <param name="progress">Told now and then how many lists are done, by any thread.</param>
    /// <param name="cancellation">Stops between distractors.</param>
    public IReadOnlyList<IReadOnlyList<Candidate>> RankAll(
        IReadOnlyList<Distractor> distractors, int top = 25, int threads = 0, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(distractors);
        var lists = new IReadOnlyList<Candidate>[distractors.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads == 0 ? Environment.ProcessorCount : threads, CancellationToken = cancellation };
        int done = 0;
        Parallel.For(0, lists.Length, options, () => new double[Catalogue.Count], (i, _, scores) =>
        {
            lists[i] = Rank(distractors[i], scores, top);
            if (Interlocked.Increment(ref done) is var count && (count % 64 == 0 || count == lists.Length))
                progress?.Report(count);
            return scores;
        }, _ => { });
        return lists;
    }

    private protected virtual IReadOnlyList<Candidate> Rank(Distractor distractor, double[] scores, int top)
    {
        Scores(distractor, scores);
        return TopCandidates.Select(Catalogue, scores, top, above: 0);
    }
}
