using System.Globalization;
using System.Text;

namespace Malrule.Inference.Tokenization.Jinja;

/// <summary>Text as Python sees it: white space, positions that count code points, and the written forms of numbers and strings.</summary>
internal static class PythonText
{
    /// <summary>Every character that Python's <c>str.isspace</c> accepts.</summary>
    public static readonly char[] WhiteSpace = [.. Enumerable.Range(0, 0x10000).Select(code => (char)code).Where(IsWhiteSpace)];

    public static bool IsWhiteSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f';

    /// <summary>The number of code points.</summary>
    public static int Length(string text) => text.Length - text.AsSpan().CountAny(LowSurrogates);

    /// <summary>The string of each code point.</summary>
    public static string[] Characters(string text) => [.. text.EnumerateRunes().Select(rune => rune.ToString())];

    /// <summary>The UTF-16 position of a code point; <paramref name="index"/> from 0 to <see cref="Length"/>.</summary>
    public static int Offset(string text, int index)
    {
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
            return index;
        int offset = 0;
        while (index-- > 0)
            offset += char.IsHighSurrogate(text[offset]) ? 2 : 1;
        return offset;
    }

    /// <summary>Order by code point, which differs from UTF-16's order where surrogates meet the end of the BMP.</summary>
    public static int Compare(string left, string right)
    {
        int common = left.AsSpan().CommonPrefixLength(right);
        if (common == left.Length || common == right.Length)
            return left.Length.CompareTo(right.Length);
        bool leftAstral = char.IsSurrogate(left[common]), rightAstral = char.IsSurrogate(right[common]);
        return leftAstral != rightAstral ? leftAstral.CompareTo(rightAstral) : left[common].CompareTo(right[common]);
    }

    /// <summary>Upper case; unlike Unicode's full mapping only the sharp s grows.</summary>
    public static string Upper(string text) => text.Replace("ß", "SS", StringComparison.Ordinal).ToUpperInvariant();

    public static string Lower(string text) => text.Replace("\u0130", "i\u0307", StringComparison.Ordinal).ToLowerInvariant();

    public static string Capitalize(string text) =>
        text.Length == 0 ? text : Upper(text[..Offset(text, 1)]) + Lower(text[Offset(text, 1)..]);

    /// <summary><c>repr</c> of a float: the shortest digits that read back the same, with an exponent below 1e-4 and from 1e16 on.</summary>
    public static string Float(double value)
    {
        if (!double.IsFinite(value))
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        string shortest = value.ToString("E16", CultureInfo.InvariantCulture);
        for (int precision = 0; precision < 17; precision++)
        {
            shortest = value.ToString($"E{precision}", CultureInfo.InvariantCulture);
            if (double.Parse(shortest, CultureInfo.InvariantCulture).Equals(value))
                break;
        }
        int mark = shortest.IndexOf('E', StringComparison.Ordinal);
        int exponent = int.Parse(shortest.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        string sign = shortest[0] == '-' ? "-" : "";
        string digits = shortest[sign.Length..mark].Replace(".", "", StringComparison.Ordinal);
        if (exponent is < -4 or >= 16)
        {
            string fraction = digits.Length > 1 ? $".{digits[1..]}" : "";
            return string.Create(CultureInfo.InvariantCulture, $"{sign}{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");
        }
        if (exponent < 0)
            return $"{sign}0.{new string('0', -exponent - 1)}{digits}";
        digits = digits.PadRight(exponent + 2, '0');
        return $"{sign}{digits[..(exponent + 1)]}.{digits[(exponent + 1)..]}";
    }

    /// <summary><c>repr</c> of a string.</summary>
    public static string Quoted(string text)
    {
        char quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        var result = new StringBuilder().Append(quote);
        foreach (Rune rune in text.EnumerateRunes())
        {
            int code = rune.Value;
            if (code == quote || code == '\\')
                result.Append('\\').Append((char)code);
            else if (code is '\n' or '\r' or '\t')
                result.Append('\\').Append(code == '\n' ? 'n' : code == '\r' ? 'r' : 't');
            else if (code == ' ' || IsPrintable(rune))
                result.AppendRune(code);
            else
                result.Append(code <= 0xFF ? "\\x" : code <= 0xFFFF ? "\\u" : "\\U")
                    .Append(code.ToString(code <= 0xFF ? "x2" : code <= 0xFFFF ? "x4" : "x8", CultureInfo.InvariantCulture));
        }
        return result.Append(quote).ToString();
    }

    private static bool IsPrintable(Rune rune) => Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);

    private static readonly System.Buffers.SearchValues<char> LowSurrogates =
        System.Buffers.SearchValues.Create([.. Enumerable.Range(0xDC00, 0x400).Select(code => (char)code)]);
}
