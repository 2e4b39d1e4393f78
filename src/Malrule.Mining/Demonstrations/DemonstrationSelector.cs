using Malrule.Mining.Questions;

namespace Malrule.Mining.Demonstrations;

/// <summary>
/// Chooses the labelled questions that stand in a distractor's prompt. A question never demonstrates itself. The choice depends on the
/// options, the seed and the distractor alone, not on what was chosen before. Not safe for concurrent use.
/// </summary>
public sealed class DemonstrationSelector
{
    private readonly DemonstrationOptions _options;
    private readonly long _seed;
    private readonly SameTopicDemonstrations? _sameTopic;
    private readonly SimilarDemonstrations? _similar;

    /// <summary>A selector over <paramref name="labelled"/>, in ascending order of ids.</summary>
    /// <param name="labelled">The labelled questions; those without a label on any distractor are only drawn by the tutorial's rule.</param>
    /// <param name="options">The rule.</param>
    /// <param name="seed">The run's seed; matters to the tutorial's rule only.</param>
    public DemonstrationSelector(IReadOnlyList<Question> labelled, DemonstrationOptions options, long seed)
    {
        options.Validate();
        (_options, _seed) = (options, seed);
        if (options.Selection == DemonstrationSelection.SameTopic)
            _sameTopic = new SameTopicDemonstrations(labelled, options.FallbackDropsExactMatches);
        else
            _similar = new SimilarDemonstrations(labelled);
    }

    /// <summary>The demonstrations of a distractor in the order in which they stand in its prompt, at most <see cref="DemonstrationOptions.Shots"/>.</summary>
    public IReadOnlyList<Question> Select(Distractor distractor)
    {
        if (_options.Shots == 0)
            return [];
        if (_similar is not null)
            return _similar.Select(distractor.Question, _options.Shots);
        string drawnFor = _options.DrawForEachDistractor ? distractor.Id : FormattableString.Invariant($"{distractor.Question.Id}");
        return _sameTopic!.Select(distractor.Question, _options.Shots, new SplitMix64((ulong)ItemSeed.Of(_seed, drawnFor)));
    }
}
