using static Malrule.SampleBank.Answer;
using P = (int A, int B, int C, string Letter);

namespace Malrule.SampleBank.Constructs;

/// <summary>a(b x + c) with c of either sign.</summary>
internal static class ExpandingBrackets
{
    public static Construct Construct { get; } = new Construct<P>("Expand a single bracket", "Expanding Brackets")
    {
        Sample = r => (r.Int(2, 12), r.Int(2, 9), r.SignedInt(2, 12), r.Pick(["x", "y", "n", "t"])),
        Key = p => Linear(p, p.A * p.B, p.A * p.C),
        Stems =
        [
            p => $@"Expand \( {Expression(p)} \)",
            p => $"Multiply out the brackets:\n\\[\n{Expression(p)}\n\\]",
            p => $@"Which expression is equal to \( {Expression(p)} \) ?",
            p => $@"@name expands \( {Expression(p)} \). What should the result be?",
            p => $@"Write \( {Expression(p)} \) without brackets.",
            p => $@"Expand and simplify \( {Expression(p)} \)",
            p => $@"A rectangle is \( {p.A} \) wide and \( {Inner(p)} \) long. Which expression is its area?",
        ],
        HeldOutStems =
        [
            p => $@"Remove the brackets from \( {Expression(p)} \)",
            p => $@"One ticket costs \( {Inner(p)} \) pounds. Which expression gives the cost of \( {p.A} \) tickets in pounds?",
        ],
        MalRules =
        [
            new("Multiplies only the first term in the bracket",
                p => Linear(p, p.A * p.B, p.C),
                "Leaves the second term of the bracket unchanged when expanding",
                "Does not multiply the last term by the number outside",
                "Applies the factor to the term next to it and to no other",
                "Forgets to multiply the constant when expanding a bracket",
                "Thinks the number outside belongs to the first term alone",
                "Stops multiplying after the first term inside the brackets"),
            new("Multiplies only the last term in the bracket",
                p => Linear(p, p.B, p.A * p.C),
                "Leaves the first term of the bracket unchanged when expanding",
                "Does not multiply the term with the letter by the number outside",
                "Multiplies the constant by the factor and copies the letter's term",
                "Applies the factor outside to the number inside but not to the letter",
                "Thinks only plain numbers can be multiplied by the number outside",
                "Skips the first term when multiplying out"),
            new("Adds the number outside the bracket to each term instead of multiplying",
                p => Linear(p, p.A + p.B, p.A + p.C),
                "Uses addition to expand brackets",
                "Adds the factor to both the coefficient and the constant",
                "Thinks a number in front of a bracket is added to what is inside",
                "Confuses multiplying out with adding on",
                "Increases every term by the number outside",
                "Reads a factor before a bracket as a plus"),
            new("Multiplies the first term but adds the number outside to the second term",
                p => Linear(p, p.A * p.B, p.A + p.C),
                "Expands the first term correctly and adds for the second one",
                "Switches from multiplying to adding within one bracket",
                "Multiplies the letter's term by the factor and adds the factor to the constant",
                "Uses times for the first term and plus for the last term",
                "Adds the number outside to the constant instead of multiplying the constant",
                "Mixes multiplication and addition when expanding"),
            new("Joins the two terms after expanding as if they were like terms",
                p => p.A * p.B + p.A * p.C is var sum && sum != 0 ? Linear(p, sum, 0) : null,
                "Adds a number and a term with a letter into a single term",
                "Collects unlike terms after multiplying out",
                "Combines the constant with the coefficient of the letter",
                "Does not accept an answer with two terms and puts them together",
                "Thinks 6x + 8 can be written as 14x",
                "Expands correctly, then adds terms that cannot be added"),
        ],
        Quantities = p => [("the number outside", p.A), ("the coefficient", p.B), ("the constant", p.C)],
        Render = (p, value) => value.IsInteger ? Linear(p, p.A * p.B, value) : null,
    };

    private static Answer? Linear(P p, Rational coefficient, Rational constant) => Written(Latex.Sum((coefficient, p.Letter), (constant, "")));

    private static string Inner(P p) => $"{p.B} {p.Letter}{Latex.Signed(p.C)}";

    private static string Expression(P p) => $"{p.A}({Inner(p)})";
}
