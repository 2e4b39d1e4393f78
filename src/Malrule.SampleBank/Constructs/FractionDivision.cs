using static Malrule.SampleBank.Answer;
using P = (int A, int B, int C, int D);

namespace Malrule.SampleBank.Constructs;

/// <summary>a/b ÷ c/d.</summary>
internal static class FractionDivision
{
    public static Construct Construct { get; } = new Construct<P>("Divide a fraction by a fraction", "Fractions")
    {
        Sample = r => (r.Int(1, 11), r.Int(2, 12), r.Int(1, 11), r.Int(2, 12)),
        Where = p => p.A < p.B && p.C < p.D && Rational.GreatestCommonDivisor(p.A, p.B) == 1 && Rational.GreatestCommonDivisor(p.C, p.D) == 1,
        Key = p => Simplest(new Rational(p.A, p.B) / new Rational(p.C, p.D)),
        Stems =
        [
            p => $@"Calculate \( {First(p)} \div {Second(p)} \)",
            p => $"What is the result of this division?\n\\[\n{First(p)} \\div {Second(p)}\n\\]",
            p => $@"Divide \( {First(p)} \) by \( {Second(p)} \).",
            p => $@"Work out \( {First(p)} \div {Second(p)} \) and give your answer as a fraction.",
            p => $@"How many times does \( {Second(p)} \) go into \( {First(p)} \) ?",
            p => $@"A jug holds \( {First(p)} \) of a litre. A cup holds \( {Second(p)} \) of a litre. How many cups does one jug fill?",
            p => $@"Find the missing value: \( {First(p)} \div {Second(p)}=\square \)",
        ],
        HeldOutStems =
        [
            p => $@"@name has \( {First(p)} \) of a metre of ribbon and cuts it into pieces of \( {Second(p)} \) of a metre. How many pieces is that?",
            p => $@"\( \square \times {Second(p)}={First(p)} \). What is the missing value?",
        ],
        MalRules =
        [
            new("Multiplies the fractions without turning the second one upside down",
                p => Fraction(p.A * p.C, p.B * p.D),
                "Multiplies straight across when dividing fractions",
                "Forgets to invert the divisor before multiplying",
                "Changes the division into a multiplication but does not use the reciprocal",
                "Does not flip the second fraction in a division",
                "Finds the product of two fractions instead of their quotient",
                "Swaps the divide sign for a times sign and leaves both fractions as they are"),
            new("Turns the first fraction upside down instead of the second one",
                p => Fraction(p.B * p.C, p.A * p.D),
                "Inverts the dividend rather than the divisor",
                "Flips the wrong fraction before multiplying",
                "Takes the reciprocal of the first fraction in a division",
                "Believes it is the fraction in front of the divide sign that must be inverted",
                "Keeps the second fraction and flips the first",
                "Divides the second fraction by the first, as division can be done in either order"),
            new("Turns both fractions upside down before multiplying",
                p => Fraction(p.B * p.D, p.A * p.C),
                "Inverts the two fractions of a division, not only the divisor",
                "Flips every fraction in a division",
                "Takes the reciprocal of both fractions and multiplies them",
                "Believes division of fractions needs both reciprocals",
                "Multiplies the denominators for the top and the numerators for the bottom",
                "Applies the flip of the divisor to the first fraction as well"),
            new("Inverts the second fraction and then adds the fractions instead of multiplying",
                p => Fraction(p.A * p.C + p.B * p.D, p.B * p.C),
                "Adds the reciprocal of the divisor to the first fraction",
                "Flips the second fraction correctly but follows with an addition",
                "Thinks a division of fractions becomes an addition after inverting",
                "Keeps, flips and then adds rather than multiplies",
                "Finds a common denominator and adds once the divisor has been turned over",
                "Changes the divide sign to a plus sign when taking the reciprocal"),
            new("Multiplies by the reciprocal for the numerator but adds for the denominator",
                p => Fraction(p.A * p.D, p.B + p.C),
                "Adds the two bottom numbers after flipping the divisor",
                "Multiplies the tops and adds the bottoms when dividing fractions",
                "Finds the right numerator of the quotient and adds to get its denominator",
                "Inverts the divisor, multiplies across the top only and sums the denominators",
                "Believes the denominators are added while the numerators are multiplied in a division",
                "Combines the denominators by a sum instead of a product after inverting"),
        ],
        Quantities = p => [("the first numerator", p.A), ("the first denominator", p.B), ("the second numerator", p.C), ("the second denominator", p.D)],
        Render = (p, value) => value.IsInteger && value > 0 ? Fraction(value.Numerator, p.B * p.C) : null,
    };

    private static string First(P p) => Latex.Fraction(p.A, p.B);

    private static string Second(P p) => Latex.Fraction(p.C, p.D);
}
