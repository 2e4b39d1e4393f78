namespace Malrule.Mining.Results;

/// <summary>A line of a journal: what a language model said about one distractor.</summary>
internal interface IJournalLine
{
    /// <summary>QuestionId_Answer.</summary>
    string Id { get; }

    /// <summary>Why its request failed, where it did; such a line may be replaced by a later one.</summary>
    string? Error { get; }
}
