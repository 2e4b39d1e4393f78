using static Malrule.SampleBank.Answer;
using P = (int A, int B, string Letter);

namespace Malrule.SampleBank.Constructs;

/// <summary>x² + b x + c into (x + A)(x + B), A below B.</summary>
internal static class FactorisingQuadratics
{
    public static Construct Construct { get; } = new Construct<P>("Factorise a quadratic with leading coefficient one", "Factorising")
    {
        Sample = r => (r.SignedInt(1, 15), r.SignedInt(1, 15), r.Pick(["x", "y", "n", "p", "t", "m"])),
        Where = p => p.A < p.B && p.A != -p.B,
        Key = p => Brackets(p, p.A, p.B),
        Stems =
        [
            p => $@"Factorise \( {Expression(p)} \)",
            p => $"Factorise fully:\n\\[\n{Expression(p)}\n\\]",
            p => $@"Write \( {Expression(p)} \) as a product of two brackets.",
            p => $@"Which of these is the factorised form of \( {Expression(p)} \) ?",
            p => $@"@name factorises \( {Expression(p)} \). What is the correct result?",
            p => $@"\( {Expression(p)}=(\square)(\square) \). Which pair of brackets is right?",
            p => $@"The area of a rectangle is \( {Expression(p)} \). Which could be its side lengths, written as a product?",
        ],
        HeldOutStems =
        [
            p => $@"Put \( {Expression(p)} \) into brackets.",
            p => $@"Which product expands to \( {Expression(p)} \) ?",
        ],
        MalRules =
        [
            new("Reverses the signs of both numbers in the brackets when factorising",
                p => Brackets(p, -p.A, -p.B),
                "Finds the right pair of numbers with the opposite signs",
                "Writes the roots of the quadratic into the brackets",
                "Changes plus to minus and minus to plus in each bracket",
                "Uses the solutions instead of the factors",
                "Gets both signs in the factorised form wrong",
                "Puts the numbers that make the quadratic zero into the brackets unchanged"),
            new("Puts the coefficient and the constant of a quadratic straight into the brackets",
                p => Brackets(p, p.A + p.B, p.A * p.B),
                "Copies b and c of the quadratic as the numbers in the brackets",
                "Uses the numbers of the expression themselves for the factors",
                "Does not look for two numbers with the right sum and product",
                "Takes the middle coefficient for one bracket and the last number for the other",
                "Believes the numbers in the quadratic are the numbers in its brackets",
                "Writes the two coefficients into two brackets"),
            new("Takes the letter out of the first two terms only and leaves the constant outside",
                p => Written($"{p.Letter}({Bracket(p, p.A + p.B)}){Latex.Signed(p.A * p.B)}"),
                "Factorises only a part of the quadratic",
                "Uses a single bracket and adds the constant at the end",
                "Pulls out a common letter although not every term has it",
                "Treats factorising a quadratic as taking out the letter",
                "Stops with one bracket and a number left over",
                "Thinks an expression is factorised as soon as there is a bracket in it"),
            new("Chooses one and the constant as the factors without checking their sum",
                p => Brackets(p, 1, p.A * p.B),
                "Uses the number one and the last term in the brackets",
                "Looks only for numbers with the right product when factorising",
                "Takes the first factor pair of the constant, one times itself",
                "Does not check that the two numbers add up to the middle coefficient",
                "Puts the whole constant in one bracket and 1 in the other",
                "Believes any pair with the correct product will do and takes the simplest"),
            new("Gets the sign of the second bracket wrong when factorising",
                p => Brackets(p, p.A, -p.B),
                "Reverses the sign of only one of the two numbers",
                "Has the right numbers but one wrong sign in the brackets",
                "Changes the sign of the larger number",
                "Writes one of the two factors with the opposite sign",
                "Confuses the sign rule for one bracket of the pair",
                "Finds the correct pair but one of them is negated"),
        ],
        Quantities = p => [("the coefficient", p.A + p.B), ("the constant", p.A * p.B), ("the smaller number", p.A)],
        Render = (p, value) => value.IsInteger && value != 0 ? Brackets(p, p.A, value.Numerator) : null,
    };

    // The same product in either order is the same answer: the smaller number stands first.
    private static Answer? Brackets(P p, long a, long b) => a == 0 || b == 0
        ? null
        : Written($"({Bracket(p, Math.Min(a, b))})({Bracket(p, Math.Max(a, b))})");

    private static string Bracket(P p, long constant) => $"{p.Letter}{Latex.Signed(constant)}";

    private static string Expression(P p) => Latex.Sum((1, p.Letter + "^{2}"), (p.A + p.B, p.Letter), (p.A * p.B, ""));
}
