using Malrule.Inference;
using Malrule.Mining.Rankings.Lexical;
using Malrule.Mining.Rankings.Neighbours;

namespace Malrule.Mining.Rankings.Hybrid;

/// <summary>What speaks for a misconception; any combination can be fused.</summary>
[Flags]
public enum HybridEvidence
{
    /// <summary>Words that the question shares with its name.</summary>
    Lexical = 1,

    /// <summary>Similar distractors that carry it.</summary>
    Neighbours = 2,

    /// <summary>What a language model inferred.</summary>
    Inferred = 4,
}

/// <summary>Options of <see cref="HybridRanker"/>.</summary>
public sealed record HybridOptions
{
    /// <summary>What is fused; by default all that there is.</summary>
    public HybridEvidence Evidence { get; init; } = HybridEvidence.Lexical | HybridEvidence.Neighbours | HybridEvidence.Inferred;

    /// <summary>
    /// The share of distractors expected to have a misconception that no labelled question shows, above 0 and below 1; it moves the gate between labelled and
    /// unlabelled misconceptions. null: the share among the labelled questions themselves, each left out in turn.
    /// </summary>
    public double? UnseenShare { get; init; }

    /// <summary>Weights to use as they are; null: fitted on the labelled questions, or <see cref="HybridWeights.Default"/> where these are too few.</summary>
    public HybridWeights? Weights { get; init; }

    /// <summary>How names are looked up; by TF-IDF, the only weighting whose scores are comparable between questions.</summary>
    public LexicalOptions Lexical { get; init; } = new();

    /// <summary>How neighbours are found; <see cref="NeighbourOptions.Lexical"/> has no part here, lexical evidence having a weight of its own.</summary>
    public NeighbourOptions Neighbours { get; init; } = new();

    /// <summary>Checks the values.</summary>
    /// <exception cref="InvalidInputException">A value is out of its range.</exception>
    public void Validate()
    {
        if (Evidence == 0 || (Evidence & ~(HybridEvidence.Lexical | HybridEvidence.Neighbours | HybridEvidence.Inferred)) != 0)
            throw new InvalidInputException("The hybrid method needs evidence to fuse: lexical, neighbours, inferred, or several of them.");
        if (UnseenShare is double share && !(share is > 0 and < 1))
            throw new InvalidInputException($"The unseen share must lie above 0 and below 1; it is {share}. Leave it out to take the labelled questions' own.");
        if (Lexical.Weighting != LexicalWeighting.TfIdf)
            throw new InvalidInputException($"The hybrid method looks names up by TF-IDF; {Lexical.Weighting} was asked for. Leave the weighting out.");
        Lexical.Validate();
        Neighbours.Validate();
    }
}
