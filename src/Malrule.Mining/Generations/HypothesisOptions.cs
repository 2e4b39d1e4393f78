namespace Malrule.Mining.Generations;

/// <summary>How a generated text becomes an inferred misconception. The defaults are those of the <c>default</c> preset.</summary>
public sealed record HypothesisOptions
{
    /// <summary>The tutorial's choices, quirks included.</summary>
    public static HypothesisOptions Tutorial { get; } = new() { AfterLastColon = true, BlankVotes = true };

    /// <summary>Whether only what follows the last colon counts (tutorial): it cuts off labels, but also the left half of a ratio or a time.</summary>
    public bool AfterLastColon { get; init; }

    /// <summary>Whether a blank text ranks the catalogue too (tutorial), or has no vote.</summary>
    public bool BlankVotes { get; init; }

    /// <summary>The misconception a generated text names, without surrounding white space.</summary>
    public string Infer(string text) => (AfterLastColon ? text[(text.LastIndexOf(':') + 1)..] : text).Trim();
}
