namespace Malrule.Mining.Rankings.Reranking;

/// <summary>
/// Merges the windows of one distractor. A candidate's score is its log probability less that of "none of these" in the same window, averaged over
/// the windows that showed it: were the model to choose by Luce's rule (a letter's probability is proportional to a worth that does not
/// depend on the others), this is the logarithm of its worth in units of that of "none", whatever the company. The probabilities over all candidates
/// and none follow from it.
/// </summary>
internal sealed record RerankScores(IReadOnlyDictionary<int, double> Probability, double None)
{
    public static RerankScores Of(IEnumerable<RerankWindow> windows)
    {
        var sums = new Dictionary<int, (double Sum, int Times)>();
        foreach (RerankWindow window in windows)
        {
            double none = window.Logprobs[IndexOfNone(window)];
            for (int i = 0; i < window.Options.Count; i++)
            {
                if (window.Options[i] is { } candidate)
                {
                    (double sum, int times) = sums.GetValueOrDefault(candidate);
                    sums[candidate] = (sum + (window.Logprobs[i] - none), times + 1);
                }
            }
        }
        double[] scores = [.. sums.Values.Select(entry => entry.Sum / entry.Times)];
        double highest = Math.Max(0, scores.DefaultIfEmpty().Max()); // none scores 0
        double total = Math.Exp(-highest) + scores.Sum(score => Math.Exp(score - highest));
        return new RerankScores(
            sums.Keys.Zip(scores).ToDictionary(pair => pair.First, pair => Math.Exp(pair.Second - highest) / total), Math.Exp(-highest) / total);
    }

    private static int IndexOfNone(RerankWindow window)
    {
        for (int i = 0; i < window.Options.Count; i++)
        {
            if (window.Options[i] is null)
                return i;
        }
        throw new ArgumentException("A window without \"none of these\".", nameof(window));
    }
}
