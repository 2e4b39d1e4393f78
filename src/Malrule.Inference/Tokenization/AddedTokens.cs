using System.Buffers;
using System.Text;
using Malrule.Inference.Tokenization.Patterns;

namespace Malrule.Inference.Tokenization;

/// <summary>One entry of the <c>added_tokens</c> section.</summary>
internal sealed record AddedToken(int Id, string Content, bool SingleWord, bool LeftStrip, bool RightStrip, bool Normalized, bool Special)
{
    public static AddedToken Read(JsonPlace place) => new(
        place["id"].Int(0, Tokenizer.MaxTokenId),
        place["content"].String() is { Length: > 0 } content ? content : throw place["content"].Error("is empty."),
        place["single_word"].Bool(false),
        place["lstrip"].Bool(false),
        place["rstrip"].Bool(false),
        place["normalized"].Bool(false),
        place["special"].Bool(false));
}

/// <summary>
/// Finds added tokens in a text: leftmost, of those the longest. <c>single_word</c> tokens count only between non-word characters;
/// <c>lstrip</c> and <c>rstrip</c> tokens swallow the white space beside them.
/// </summary>
internal sealed class AddedTokens
{
    private readonly Dictionary<string, AddedToken> _tokens = [];
    private readonly Dictionary<string, AddedToken>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly Dictionary<char, int[]> _lengths; // of the tokens that start with a character, longest first
    private readonly SearchValues<char> _firsts;

    /// <param name="tokens">The tokens with the text to look for, which is normalised for tokens that are.</param>
    public AddedTokens(IEnumerable<(string Content, AddedToken Token)> tokens)
    {
        foreach ((string content, AddedToken token) in tokens)
            if (content.Length > 0)
                _tokens.TryAdd(content, token);
        _lookup = _tokens.GetAlternateLookup<ReadOnlySpan<char>>();
        _lengths = _tokens.Keys.GroupBy(content => content[0])
            .ToDictionary(group => group.Key, group => group.Select(content => content.Length).Distinct().OrderDescending().ToArray());
        _firsts = SearchValues.Create([.. _lengths.Keys]);
    }

    /// <summary>Cuts the text into added tokens and the stretches between them, none empty.</summary>
    public IEnumerable<(string Text, AddedToken? Token)> Cut(string text)
    {
        int previous = 0, position = 0;
        while (Find(text, ref position) is AddedToken token)
        {
            int start = position, end = position + MatchLength(text, position);
            position = end;
            if (token.SingleWord && (IsWordBefore(text, start) || IsWordAt(text, end)))
                continue;
            if (token.LeftStrip)
                while (start > previous && char.IsWhiteSpace(text[start - 1]))
                    start--;
            if (token.RightStrip)
                while (end < text.Length && char.IsWhiteSpace(text[end]))
                    end++;
            if (previous < start)
                yield return (text[previous..start], null);
            yield return (token.Content, token);
            previous = position = end;
        }
        if (previous < text.Length)
            yield return (previous == 0 ? text : text[previous..], null);
    }

    /// <summary>The next token at or behind a position, which moves to its start.</summary>
    private AddedToken? Find(string text, ref int position)
    {
        while (position < text.Length)
        {
            int skip = text.AsSpan(position).IndexOfAny(_firsts);
            if (skip < 0)
                break;
            position += skip;
            int length = MatchLength(text, position);
            if (length > 0)
                return _lookup[text.AsSpan(position, length)];
            position++;
        }
        return null;
    }

    private int MatchLength(string text, int position)
    {
        foreach (int length in _lengths[text[position]])
            if (length <= text.Length - position && _lookup.ContainsKey(text.AsSpan(position, length)))
                return length;
        return 0;
    }

    private static bool IsWordBefore(string text, int position) =>
        Rune.DecodeLastFromUtf16(text.AsSpan(0, position), out Rune rune, out _) == OperationStatus.Done && IsWord(rune);

    private static bool IsWordAt(string text, int position) =>
        Rune.DecodeFromUtf16(text.AsSpan(position), out Rune rune, out _) == OperationStatus.Done && IsWord(rune);

    private static bool IsWord(Rune rune) => CodePointSet.Item.Word(negated: false).Contains(rune.Value);
}
