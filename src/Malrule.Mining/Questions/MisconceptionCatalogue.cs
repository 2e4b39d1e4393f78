namespace Malrule.Mining.Questions;

/// <summary>A named, recurrent wrong idea.</summary>
/// <param name="Id">MisconceptionId.</param>
/// <param name="Name">Its name as the catalogue has it, stray spaces included.</param>
public sealed record Misconception(int Id, string Name)
{
    /// <summary>Its id where it was imported from, if that was no whole number.</summary>
    public string? SourceId { get; init; }

    /// <summary>The name on one line, without stray spaces.</summary>
    public string CleanName => string.Join(' ', Name.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}

/// <summary>The misconceptions that distractors are mapped to, in the order of the file. Immutable.</summary>
public sealed class MisconceptionCatalogue
{
    private readonly Dictionary<int, int> _indexOfId;

    /// <summary>A catalogue of <paramref name="items"/>, whose ids are distinct.</summary>
    public MisconceptionCatalogue(IReadOnlyList<Misconception> items)
    {
        Items = items;
        _indexOfId = new Dictionary<int, int>(items.Count);
        for (int index = 0; index < items.Count; index++)
            _indexOfId.Add(items[index].Id, index);
    }

    /// <summary>All misconceptions; rankings count them by their place in this list.</summary>
    public IReadOnlyList<Misconception> Items { get; }

    /// <summary>Number of misconceptions.</summary>
    public int Count => Items.Count;

    /// <summary>The misconception with this id.</summary>
    public Misconception this[int id] => Items[_indexOfId[id]];

    /// <summary>Whether an id stands in the catalogue.</summary>
    public bool Contains(int id) => _indexOfId.ContainsKey(id);

    /// <summary>The place of an id in <see cref="Items"/>.</summary>
    public int IndexOf(int id) => _indexOfId[id];
}
