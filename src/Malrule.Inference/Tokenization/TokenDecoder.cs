using System.Buffers;
using System.Text;

namespace Malrule.Inference.Tokenization;

/// <summary>The <c>decoder</c> section: the bytes each token adds to the text. Tokens are handed over one by one, so a text can grow.</summary>
internal abstract class TokenDecoder
{
    /// <summary>Appends the UTF-8 of a token; <paramref name="isFirst"/> for the first of a text.</summary>
    public abstract void Append(string token, bool isFirst, ArrayBufferWriter<byte> utf8);

    public static TokenDecoder Read(JsonPlace section)
    {
        if (section.IsNull)
            return new SpacedDecoder();
        string type = section["type"].String();
        return type switch
        {
            "ByteLevel" => new ByteLevelDecoder(),
            "WordPiece" => new WordPieceDecoder(section["prefix"].StringOrNull() ?? "##", section["cleanup"].Bool(true)),
            _ => throw section.Error($"is of type {type}, which Malrule does not support (it knows ByteLevel and WordPiece)."),
        };
    }

    protected static void Write(ReadOnlySpan<char> text, ArrayBufferWriter<byte> utf8) => Encoding.UTF8.GetBytes(text, utf8);
}

/// <summary>Each character is a byte; a token with any other character (an added one) is its own text.</summary>
internal sealed class ByteLevelDecoder : TokenDecoder
{
    public override void Append(string token, bool isFirst, ArrayBufferWriter<byte> utf8)
    {
        Span<byte> bytes = utf8.GetSpan(token.Length);
        for (int i = 0; i < token.Length; i++)
        {
            int b = ByteCharacters.ToByte(token[i]);
            if (b < 0)
            {
                Write(token, utf8);
                return;
            }
            bytes[i] = (byte)b;
        }
        utf8.Advance(token.Length);
    }
}

/// <summary>Tokens are words with a space before them, or continue one where they carry the prefix; cleanup draws punctuation to its word.</summary>
internal sealed class WordPieceDecoder(string prefix, bool cleanup) : TokenDecoder
{
    // Applied in this order to one token at a time, as Hugging Face's decoder does.
    private static readonly (string Loose, string Tight)[] Cleanups =
    [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"),
        (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ];

    public override void Append(string token, bool isFirst, ArrayBufferWriter<byte> utf8)
    {
        string text = isFirst ? token
            : prefix.Length > 0 && token.StartsWith(prefix, StringComparison.Ordinal) ? token[prefix.Length..]
            : " " + token;
        if (cleanup)
            foreach ((string loose, string tight) in Cleanups)
                text = text.Replace(loose, tight, StringComparison.Ordinal);
        Write(text, utf8);
    }
}

/// <summary>Tokens joined by spaces: a file without a decoder.</summary>
internal sealed class SpacedDecoder : TokenDecoder
{
    public override void Append(string token, bool isFirst, ArrayBufferWriter<byte> utf8)
    {
        if (!isFirst)
            Write(" ", utf8);
        Write(token, utf8);
    }
}
