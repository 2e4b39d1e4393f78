namespace Malrule.Mining.Prompts;

/// <summary>How questions are laid out as turns.</summary>
public enum PromptLayout
{
    /// <summary>
    /// A question is shown once: its stem and key open its first user turn; every distractor closes a user turn of its own, answered by the
    /// misconception's name and nothing else. Prompts of one question's distractors differ in the last line only.
    /// </summary>
    Compact,

    /// <summary>
    /// The tutorial's five or six turns for each labelled distractor (question, key and distractor asked for one after another), the stem
    /// and the key repeated each time; its misspelt "anaylze" included.
    /// </summary>
    Dialogue,
}

/// <summary>How a prompt is written. The defaults are those of the <c>default</c> preset.</summary>
public sealed record PromptOptions
{
    /// <summary>The tutorial's choices, quirks included.</summary>
    public static PromptOptions Tutorial { get; } = new()
    {
        Layout = PromptLayout.Dialogue,
        Instruction = null,
        IncludeTopic = false,
        CleanNames = false,
        DropDemonstrationsToFit = false,
    };

    /// <summary>How questions are laid out as turns.</summary>
    public PromptLayout Layout { get; init; } = PromptLayout.Compact;

    /// <summary>The system turn; null: none, and the checkpoint's chat template may put its own.</summary>
    public string? Instruction { get; init; } =
        "You know why students get multiple-choice questions wrong. For each incorrect answer, name the misconception that leads to it, in one short sentence and nothing else.";

    /// <summary>Whether subject and construct stand before the stem.</summary>
    public bool IncludeTopic { get; init; } = true;

    /// <summary>Whether misconceptions stand on one line and without stray spaces, or as the catalogue has them.</summary>
    public bool CleanNames { get; init; } = true;

    /// <summary>
    /// Whether a prompt that leaves no room for the output loses its first demonstration, then the next, until it fits (each is counted);
    /// if not, the request fails and its result says so.
    /// </summary>
    public bool DropDemonstrationsToFit { get; init; } = true;
}
