namespace Malrule.Inference;

/// <summary>
/// What an output's text must be: exactly one of the members is set. Tokens that lead nowhere are masked before each draw, so every
/// output that is not cut at <see cref="SamplingParams.MaxTokens"/> is as asked for. It ends as soon as its text can only end, and
/// where the text may end or go on, the model chooses by drawing an end-of-sequence id or not. Needs a tokenizer.
/// </summary>
public sealed record StructuredOutputs
{
    /// <summary>The texts there are to choose from; none empty.</summary>
    public IReadOnlyList<string>? Choice { get; init; }

    /// <summary>
    /// A regular expression that the whole text matches: alternation, groups, classes, categories such as \p{L}, and quantifiers. As in
    /// JavaScript \d, \w and \s are ASCII's. Look-around, back-references and \b are refused, as is a pattern that needs too many states.
    /// </summary>
    public string? Regex { get; init; }

    internal void Validate()
    {
        SamplingParams.Require(Choice is null != Regex is null, "structured_outputs", Choice is null ? "without either" : "with both", "given either choice or regex");
        SamplingParams.Require(Choice is null or { Count: > 0 }, "structured_outputs.choice", "[]", "a list of at least one text");
        SamplingParams.Require(Choice?.Any(string.IsNullOrEmpty) != true, "structured_outputs.choice", "\"\"", "without empty texts");
        SamplingParams.Require(Regex is null or { Length: > 0 }, "structured_outputs.regex", "\"\"", "a pattern");
    }
}
