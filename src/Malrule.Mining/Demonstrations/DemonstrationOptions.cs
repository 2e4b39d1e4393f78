using Malrule.Inference;

namespace Malrule.Mining.Demonstrations;

/// <summary>How demonstrations are chosen.</summary>
public enum DemonstrationSelection
{
    /// <summary>The labelled questions nearest by TF-IDF cosine over construct, subject and stem, the nearest last; ties to the lower id.</summary>
    Similar,

    /// <summary>The tutorial's rule: random ones of the very same construct and subject, then of one of the two, then of neither.</summary>
    SameTopic,
}

/// <summary>Which labelled questions stand in a prompt. The defaults are those of the <c>default</c> preset.</summary>
public sealed record DemonstrationOptions
{
    /// <summary>The tutorial's choices, quirks included.</summary>
    public static DemonstrationOptions Tutorial { get; } = new()
    {
        Selection = DemonstrationSelection.SameTopic,
        DrawForEachDistractor = true,
        FallbackDropsExactMatches = true,
    };

    /// <summary>Demonstration questions in a prompt; 0: none.</summary>
    public int Shots { get; init; } = 3;

    /// <summary>The rule of choice.</summary>
    public DemonstrationSelection Selection { get; init; } = DemonstrationSelection.Similar;

    /// <summary>
    /// Whether <see cref="DemonstrationSelection.SameTopic"/> draws anew for each distractor (tutorial), or once for a question, so that the
    /// prompts of its distractors start alike.
    /// </summary>
    public bool DrawForEachDistractor { get; init; }

    /// <summary>
    /// Whether <see cref="DemonstrationSelection.SameTopic"/>, when it has to fall back on questions of neither construct nor subject,
    /// replaces the exact matches by them (tutorial) instead of adding to the matches.
    /// </summary>
    public bool FallbackDropsExactMatches { get; init; }

    /// <summary>Checks the fields.</summary>
    /// <exception cref="InvalidInputException">A field is outside its range.</exception>
    public void Validate()
    {
        if (Shots is < 0 or > 1000)
            throw new InvalidInputException($"shots must be from 0 to 1000; it is {Shots}.");
    }
}
