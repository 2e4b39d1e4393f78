using System.Globalization;
using System.Text;

namespace Malrule.Inference.Tokenization;

/// <summary>The <c>normalizer</c> section: a chain of rewritings of the text between added tokens.</summary>
internal static class TextNormalizer
{
    public static Func<string, string>[] Read(JsonPlace section)
    {
        if (section.IsNull)
            return [];
        string type = section["type"].String();
        return type switch
        {
            "Sequence" => [.. section["normalizers"].Items().SelectMany(Read)],
            "NFC" => [text => UnicodeNormalization.Normalize(text, compatibility: false, compose: true)],
            "NFD" => [text => UnicodeNormalization.Normalize(text, compatibility: false, compose: false)],
            "NFKC" => [text => UnicodeNormalization.Normalize(text, compatibility: true, compose: true)],
            "NFKD" => [text => UnicodeNormalization.Normalize(text, compatibility: true, compose: false)],
            "Lowercase" => [Lowercase],
            "StripAccents" => [RemoveMarks],
            "BertNormalizer" => Bert(section),
            _ => throw section.Error($"is of type {type}, which Malrule does not support (it knows Sequence, NFC, NFD, NFKC, NFKD, Lowercase, StripAccents and BertNormalizer)."),
        };
    }

    private static Func<string, string>[] Bert(JsonPlace section)
    {
        var steps = new List<Func<string, string>>();
        bool lowercase = section["lowercase"].Bool(true);
        if (section["clean_text"].Bool(true))
            steps.Add(Clean);
        if (section["handle_chinese_chars"].Bool(true))
            steps.Add(SpaceIdeographs);
        if (section["strip_accents"].Bool(ifNull: lowercase))
        {
            steps.Add(text => UnicodeNormalization.Normalize(text, compatibility: false, compose: false));
            steps.Add(RemoveMarks);
        }
        if (lowercase)
            steps.Add(Lowercase);
        return [.. steps];
    }

    /// <summary>Drops control characters and U+FFFD; any white space becomes a space.</summary>
    private static string Clean(string text) => Rewrite(text, (code, result) =>
    {
        if (code is '\t' or '\n' or '\r' || Patterns.CodePointSet.IsWhiteSpace(code) && CharUnicodeInfo.GetUnicodeCategory(code) != UnicodeCategory.Control)
            result.Append(' ');
        else if (code != 0xFFFD && CharUnicodeInfo.GetUnicodeCategory(code) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse))
            result.AppendRune(code);
    });

    private static string SpaceIdeographs(string text) => Rewrite(text, (code, result) =>
    {
        bool isIdeograph = IsIdeograph(code);
        if (isIdeograph)
            result.Append(' ');
        result.AppendRune(code);
        if (isIdeograph)
            result.Append(' ');
    });

    private static string RemoveMarks(string text) => Rewrite(text, (code, result) =>
    {
        if (CharUnicodeInfo.GetUnicodeCategory(code) != UnicodeCategory.NonSpacingMark)
            result.AppendRune(code);
    });

    /// <summary>Character by character, without the context rules of whole words (no final sigma).</summary>
    private static string Lowercase(string text) => Rewrite(text, (code, result) =>
    {
        if (code == 0x130)
            result.Append("i\u0307");
        else
            result.AppendRune(Rune.ToLowerInvariant(new Rune(code)).Value);
    });

    private static string Rewrite(string text, Action<int, StringBuilder> rewrite)
    {
        var result = new StringBuilder(text.Length + 16);
        foreach (Rune rune in text.EnumerateRunes())
            rewrite(rune.Value, result);
        return result.ToString();
    }

    /// <summary>The blocks that BERT sets apart by spaces: CJK unified ideographs, extensions A–E and the compatibility ideographs.</summary>
    private static bool IsIdeograph(int code) => code is
        (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2B73F)
        or (>= 0x2B740 and <= 0x2B81F) or (>= 0x2B920 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);
}
