namespace Malrule.Mining.Evaluation;

/// <summary>
/// Resamples questions with replacement (Efron's percentile bootstrap over clusters): distractors of one question share a stem and often a
/// misconception, so they stand or fall together. The draws depend on the seed and the number of questions only.
/// </summary>
public sealed record Bootstrap
{
    /// <summary>How many resamples.</summary>
    public int Resamples { get; init; } = 2_000;

    /// <summary>Seed of the draws.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>The mean of a value over items.</summary>
    internal Estimate Mean(IReadOnlyList<RankedItem> items, Func<RankedItem, double> value)
    {
        Dictionary<int, int> questions = RankingReport.NumberQuestions(items);
        var sums = new double[questions.Count];
        var counts = new int[questions.Count];
        foreach (RankedItem item in items)
        {
            sums[questions[item.QuestionId]] += value(item);
            counts[questions[item.QuestionId]]++;
        }
        return Estimate.Of(Of(RankingReport.Ones(sums.Length)), Weights(sums.Length).Select(Of));

        double Of(int[] weights)
        {
            double sum = 0;
            long count = 0;
            for (int question = 0; question < sums.Length; question++)
                (sum, count) = (sum + weights[question] * sums[question], count + (long)weights[question] * counts[question]);
            return sum / count;
        }
    }

    /// <summary>For each resample how often every question was drawn; the same array each time, overwritten.</summary>
    internal IEnumerable<int[]> Weights(int questions)
    {
        var random = new SplitMix64((ulong)Seed);
        var weights = new int[questions];
        for (int resample = 0; resample < Resamples; resample++)
        {
            Array.Clear(weights);
            for (int draw = 0; draw < questions; draw++)
                weights[random.Next(questions)]++;
            yield return weights;
        }
    }
}
