using Malrule.Inference;

namespace Malrule.Mining.Rankings;

/// <summary>How the rankings of several samples become one.</summary>
public enum FusionMethod
{
    /// <summary>A list of L rows gives its first row L points, the next L − 1, and so on.</summary>
    Borda,

    /// <summary>The row at place r (from 1) gets 1 / (k + r).</summary>
    ReciprocalRank,

    /// <summary>The mean of the scores.</summary>
    CombSum,

    /// <summary>The mean of each sample's softmax(score / temperature).</summary>
    Softmax,
}

/// <summary>Which of two rows with equal points stands first.</summary>
public enum TieOrder
{
    /// <summary>The lower misconception id.</summary>
    LowerId,

    /// <summary>The one that stands first in the first sample's list, or comes first in the lists one after another.</summary>
    FirstSample,
}

/// <summary>Options of <see cref="RankFusion"/>.</summary>
public sealed record FusionOptions
{
    /// <summary>The tutorial's fusion: Borda over the whole catalogue, ties in the order of the first sample's list.</summary>
    public static FusionOptions Tutorial { get; } = new() { Method = FusionMethod.Borda, Ties = TieOrder.FirstSample };

    /// <summary>The rule.</summary>
    public FusionMethod Method { get; init; } = FusionMethod.CombSum;

    /// <summary>For Borda and reciprocal rank: only the best rows of each list get points; null for the whole catalogue.</summary>
    public int? Depth { get; init; }

    /// <summary>The k of 1 / (k + rank).</summary>
    public double ReciprocalRankConstant { get; init; } = 1;

    /// <summary>The temperature of <see cref="FusionMethod.Softmax"/>, in units of the scores.</summary>
    public double Temperature { get; init; } = 0.05;

    /// <summary>The order of equal points.</summary>
    public TieOrder Ties { get; init; } = TieOrder.LowerId;

    /// <summary>Checks the values.</summary>
    /// <exception cref="InvalidInputException">A value is out of its range.</exception>
    public void Validate()
    {
        if (Depth < 1)
            throw new InvalidInputException($"The fusion depth must be at least 1; it is {Depth}. Leave it out to rank the whole catalogue.");
        if (!(ReciprocalRankConstant >= 0) || double.IsInfinity(ReciprocalRankConstant))
            throw new InvalidInputException($"The constant of reciprocal-rank fusion must be 0 or more; it is {ReciprocalRankConstant}.");
        if (!(Temperature > 0) || double.IsInfinity(Temperature))
            throw new InvalidInputException($"The temperature of softmax fusion must be above 0; it is {Temperature}.");
    }
}
