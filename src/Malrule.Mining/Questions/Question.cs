namespace Malrule.Mining.Questions;

/// <summary>A multiple-choice question of Kaggle's Eedi wide format: a stem, four options, one key.</summary>
public sealed record Question
{
    /// <summary>The options' letters, in order.</summary>
    public const string Letters = "ABCD";

    /// <summary>QuestionId.</summary>
    public required int Id { get; init; }

    /// <summary>The most granular skill the question tests.</summary>
    public required string ConstructName { get; init; }

    /// <summary>The broader topic.</summary>
    public required string SubjectName { get; init; }

    /// <summary>The question's text, LaTeX and line breaks as they came.</summary>
    public required string Stem { get; init; }

    /// <summary>Letter of the correct option.</summary>
    public required char Key { get; init; }

    /// <summary>Texts of the options A to D.</summary>
    public required IReadOnlyList<string> Options { get; init; }

    /// <summary>Labels of the options A to D; null where there is none. All null in an unlabelled file.</summary>
    public required IReadOnlyList<int?> MisconceptionIds { get; init; }

    /// <summary>Its id where it was imported from, if that was no whole number.</summary>
    public string? SourceId { get; init; }

    /// <summary>ConstructId, where the file has one.</summary>
    public int? ConstructId { get; init; }

    /// <summary>SubjectId, where the file has one.</summary>
    public int? SubjectId { get; init; }

    /// <summary>Text of the correct option.</summary>
    public string KeyText => Options[Letters.IndexOf(Key)];

    /// <summary>The wrong options in the order A to D.</summary>
    public IEnumerable<Distractor> Distractors => Letters.Where(letter => letter != Key).Select(letter => new Distractor(this, letter));

    /// <summary>The wrong options that carry a misconception.</summary>
    public IEnumerable<Distractor> LabelledDistractors => Distractors.Where(distractor => distractor.MisconceptionId is not null);
}
