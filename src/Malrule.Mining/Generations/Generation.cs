using System.Text.Json.Serialization;
using Malrule.Mining.Results;

namespace Malrule.Mining.Generations;

/// <summary>What a language model wrote about one distractor: a line of <c>generations.jsonl</c>. Lines from elsewhere need id and texts only.</summary>
public sealed record Generation : IJournalLine
{
    /// <summary>QuestionId_Answer.</summary>
    [JsonPropertyName("id"), JsonRequired]
    public required string Id { get; init; }

    /// <summary>The generated texts as they came, in the order of the samples; where the request failed, those that came before.</summary>
    [JsonPropertyName("texts"), JsonRequired]
    public required IReadOnlyList<string> Texts { get; init; }

    /// <summary>Ids of the demonstration questions in the order of the prompt.</summary>
    [JsonPropertyName("demonstrations")]
    public IReadOnlyList<int>? Demonstrations { get; init; }

    /// <summary>Demonstrations left out because the prompt was too long.</summary>
    [JsonPropertyName("demonstrations_dropped")]
    public int DemonstrationsDropped { get; init; }

    /// <summary>Seed of the first sample; sample i used seed + i.</summary>
    [JsonPropertyName("seed")]
    public long? Seed { get; init; }

    /// <summary>Tokens of the prompt; of a server, as it counted them, of all requests together that the line took.</summary>
    [JsonPropertyName("prompt_tokens")]
    public int? PromptTokens { get; init; }

    /// <summary>Tokens of each sample.</summary>
    [JsonPropertyName("tokens")]
    public IReadOnlyList<int>? Tokens { get; init; }

    /// <summary>Tokens of all samples together, where a server does not say those of each.</summary>
    [JsonPropertyName("generated_tokens")]
    public int? GeneratedTokens { get; init; }

    /// <summary>Summed log probability (nats) of each sample's tokens.</summary>
    [JsonPropertyName("cumulative_logprobs")]
    public IReadOnlyList<double>? CumulativeLogprobs { get; init; }

    /// <summary>Why each sample ended: <c>stop</c>, <c>length</c>, or what else a server says.</summary>
    [JsonPropertyName("finish_reasons")]
    public IReadOnlyList<string>? FinishReasons { get; init; }

    /// <summary>Why the request failed, where it did; what is missing is asked for when the run is resumed.</summary>
    [JsonPropertyName("error")]
    public string? Error { get; init; }
}
