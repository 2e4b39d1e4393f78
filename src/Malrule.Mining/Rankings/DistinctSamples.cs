namespace Malrule.Mining.Rankings;

/// <summary>
/// The distinct texts among one distractor's samples, in the order they first came, and the weight each has in a fusion:
/// identical samples are embedded once and count as often as they came. Blank samples have no vote unless asked for.
/// </summary>
public sealed record DistinctSamples
{
    private DistinctSamples(IReadOnlyList<string> texts, IReadOnlyList<double> weights) => (Texts, Weights) = (texts, weights);

    /// <summary>Distinct texts.</summary>
    public IReadOnlyList<string> Texts { get; }

    /// <summary>The weight of each text.</summary>
    public IReadOnlyList<double> Weights { get; }

    /// <summary>Counts <paramref name="samples"/>.</summary>
    /// <param name="samples">The samples' texts, already trimmed and post-processed.</param>
    /// <param name="blankVotes">Whether a blank sample counts, as it does in the tutorial.</param>
    /// <param name="cumulativeLogprobs">
    /// Each sample's summed logprob (nats), to weigh a sample by its probability relative to the likeliest one; null to weigh all alike.
    /// </param>
    public static DistinctSamples Of(IReadOnlyList<string> samples, bool blankVotes = false, IReadOnlyList<double>? cumulativeLogprobs = null)
    {
        ArgumentNullException.ThrowIfNull(samples);
        if (cumulativeLogprobs is not null && cumulativeLogprobs.Count != samples.Count)
            throw new ArgumentException($"There are {samples.Count} samples but {cumulativeLogprobs.Count} logprobs.", nameof(cumulativeLogprobs));
        double likeliest = double.NegativeInfinity;
        for (int i = 0; i < samples.Count && cumulativeLogprobs is not null; i++)
        {
            if (Votes(i))
                likeliest = Math.Max(likeliest, cumulativeLogprobs[i]);
        }
        var texts = new List<string>(samples.Count);
        var weights = new List<double>(samples.Count);
        var places = new Dictionary<string, int>(samples.Count, StringComparer.Ordinal);
        for (int i = 0; i < samples.Count; i++)
        {
            if (!Votes(i))
                continue;
            if (!places.TryGetValue(samples[i], out int place))
            {
                places.Add(samples[i], place = texts.Count);
                texts.Add(samples[i]);
                weights.Add(0);
            }
            weights[place] += cumulativeLogprobs is null ? 1 : Math.Exp(cumulativeLogprobs[i] - likeliest);
        }
        return new DistinctSamples(texts, weights);

        bool Votes(int i) => blankVotes || !string.IsNullOrWhiteSpace(samples[i]);
    }
}
