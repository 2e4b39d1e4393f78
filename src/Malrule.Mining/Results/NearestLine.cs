using System.Text.Json.Serialization;
using Malrule.Mining.Rankings;

namespace Malrule.Mining.Results;

/// <summary>The names of the catalogue nearest to an inferred text: a line of <c>nearest.jsonl</c>.</summary>
internal sealed record NearestLine : IJournalLine
{
    public static JournalFormat<NearestLine> Format { get; } = new(
        JournalJson.Lines.NearestLine, line => line is { Text: not null, Ids: not null, Scores: not null } && line.Ids.Count == line.Scores.Count,
        "a JSON object with \"text\", \"ids\" and as many \"scores\"");

    [JsonPropertyName("text"), JsonRequired]
    public required string Text { get; init; }

    /// <summary>Misconceptions, the nearest first.</summary>
    [JsonPropertyName("ids"), JsonRequired]
    public required IReadOnlyList<int> Ids { get; init; }

    /// <summary>Their cosines, to six decimals.</summary>
    [JsonPropertyName("scores"), JsonRequired]
    public required IReadOnlyList<double> Scores { get; init; }

    /// <summary>The same as candidates.</summary>
    [JsonIgnore]
    public IReadOnlyList<Candidate> Names => [.. Ids.Zip(Scores, (id, score) => new Candidate(id, score))];

    string IJournalLine.Id => Text;
    string? IJournalLine.Error => null;
}
