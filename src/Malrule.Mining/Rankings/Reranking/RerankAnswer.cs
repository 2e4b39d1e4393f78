using System.Text.Json.Serialization;
using Malrule.Mining.Results;

namespace Malrule.Mining.Rankings.Reranking;

/// <summary>What a language model answered about one distractor's candidates: a line of <c>reranks.jsonl</c>.</summary>
internal sealed record RerankAnswer : IJournalLine
{
    public static JournalFormat<RerankAnswer> Format { get; } = new(
        JournalJson.Lines.RerankAnswer, line => line is { Id: not null, Windows: not null } && line.Windows.All(window => window is { Options: not null, Logprobs: not null } && window.Options.Count == window.Logprobs.Count),
        "a JSON object with \"id\" and \"windows\", each of as many \"options\" as \"logprobs\"");

    /// <summary>QuestionId_Answer.</summary>
    [JsonPropertyName("id"), JsonRequired]
    public required string Id { get; init; }

    /// <summary>What was shown, and the answers; none where a request failed.</summary>
    [JsonPropertyName("windows"), JsonRequired]
    public required IReadOnlyList<RerankWindow> Windows { get; init; }

    /// <summary>The probability that none of the candidates explains the answer; null where a request failed.</summary>
    [JsonPropertyName("none")]
    public double? None { get; init; }

    /// <summary>Tokens of all prompts.</summary>
    [JsonPropertyName("prompt_tokens")]
    public long PromptTokens { get; init; }

    /// <summary>Why a request failed, where one did; such a line is tried again when the run is resumed.</summary>
    [JsonPropertyName("error")]
    public string? Error { get; init; }

    /// <summary>The error as users read it.</summary>
    [JsonIgnore]
    public string? Failure => Error is null ? null : $"Reranking failed: {Error}";

    /// <summary>Whether the same windows were asked about.</summary>
    public bool IsAbout(int?[][] windows) => Windows.Count == windows.Length && Windows.Zip(windows).All(pair => pair.First.Options.SequenceEqual(pair.Second));
}

/// <summary>One request.</summary>
/// <param name="Options">Ids of the misconceptions under the letters A, B, …; null is none of these.</param>
/// <param name="Logprobs">Logarithms of the letters' probabilities as the first token of the answer.</param>
internal sealed record RerankWindow(
    [property: JsonPropertyName("options")] IReadOnlyList<int?> Options, [property: JsonPropertyName("logprobs")] IReadOnlyList<double> Logprobs);
