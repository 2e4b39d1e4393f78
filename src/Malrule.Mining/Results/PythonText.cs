using System.Globalization;
using System.Text;

namespace Malrule.Mining.Results;

/// <summary>Values as Python's <c>repr</c> writes them, which is how pandas puts lists and numbers into a CSV cell.</summary>
internal static class PythonText
{
    public static string Of(IEnumerable<string> texts) => $"[{string.Join(", ", texts.Select(Of))}]";

    public static string Of(IEnumerable<int> numbers) => $"[{string.Join(", ", numbers.Select(number => number.ToString(CultureInfo.InvariantCulture)))}]";

    /// <summary>A number between 1e-4 and 1e16 or 0; Python writes others with an exponent.</summary>
    public static string Of(double number)
    {
        string digits = number.ToString("R", CultureInfo.InvariantCulture);
        return digits.Contains('.', StringComparison.Ordinal) ? digits : digits + ".0";
    }

    /// <summary>A string literal: single quotes unless only double quotes spare an escape; what does not print is escaped.</summary>
    public static string Of(string text)
    {
        char quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        var literal = new StringBuilder().Append(quote);
        for (int i = 0; i < text.Length; i += char.IsSurrogatePair(text, i) ? 2 : 1)
        {
            int codePoint = char.IsSurrogatePair(text, i) ? char.ConvertToUtf32(text, i) : text[i];
            _ = codePoint switch
            {
                '\\' => literal.Append(@"\\"),
                '\n' => literal.Append(@"\n"),
                '\r' => literal.Append(@"\r"),
                '\t' => literal.Append(@"\t"),
                _ when codePoint == quote => literal.Append('\\').Append(quote),
                _ when Prints(codePoint) => literal.Append(text, i, codePoint > char.MaxValue ? 2 : 1),
                <= 0xff => literal.Append(CultureInfo.InvariantCulture, $@"\x{codePoint:x2}"),
                <= char.MaxValue => literal.Append(CultureInfo.InvariantCulture, $@"\u{codePoint:x4}"),
                _ => literal.Append(CultureInfo.InvariantCulture, $@"\U{codePoint:x8}"),
            };
        }
        return literal.Append(quote).ToString();
    }

    private static bool Prints(int codePoint) => codePoint == ' ' || CharUnicodeInfo.GetUnicodeCategory(codePoint)
        is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);
}
