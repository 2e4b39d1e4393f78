namespace Malrule.Inference.Tokenization;

/// <summary>
/// WordPiece as BERT uses it: from the left, the longest vocabulary entry that starts the rest of the word, where entries that continue
/// a word carry a prefix (<c>##</c>). A word that cannot be covered, or is too long, is one unknown token.
/// </summary>
internal sealed class WordPieceModel : TokenModel
{
    private readonly int _unknown, _maxCharacters, _longest;
    private readonly string _prefix;

    private WordPieceModel(Dictionary<string, int> ids, int unknown, string prefix, int maxCharacters) : base(ids)
    {
        (_unknown, _prefix, _maxCharacters) = (unknown, prefix, maxCharacters);
        _longest = ids.Keys.Max(token => token.Length);
    }

    public static WordPieceModel ReadModel(JsonPlace section)
    {
        Dictionary<string, int> ids = ReadVocabulary(section);
        string unknown = section["unk_token"].StringOrNull() ?? "[UNK]";
        if (!ids.TryGetValue(unknown, out int unknownId))
            throw section["unk_token"].Error($"is \"{unknown}\", which the vocabulary lacks.");
        JsonPlace limit = section["max_input_chars_per_word"];
        return new WordPieceModel(ids, unknownId, section["continuing_subword_prefix"].StringOrNull() ?? "##", limit.IsNull ? 100 : limit.Int(1, 10_000));
    }

    public override void Encode(ReadOnlySpan<char> piece, List<int> ids)
    {
        int first = ids.Count;
        if (!TryEncode(piece, ids))
        {
            ids.RemoveRange(first, ids.Count - first);
            ids.Add(_unknown);
        }
    }

    private bool TryEncode(ReadOnlySpan<char> piece, List<int> ids)
    {
        if (Characters(piece) > _maxCharacters)
            return false;
        // The word behind room for a prefix; a continuation's prefix is written over characters already covered.
        int shift = _prefix.Length;
        Span<char> word = shift + piece.Length <= 256 ? stackalloc char[256] : new char[shift + piece.Length];
        piece.CopyTo(word[shift..]);
        int start = 0;
        while (start < piece.Length)
        {
            int from = start == 0 ? shift : start;
            if (start > 0)
                _prefix.CopyTo(word[start..]);
            int end = Math.Min(piece.Length, start + _longest), id;
            while (!Lookup.TryGetValue(word[from..(shift + end)], out id))
            {
                end -= end - 2 >= start && char.IsLowSurrogate(piece[end - 1]) ? 2 : 1;
                if (end <= start)
                    return false;
            }
            ids.Add(id);
            start = end;
        }
        return true;
    }

    private static int Characters(ReadOnlySpan<char> piece)
    {
        int characters = piece.Length;
        foreach (char c in piece)
            characters -= char.IsLowSurrogate(c) ? 1 : 0;
        return characters;
    }
}
