using System.Buffers;
using System.Text;
using Malrule.Inference.Tokenization.Patterns;

namespace Malrule.Inference.Tokenization;

/// <summary>A text on its way to the model and the pieces it has been cut into; each piece is tokenised by itself.</summary>
internal sealed class PreTokenizedText(string text)
{
    public string Text { get; set; } = text;

    /// <summary>In order, none empty, none overlapping.</summary>
    public List<(int Start, int Length)> Pieces { get; set; } = text.Length == 0 ? [] : [(0, text.Length)];
}

/// <summary>
/// The <c>pre_tokenizer</c> section: a chain of steps. Every step that cuts is a <see cref="Split"/> by a pattern, the file's own or the
/// one that defines a built-in such as <c>Digits</c>; <see cref="ByteLevel"/> rewrites the pieces as one character a byte.
/// </summary>
internal abstract class PreTokenizer
{
    private const string AnyPunctuation = @"[!-/:-@\[-`{-~\p{P}]";

    /// <summary>GPT-2's pattern, which ByteLevel applies where <c>use_regex</c> is set.</summary>
    private const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    public abstract void Apply(PreTokenizedText text);

    public static PreTokenizer[] Read(JsonPlace section)
    {
        if (section.IsNull)
            return [];
        string type = section["type"].String();
        return type switch
        {
            "Sequence" => [.. section["pretokenizers"].Items().SelectMany(Read)],
            "Split" => [new Split(FilePattern(section["pattern"]), ReadBehavior(section["behavior"], null), section["invert"].Bool(false))],
            "ByteLevel" when section["use_regex"].Bool(true) =>
                [new ByteLevel(section["add_prefix_space"].Bool(true), new Split(new Pattern(Gpt2), SplitBehavior.Isolated))],
            "ByteLevel" => [new ByteLevel(section["add_prefix_space"].Bool(true), null)],
            "BertPreTokenizer" => [new Split(new Pattern(@"\s"), SplitBehavior.Removed), new Split(new Pattern(AnyPunctuation), SplitBehavior.Isolated)],
            "Digits" => [new Split(new Pattern(@"\p{N}"), section["individual_digits"].Bool(false) ? SplitBehavior.Isolated : SplitBehavior.Contiguous)],
            "Punctuation" => [new Split(new Pattern(AnyPunctuation), ReadBehavior(section["behavior"], SplitBehavior.Isolated))],
            "Whitespace" => [new Split(new Pattern(@"\w+|[^\w\s]+"), SplitBehavior.Removed, invert: true)],
            "WhitespaceSplit" => [new Split(new Pattern(@"\s"), SplitBehavior.Removed)],
            _ => throw section.Error($"is of type {type}, which Malrule does not support (it knows Sequence, Split, ByteLevel, BertPreTokenizer, Digits, Punctuation, Whitespace and WhitespaceSplit)."),
        };
    }

    private static Pattern FilePattern(JsonPlace pattern)
    {
        JsonPlace regex = pattern["Regex"];
        string source = regex.StringOrNull() ?? EscapedLiteral(pattern["String"].String());
        try
        {
            return new Pattern(source);
        }
        catch (InvalidInputException e)
        {
            throw pattern.Error($"is not usable: {e.Message}");
        }
    }

    private static string EscapedLiteral(string literal)
    {
        var pattern = new StringBuilder();
        foreach (char c in literal)
            pattern.Append(char.IsAscii(c) && !char.IsAsciiLetterOrDigit(c) && !char.IsControl(c) ? $"\\{c}" : $"{c}");
        return pattern.ToString();
    }

    private static SplitBehavior ReadBehavior(JsonPlace place, SplitBehavior? ifNull)
    {
        if (place.IsNull && ifNull is SplitBehavior behavior)
            return behavior;
        string name = place.String();
        return Enum.GetNames<SplitBehavior>().Contains(name)
            ? Enum.Parse<SplitBehavior>(name)
            : throw place.Error($"is {name}; it must be one of {string.Join(", ", Enum.GetNames<SplitBehavior>())}.");
    }
}

/// <summary>What becomes of a pattern's matches and of the text between them.</summary>
internal enum SplitBehavior
{
    /// <summary>Matches are left out.</summary>
    Removed,

    /// <summary>Each match is a piece.</summary>
    Isolated,

    /// <summary>A match ends the piece before it.</summary>
    MergedWithPrevious,

    /// <summary>A match opens the piece behind it.</summary>
    MergedWithNext,

    /// <summary>Matches that touch are one piece.</summary>
    Contiguous,
}

/// <summary>Cuts each piece at the matches of a pattern; with <paramref name="invert"/> at what lies between them.</summary>
internal sealed class Split(Pattern pattern, SplitBehavior behavior, bool invert = false) : PreTokenizer
{
    public override void Apply(PreTokenizedText text)
    {
        var pieces = new List<(int Start, int Length)>(Math.Max(text.Pieces.Count, text.Text.Length / 4));
        var segments = new List<(int Start, int End, bool IsMatch)>();
        foreach ((int offset, int length) in text.Pieces)
        {
            segments.Clear();
            pattern.Segment(text.Text.AsSpan(offset, length), segments);
            bool added = false, previousMatch = false;
            for (int i = 0; i < segments.Count; i++)
            {
                (int start, int end, bool isMatch) = segments[i];
                isMatch ^= invert;
                bool joins = i > 0 && behavior switch
                {
                    SplitBehavior.MergedWithPrevious => isMatch && !previousMatch,
                    SplitBehavior.MergedWithNext => previousMatch && !isMatch,
                    SplitBehavior.Contiguous => isMatch == previousMatch,
                    _ => false,
                };
                previousMatch = isMatch;
                if (joins && added)
                {
                    pieces[^1] = (pieces[^1].Start, offset + end - pieces[^1].Start);
                    continue;
                }
                added = start < end && !(isMatch && behavior == SplitBehavior.Removed);
                if (added)
                    pieces.Add((offset + start, end - start));
            }
        }
        text.Pieces = pieces;
    }
}

/// <summary>
/// Writes each byte of a piece's UTF-8 as one printable character (GPT-2's table), after putting a space before a piece that has none
/// (<c>add_prefix_space</c>) and cutting by <paramref name="split"/>.
/// </summary>
internal sealed class ByteLevel(bool addPrefixSpace, Split? split) : PreTokenizer
{
    public override void Apply(PreTokenizedText text)
    {
        if (addPrefixSpace)
            AddPrefixSpaces(text);
        split?.Apply(text);

        string source = text.Text;
        char[] mapped = ArrayPool<char>.Shared.Rent(checked(source.Length * 3));
        byte[] utf8 = ArrayPool<byte>.Shared.Rent(mapped.Length);
        int write = 0;
        for (int i = 0; i < text.Pieces.Count; i++)
        {
            (int start, int length) = text.Pieces[i];
            int count = Encoding.UTF8.GetBytes(source.AsSpan(start, length), utf8);
            for (int k = 0; k < count; k++)
                mapped[write + k] = ByteCharacters.OfByte(utf8[k]);
            text.Pieces[i] = (write, count);
            write += count;
        }
        text.Text = new string(mapped, 0, write);
        ArrayPool<byte>.Shared.Return(utf8);
        ArrayPool<char>.Shared.Return(mapped);
    }

    private static void AddPrefixSpaces(PreTokenizedText text)
    {
        var spaced = new StringBuilder();
        for (int i = 0; i < text.Pieces.Count; i++)
        {
            (int start, int length) = text.Pieces[i];
            int from = spaced.Length;
            if (text.Text[start] != ' ')
                spaced.Append(' ');
            spaced.Append(text.Text, start, length);
            text.Pieces[i] = (from, spaced.Length - from);
        }
        text.Text = spaced.ToString();
    }
}
