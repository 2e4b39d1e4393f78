namespace Malrule.Inference.Tokenization;

/// <summary>The <c>model</c> section: what turns one piece of pre-tokenised text into token ids. Immutable but for caches; thread-safe.</summary>
internal abstract class TokenModel
{
    private readonly Dictionary<string, int> _ids;

    protected TokenModel(Dictionary<string, int> ids)
    {
        _ids = ids;
        Lookup = _ids.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>Token strings with their ids, as the file lists them.</summary>
    public IReadOnlyDictionary<string, int> Vocabulary => _ids;

    /// <summary>Ids by token string, looked up by a span.</summary>
    protected Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> Lookup { get; }

    /// <summary>Appends the ids of one piece.</summary>
    public abstract void Encode(ReadOnlySpan<char> piece, List<int> ids);

    public static TokenModel Read(JsonPlace section)
    {
        // Files older than the type member hold BPE or WordPiece, told apart by the merges.
        string type = section["type"].StringOrNull() ?? (section["merges"].IsNull ? "WordPiece" : "BPE");
        return type switch
        {
            "BPE" => BytePairModel.ReadModel(section),
            "WordPiece" => WordPieceModel.ReadModel(section),
            _ => throw section.Error($"is of type {type}, which Malrule does not support (it knows BPE and WordPiece)."),
        };
    }

    protected static Dictionary<string, int> ReadVocabulary(JsonPlace section)
    {
        JsonPlace vocabulary = section["vocab"];
        var ids = new Dictionary<string, int>();
        foreach ((string token, JsonPlace id) in vocabulary.Members())
            if (!ids.TryAdd(token, id.Int(0, Tokenizer.MaxTokenId)))
                throw id.Error("stands twice in the vocabulary.");
        return ids.Count > 0 ? ids : throw vocabulary.Error("is empty.");
    }

    /// <summary>Refuses a member that would change the ids in a way Malrule does not know.</summary>
    protected static void RequireUnused(JsonPlace section, string member)
    {
        JsonPlace value = section[member];
        bool unused = value.IsNull || value.Value.ValueKind switch
        {
            System.Text.Json.JsonValueKind.False => true,
            System.Text.Json.JsonValueKind.String => value.String().Length == 0,
            System.Text.Json.JsonValueKind.Number => value.Value.TryGetDouble(out double number) && number == 0,
            _ => false,
        };
        if (!unused)
            throw value.Error($"is {value.Value.GetRawText()}, which Malrule does not support; it must be null or off.");
    }
}
