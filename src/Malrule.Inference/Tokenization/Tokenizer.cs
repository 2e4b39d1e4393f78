using System.Buffers;
using System.Text;
using Malrule.Inference.Tokenization;

namespace Malrule.Inference;

/// <summary>
/// A tokenizer read from Hugging Face's <c>tokenizer.json</c>: byte-level BPE (Qwen2.5, Llama 3, GPT-2 …) or WordPiece (BERT), with the
/// ids and texts that Hugging Face's library gives, on every machine and under every culture. Immutable; safe for concurrent use.
/// </summary>
/// <remarks>
/// The file's <c>truncation</c> and <c>padding</c> sections are ignored on purpose: <see cref="Encode"/> returns every token of the text,
/// and who needs a shorter or longer list says so where it is made. Sections of a type that would change ids in a way Malrule does not
/// know are refused when the file is loaded.
/// </remarks>
public sealed class Tokenizer
{
    /// <summary>No vocabulary in use comes near it; it bounds what a hostile id can make us allocate.</summary>
    internal const int MaxTokenId = (1 << 24) - 1;

    private readonly Func<string, string>[] _normalizer;
    private readonly PreTokenizer[] _preTokenizer;
    private readonly TokenModel _model;
    private readonly SpecialTokenFrame _frame;
    private readonly TokenDecoder _decoder;
    private readonly AddedTokens _addedInText;
    private readonly AddedTokens _addedInNormalizedText;
    private readonly Dictionary<string, AddedToken> _added = [];
    private readonly string?[] _tokens;
    private readonly HashSet<int> _special;

    private Tokenizer(JsonPlace file)
    {
        _model = TokenModel.Read(file["model"]);
        _normalizer = TextNormalizer.Read(file["normalizer"]);
        _preTokenizer = PreTokenizer.Read(file["pre_tokenizer"]);
        _decoder = TokenDecoder.Read(file["decoder"]);
        _tokens = ReadTokens(file);
        _frame = SpecialTokenFrame.Read(file["post_processor"], id => Token(id) is not null);
        _special = [.. _added.Values.Where(token => token.Special).Select(token => token.Id)];
        _addedInText = new AddedTokens(_added.Values.Where(token => !token.Normalized).Select(token => (token.Content, token)));
        _addedInNormalizedText = new AddedTokens(_added.Values.Where(token => token.Normalized).Select(token => (Normalize(token.Content), token)));
    }

    /// <summary>Reads a <c>tokenizer.json</c>.</summary>
    /// <exception cref="InvalidInputException">The file is missing, damaged or of a kind Malrule does not know; the message names the place.</exception>
    public static Tokenizer Load(string tokenizerJsonPath) => JsonPlace.ReadFile(tokenizerJsonPath, file => new Tokenizer(file));

    /// <summary>The highest token id + 1, added tokens included.</summary>
    public int VocabularySize => _tokens.Length;

    /// <summary>
    /// The ids of a text. Added tokens such as <c>&lt;|im_end|&gt;</c> that stand in it become their ids. Half a surrogate pair counts as U+FFFD.
    /// </summary>
    /// <param name="text">Any text.</param>
    /// <param name="addSpecialTokens">Whether the file's post-processor adds its own, such as [CLS] and [SEP].</param>
    /// <exception cref="InvalidInputException">The vocabulary lacks a character of the text and has no unknown token.</exception>
    public int[] Encode(string text, bool addSpecialTokens = true)
    {
        ArgumentNullException.ThrowIfNull(text);
        var ids = new List<int>(text.Length / 3 + 8);
        if (addSpecialTokens)
            ids.AddRange(_frame.Before);
        foreach ((string outer, AddedToken? outerToken) in _addedInText.Cut(WellFormed(text)))
        {
            if (outerToken is not null)
            {
                ids.Add(outerToken.Id);
                continue;
            }
            foreach ((string inner, AddedToken? innerToken) in _addedInNormalizedText.Cut(Normalize(outer)))
            {
                if (innerToken is not null)
                    ids.Add(innerToken.Id);
                else
                    EncodePlain(inner, ids);
            }
        }
        if (addSpecialTokens)
            ids.AddRange(_frame.Behind);
        return [.. ids];
    }

    /// <summary>The text of a list of ids; ids beyond the vocabulary add nothing, bytes that are no UTF-8 become U+FFFD.</summary>
    public string Decode(ReadOnlySpan<int> tokenIds, bool skipSpecialTokens = true)
    {
        var utf8 = new ArrayBufferWriter<byte>(tokenIds.Length * 4 + 16);
        bool isFirst = true;
        foreach (int id in tokenIds)
            AppendText(id, skipSpecialTokens, ref isFirst, utf8);
        return Encoding.UTF8.GetString(utf8.WrittenSpan);
    }

    /// <summary>The id of a token by the vocabulary's own string of it; null where there is none.</summary>
    public int? TokenId(string token) =>
        _added.TryGetValue(token, out AddedToken? added) ? added.Id : _model.Vocabulary.TryGetValue(token, out int id) ? id : null;

    /// <summary>The vocabulary's own string of a token, for byte-level vocabularies one character a byte; null beyond the vocabulary.</summary>
    public string? Token(int tokenId) => (uint)tokenId < (uint)_tokens.Length ? _tokens[tokenId] : null;

    /// <summary>Whether a token is marked special, so that decoding can leave it out.</summary>
    public bool IsSpecial(int tokenId) => _special.Contains(tokenId);

    /// <summary>Whether a token was added to the vocabulary, special or not.</summary>
    internal bool IsAdded(int tokenId) => Token(tokenId) is string token && _added.ContainsKey(token);

    /// <summary>Appends the UTF-8 that a token adds to a text.</summary>
    internal void AppendText(int tokenId, bool skipSpecialTokens, ref bool isFirst, ArrayBufferWriter<byte> utf8)
    {
        if (Token(tokenId) is not string token || skipSpecialTokens && IsSpecial(tokenId))
            return;
        _decoder.Append(token, isFirst, utf8);
        isFirst = false;
    }

    private void EncodePlain(string text, List<int> ids)
    {
        var pieces = new PreTokenizedText(text);
        foreach (PreTokenizer step in _preTokenizer)
            step.Apply(pieces);
        foreach ((int start, int length) in pieces.Pieces)
            _model.Encode(pieces.Text.AsSpan(start, length), ids);
    }

    private string Normalize(string text)
    {
        foreach (Func<string, string> step in _normalizer)
            text = step(text);
        return text;
    }

    private static string WellFormed(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
            return text;
        var result = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes()) // yields U+FFFD for half a pair
            result.AppendRune(rune.Value);
        return result.ToString();
    }

    /// <summary>Fills the added tokens and returns every token's string by its id.</summary>
    private string?[] ReadTokens(JsonPlace file)
    {
        JsonPlace section = file["added_tokens"];
        List<(JsonPlace Place, AddedToken Token)> added = section.IsNull ? [] : [.. section.Items().Select(place => (place, AddedToken.Read(place)))];
        int count = _model.Vocabulary.Count + added.Count;
        int highest = Math.Max(_model.Vocabulary.Values.Max(), added.Count == 0 ? 0 : added.Max(item => item.Token.Id));
        if (highest >= 8L * count + 65_536)
            throw file.Error($"names the token id {highest}, but has only {count} tokens.");

        var tokens = new string?[highest + 1];
        foreach ((string token, int id) in _model.Vocabulary)
            tokens[id] = tokens[id] is string other
                ? throw file["model"]["vocab"].Error($"gives the id {id} to both \"{other}\" and \"{token}\".") : token;
        foreach ((JsonPlace place, AddedToken token) in added)
        {
            if (TokenId(token.Content) is int id && id != token.Id)
                throw place.Error($"gives \"{token.Content}\" the id {token.Id}, but it has the id {id} already.");
            if (tokens[token.Id] is string other && other != token.Content)
                throw place.Error($"gives the id {token.Id} to \"{token.Content}\", but it is that of \"{other}\".");
            tokens[token.Id] = token.Content;
            _added[token.Content] = token;
        }
        return tokens;
    }
}
