using Malrule.Mining.Questions;
using Malrule.Mining.Rankings;

namespace Malrule.Mining.Evaluation;

/// <summary>Measures a method on a split: makes a ranker of each fold's training questions and ranks the fold's tests with it.</summary>
public static class CrossEvaluation
{
    /// <summary>One item a tested distractor, in the order of the folds. The same whatever the number of threads.</summary>
    /// <param name="questions">Labelled questions.</param>
    /// <param name="split">How they are divided.</param>
    /// <param name="makeRanker">Makes a ranker that knows these questions' labels and no others.</param>
    /// <param name="depth">Length of the lists.</param>
    /// <param name="threads">How many threads work; 0 for one a core.</param>
    /// <param name="cancellation">Stops between distractors.</param>
    public static IReadOnlyList<RankedItem> Rank(
        IReadOnlyList<Question> questions, EvaluationSplit split, Func<IReadOnlyList<Question>, DistractorRanker> makeRanker,
        int depth = 100, int threads = 0, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(questions);
        ArgumentNullException.ThrowIfNull(split);
        ArgumentNullException.ThrowIfNull(makeRanker);
        var items = new List<RankedItem>();
        foreach (Fold fold in split.Folds(questions))
        {
            var seen = new SeenMisconceptions(fold.Training);
            IReadOnlyList<IReadOnlyList<Candidate>> lists = makeRanker(fold.Training).RankAll(fold.Test, depth, threads, cancellation: cancellation);
            items.AddRange(fold.Test.Select((distractor, i) => RankedItem.Of(distractor, lists[i], seen)));
        }
        return items;
    }
}
