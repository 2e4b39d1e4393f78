using Malrule.Inference;

namespace Malrule.Mining.Rankings.Reranking;

/// <summary>
/// How a language model puts the first candidates in a new order: it is shown some of them under letters, one of which stands for none of
/// them, and the probabilities of the letters as its first token rank them.
/// </summary>
public sealed record RerankOptions
{
    /// <summary>Most names under letters: one letter is left for none of them.</summary>
    public const int MaxWindow = 25;

    /// <summary>How many candidates are put in a new order, from the first; the others follow as they stood.</summary>
    public int Candidates { get; init; } = 25;

    /// <summary>Most names shown at once, 1 to 25; more candidates are dealt to several windows.</summary>
    public int Window { get; init; } = 10;

    /// <summary>How often each candidate is shown, each time under another letter and in other company.</summary>
    public int Permutations { get; init; } = 3;

    /// <summary>The system turn.</summary>
    public string Instruction { get; init; } =
        "You know why students get multiple-choice questions wrong. From a list of misconceptions, choose the one that leads to the incorrect answer. Reply with its letter and nothing else.";

    /// <summary>What the letter of abstention stands for.</summary>
    public string NoneOfThese { get; init; } = "None of the other misconceptions in this list";

    /// <summary>Whether subject and construct stand before the stem.</summary>
    public bool IncludeTopic { get; init; } = true;

    /// <summary>Checks every field.</summary>
    /// <exception cref="InvalidInputException">A field is outside its range.</exception>
    public void Validate()
    {
        Require(Candidates >= 1, "candidates", Candidates, "at least 1");
        Require(Window is >= 1 and <= MaxWindow, "window", Window, $"from 1 to {MaxWindow} (26 letters, one of them for none of these)");
        Require(Permutations is >= 1 and <= 100, "permutations", Permutations, "from 1 to 100");
        Require(!string.IsNullOrWhiteSpace(Instruction), "instruction", "blank", "a text");
        Require(!string.IsNullOrWhiteSpace(NoneOfThese), "none_of_these", "blank", "a text");
    }

    private static void Require(bool condition, string field, object value, string expected)
    {
        if (!condition)
            throw new InvalidInputException(FormattableString.Invariant($"rerank {field} must be {expected}; it is {value}."));
    }
}
