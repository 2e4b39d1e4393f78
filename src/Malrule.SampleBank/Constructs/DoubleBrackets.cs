using static Malrule.SampleBank.Answer;
using P = (int A, int B, string Letter);

namespace Malrule.SampleBank.Constructs;

/// <summary>(x + a)(x + b) with a and b of either sign.</summary>
internal static class DoubleBrackets
{
    public static Construct Construct { get; } = new Construct<P>("Expand a pair of brackets to a quadratic", "Expanding Brackets")
    {
        Sample = r => (r.SignedInt(1, 15), r.SignedInt(1, 15), r.Pick(["x", "y", "n", "p"])),
        Where = p => p.A != p.B && p.A != -p.B,
        Key = p => Quadratic(p, 1, p.A + p.B, p.A * p.B),
        Stems =
        [
            p => $@"Expand and simplify \( {Expression(p)} \)",
            p => $"Multiply out the brackets and simplify:\n\\[\n{Expression(p)}\n\\]",
            p => $@"Which quadratic is equal to \( {Expression(p)} \) ?",
            p => $@"@name expands \( {Expression(p)} \). What should @name get?",
            p => $@"Write \( {Expression(p)} \) without brackets.",
            p => $@"What is the product of \( {Bracket(p, p.A)} \) and \( {Bracket(p, p.B)} \) ?",
            p => $@"A rectangle has sides \( {Bracket(p, p.A)} \) and \( {Bracket(p, p.B)} \). Which expression is its area?",
        ],
        HeldOutStems =
        [
            p => $@"Put \( {Expression(p)} \) in the form \( {p.Letter}^{{2}}+b {p.Letter}+c \)",
            p => $@"\( {Expression(p)} \equiv \) ?",
        ],
        MalRules =
        [
            new("Multiplies only the first terms and the last terms of two brackets",
                p => Quadratic(p, 1, 0, p.A * p.B),
                "Leaves out the two middle products when expanding a pair of brackets",
                "Finds no term in the letter itself when multiplying two brackets",
                "Multiplies letter by letter and number by number and nothing else",
                "Forgets the outer and the inner products",
                "Believes two brackets have only two products",
                "Expands a pair of brackets to the square of the letter and a constant"),
            new("Uses the product of the numbers for the middle term and their sum for the constant",
                p => Quadratic(p, 1, p.A * p.B, p.A + p.B),
                "Swaps the sum and the product of the numbers in the brackets",
                "Puts the product in front of the letter and the sum at the end",
                "Mixes up which of sum and product is the coefficient of the middle term",
                "Multiplies to get the middle term and adds to get the last term",
                "Exchanges the coefficient of the letter with the constant",
                "Gets sum and product the wrong way round when expanding"),
            new("Adds the letters of the two brackets instead of multiplying them",
                p => Quadratic(p, 0, 2, p.A + p.B),
                "Adds the two brackets rather than multiplying them",
                "Collects the terms of both brackets into one sum",
                "Thinks brackets side by side are to be added",
                "Gets twice the letter instead of its square",
                "Finds the sum of the brackets",
                "Takes the multiplication of brackets for an addition"),
            new("Ignores the minus signs in the brackets when expanding",
                p => Quadratic(p, 1, Math.Abs(p.A) + Math.Abs(p.B), Math.Abs(p.A * p.B)),
                "Treats subtracted numbers in brackets as added",
                "Expands as if all signs were plus",
                "Drops negative signs when multiplying two brackets",
                "Makes every term of the expansion positive",
                "Works with the sizes of the numbers only, not with their signs",
                "Loses the negatives while multiplying out a pair of brackets"),
            new("Adds the numbers in the brackets also for the constant term",
                p => Quadratic(p, 1, p.A + p.B, p.A + p.B),
                "Uses the sum of the numbers for both the middle and the last term",
                "Does not multiply the two numbers but adds them again",
                "Gets the middle term right and adds to find the constant",
                "Writes the same sum as coefficient and as constant",
                "Finds the last term of the quadratic by adding",
                "Thinks the constant term is the sum of the two constants"),
        ],
        Quantities = p => [("the first constant", p.A), ("the second constant", p.B), ("one", 1)],
        Render = (p, value) => value.IsInteger ? Quadratic(p, 1, p.A + p.B, value) : null,
    };

    private static Answer? Quadratic(P p, Rational a, Rational b, Rational c) => Written(Latex.Sum((a, p.Letter + "^{2}"), (b, p.Letter), (c, "")));

    private static string Bracket(P p, int constant) => $"{p.Letter}{Latex.Signed(constant)}";

    private static string Expression(P p) => $"({Bracket(p, p.A)})({Bracket(p, p.B)})";
}
