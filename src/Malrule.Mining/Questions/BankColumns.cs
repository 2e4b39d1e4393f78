using Malrule.Inference;

namespace Malrule.Mining.Questions;

/// <summary>How a table of questions names its correct options.</summary>
public enum KeyForm
{
    /// <summary>A letter, or else the text of one option, or else a number from 1; a number that could mean two options is refused.</summary>
    Auto,

    /// <summary>A to D.</summary>
    Letter,

    /// <summary>1 to 4.</summary>
    Index,

    /// <summary>0 to 3.</summary>
    ZeroIndex,

    /// <summary>The option's text.</summary>
    Text,
}

/// <summary>Which columns of foreign tables hold what. A field that is not given has the column of Eedi's format, where the table has that.</summary>
public sealed record BankColumns
{
    /// <summary>The fields with Eedi's columns; those of a catalogue begin with <c>catalogue-</c>.</summary>
    public static IReadOnlyDictionary<string, string> Fields { get; } = new Dictionary<string, string>
    {
        ["id"] = "QuestionId",
        ["stem"] = "QuestionText",
        ["a"] = "AnswerAText",
        ["b"] = "AnswerBText",
        ["c"] = "AnswerCText",
        ["d"] = "AnswerDText",
        ["key"] = "CorrectAnswer",
        ["construct"] = "ConstructName",
        ["subject"] = "SubjectName",
        ["misconception-a"] = "MisconceptionAId",
        ["misconception-b"] = "MisconceptionBId",
        ["misconception-c"] = "MisconceptionCId",
        ["misconception-d"] = "MisconceptionDId",
        ["catalogue-id"] = "MisconceptionId",
        ["catalogue-name"] = "MisconceptionName",
    };

    private readonly Dictionary<string, string> _given = [];

    /// <summary>The columns given as <c>field=column</c>, such as <c>stem=Question text</c>.</summary>
    /// <exception cref="InvalidInputException">An assignment is none, or names a field that there is not, or one twice.</exception>
    public BankColumns(IEnumerable<string> assignments)
    {
        ArgumentNullException.ThrowIfNull(assignments);
        foreach (string assignment in assignments)
        {
            int equals = assignment.IndexOf('=', StringComparison.Ordinal);
            string field = (equals < 0 ? assignment : assignment[..equals]).Trim().ToLowerInvariant();
            if (equals < 0 || !Fields.ContainsKey(field) || assignment[(equals + 1)..].Trim().Length == 0)
                throw new InvalidInputException($"A column is given as FIELD=COLUMN, such as stem=\"Question text\"; found {CsvTable.Quoted(assignment)}. The fields are {string.Join(", ", Fields.Keys)}.");
            if (!_given.TryAdd(field, assignment[(equals + 1)..].Trim()))
                throw new InvalidInputException($"The column of {field} is given twice.");
        }
    }

    /// <summary>How the correct option is named.</summary>
    public KeyForm Key { get; init; } = KeyForm.Auto;

    /// <summary>What stands between cells.</summary>
    public char Separator { get; init; } = ',';

    /// <summary>The column of a field.</summary>
    internal string Of(string field) => _given.GetValueOrDefault(field, Fields[field]);

    /// <summary>Whether the user named the column, so that it has to be there.</summary>
    internal bool IsGiven(string field) => _given.ContainsKey(field);
}
