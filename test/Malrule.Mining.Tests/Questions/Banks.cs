using Malrule.Mining.Questions;
using Malrule.Tests;

namespace Malrule.Mining.Tests.Questions;

/// <summary>Questions made in memory.</summary>
internal static class Banks
{
    /// <summary>A question with key A whose options B, C and D carry the given labels.</summary>
    public static Question Question(int id, string construct, string subject, string stem, params ReadOnlySpan<int?> labels) => new()
    {
        Id = id,
        ConstructName = construct,
        SubjectName = subject,
        Stem = stem,
        Key = 'A',
        Options = [$"key {id}", $"wrong {id}B", $"wrong {id}C", $"wrong {id}D"],
        MisconceptionIds = [null, .. labels, .. new int?[3 - labels.Length]],
    };

    /// <summary>Eedi's train file; the running test is skipped where it is absent.</summary>
    public static QuestionBank Eedi()
    {
        string folder = TestPaths.Shared("eedi");
        return QuestionBank.Load(folder, Path.Combine(folder, "train.csv"));
    }
}
