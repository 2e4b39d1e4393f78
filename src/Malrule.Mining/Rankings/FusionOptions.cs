using System.Globalization;
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

/// <summary>How much a sample counts.</summary>
public enum SampleWeighting
{
    /// <summary>All alike, so that a text counts as often as it came.</summary>
    Count,

    /// <summary>By its probability, exp of its cumulative logprob, relative to the likeliest sample's.</summary>
    Logprob,
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

    /// <summary>How much a sample counts.</summary>
    public SampleWeighting Weights { get; init; } = SampleWeighting.Count;

    /// <summary>The rule and its numbers as <see cref="Parse"/> reads them, such as <c>borda@25</c>; ties and weights stand apart.</summary>
    public string Name => Method switch
    {
        FusionMethod.Borda => $"borda{AtDepth}",
        FusionMethod.ReciprocalRank => FormattableString.Invariant($"rrf:{ReciprocalRankConstant}{AtDepth}"),
        FusionMethod.Softmax => FormattableString.Invariant($"softmax:{Temperature}"),
        _ => "combsum",
    };

    private string AtDepth => Depth is { } depth ? FormattableString.Invariant($"@{depth}") : "";

    /// <summary>
    /// Reads a rule: <c>borda</c>, <c>rrf</c>, <c>combsum</c> or <c>softmax</c>; after a colon the k of reciprocal rank or the temperature of softmax;
    /// after an at sign, for the first two, how many rows of each list get points. All else stays as it is by default.
    /// </summary>
    /// <exception cref="InvalidInputException">The text is no such rule, or a number is out of its range.</exception>
    public static FusionOptions Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        (string rule, string? depth) = Halves(text.Trim().ToLowerInvariant(), '@');
        (string name, string? number) = Halves(rule, ':');
        var options = new FusionOptions();
        options = name switch
        {
            "borda" when number is null => options with { Method = FusionMethod.Borda, Depth = Whole(depth) },
            "rrf" => options with { Method = FusionMethod.ReciprocalRank, Depth = Whole(depth), ReciprocalRankConstant = Number(number) ?? options.ReciprocalRankConstant },
            "combsum" when number is null && depth is null => options with { Method = FusionMethod.CombSum },
            "softmax" when depth is null => options with { Method = FusionMethod.Softmax, Temperature = Number(number) ?? options.Temperature },
            _ => throw Wrong(),
        };
        options.Validate();
        return options;

        double? Number(string? part) => part is null ? null
            : double.TryParse(part, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) ? value : throw Wrong();
        int? Whole(string? part) => part is null ? null
            : int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : throw Wrong();
        InvalidInputException Wrong() => new($"\"{text}\" is no fusion. Write borda, borda@25, rrf, rrf:60, rrf:60@100, combsum, softmax or softmax:0.05.");
    }

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

    private static (string Before, string? After) Halves(string text, char mark)
    {
        int place = text.IndexOf(mark, StringComparison.Ordinal);
        return place < 0 ? (text, null) : (text[..place], text[(place + 1)..]);
    }
}
