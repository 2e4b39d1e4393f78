using Malrule.Mining.Questions;

namespace Malrule.SampleBank;

/// <summary>A bank made by <see cref="SampleBankGenerator"/>. Immutable.</summary>
public sealed record GeneratedBank
{
    /// <summary>All misconceptions, the same in every bank.</summary>
    public required MisconceptionCatalogue Catalogue { get; init; }

    /// <summary>Questions to learn from, by id. Distractors of unseen misconceptions carry no label.</summary>
    public required IReadOnlyList<Question> Train { get; init; }

    /// <summary>Questions to mine, by id, each with three labels, of seen and unseen misconceptions.</summary>
    public required IReadOnlyList<Question> Test { get; init; }

    /// <summary>Questions to mine, by id, each with one label: a misconception that no bundled model was trained on.</summary>
    public required IReadOnlyList<Question> KeptOut { get; init; }

    /// <summary>Misconceptions that label no question of <see cref="Train"/> though models were trained on them, ascending.</summary>
    public required IReadOnlyList<int> UnseenIds { get; init; }

    /// <summary>Misconceptions that no bundled model was trained on, ascending; the same in every bank.</summary>
    public required IReadOnlyList<int> KeptOutIds { get; init; }
}
