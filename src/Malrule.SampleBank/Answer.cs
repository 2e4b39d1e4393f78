using System.Globalization;

namespace Malrule.SampleBank;

/// <summary>
/// The text of an option and the value it stands for. Two options of a question must differ in both:
/// 0.5 and 1/2 are the same answer, and so would make a question with two keys.
/// </summary>
/// <param name="Text">As printed, LaTeX in Eedi's style.</param>
/// <param name="Value">Equal for options that mean the same.</param>
internal readonly record struct Answer(string Text, string Value)
{
    /// <summary>An integer or a terminating decimal; null for any other number, which then is no option of the question.</summary>
    public static Answer? Number(Rational value, string after = "", string before = "") =>
        value.ToDecimal(4) is { } digits ? new Answer(Latex.Inline(before + digits + after), value.ToString()) : null;

    /// <summary>An amount of pounds: whole, or with exactly two places.</summary>
    public static Answer? Money(Rational pounds)
    {
        if (pounds.ToDecimal(2) is not { } digits || pounds < 0)
            return null;
        string padded = pounds.IsInteger ? digits : (pounds.Numerator / (decimal)pounds.Denominator).ToString("F2", CultureInfo.InvariantCulture);
        return new Answer(Latex.Inline("£ " + padded), pounds.ToString());
    }

    /// <summary>A fraction as it is written, in lowest terms or not; null when the denominator is not positive.</summary>
    public static Answer? Fraction(long numerator, long denominator) => denominator > 0
        ? new Answer(Latex.Inline(Latex.Fraction(numerator, denominator)), new Rational(numerator, denominator).ToString())
        : null;

    /// <summary>A fraction in lowest terms, or an integer.</summary>
    public static Answer? Simplest(Rational value) => new Answer(Latex.Inline(Latex.Simplest(value)), value.ToString());

    /// <summary>An expression that means nothing else than what it says: its text is its value.</summary>
    public static Answer? Written(string latex) => new Answer(Latex.Inline(latex), latex);

    /// <summary>Whether a pupil could take the two for the same option.</summary>
    public bool Matches(Answer other) => Value == other.Value || Text == other.Text;
}
