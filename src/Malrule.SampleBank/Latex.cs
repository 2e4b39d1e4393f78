using System.Globalization;
using System.Text;

namespace Malrule.SampleBank;

/// <summary>Mathematics as Eedi's questions write it: <c>\( 3 x^{2}-5 \)</c>.</summary>
internal static class Latex
{
    public static string Inline(string latex) => $@"\( {latex} \)";

    public static string Fraction(long numerator, long denominator) => numerator < 0
        ? string.Create(CultureInfo.InvariantCulture, $@"-\frac{{{-numerator}}}{{{denominator}}}")
        : string.Create(CultureInfo.InvariantCulture, $@"\frac{{{numerator}}}{{{denominator}}}");

    /// <summary>A fraction in lowest terms, or an integer.</summary>
    public static string Simplest(Rational value) => value.IsInteger ? value.ToString() : Fraction(value.Numerator, value.Denominator);

    /// <summary>A sum of terms, coefficient before letter: <c>(3, "x^{2}"), (-1, "x"), (4, "")</c> is <c>3 x^{2}-x+4</c>; of zeros, 0.</summary>
    public static string Sum(params ReadOnlySpan<(Rational Coefficient, string Letters)> terms)
    {
        var text = new StringBuilder();
        foreach ((Rational coefficient, string letters) in terms)
        {
            if (coefficient == 0)
                continue;
            if (coefficient < 0)
                text.Append('-');
            else if (text.Length > 0)
                text.Append('+');
            Rational size = coefficient < 0 ? -coefficient : coefficient;
            if (letters.Length == 0)
                text.Append(Simplest(size));
            else if (size == 1)
                text.Append(letters);
            else
                text.Append(Simplest(size)).Append(' ').Append(letters);
        }
        return text.Length == 0 ? "0" : text.ToString();
    }

    /// <summary>A number to be added after another: <c>+3</c> or <c>-3</c>.</summary>
    public static string Signed(long value) => value.ToString("+0;-0;+0", CultureInfo.InvariantCulture);

    /// <summary>A letter to a power, without an index of one.</summary>
    public static string Power(string letter, long index) => index switch
    {
        0 => "",
        1 => letter,
        _ => string.Create(CultureInfo.InvariantCulture, $"{letter}^{{{index}}}"),
    };

    public static string Point(Rational x, Rational y) => $"({x.ToDecimal() ?? Simplest(x)}, {y.ToDecimal() ?? Simplest(y)})";
}
