using static Malrule.SampleBank.Answer;
using P = (int A, int B, int X, string Letter);

namespace Malrule.SampleBank.Constructs;

/// <summary>a x + b = c with a whole solution.</summary>
internal static class LinearEquations
{
    public static Construct Construct { get; } = new Construct<P>("Solve two-step linear equations", "Linear Equations")
    {
        Sample = r => (r.Int(2, 12), r.Int(1, 30), r.Int(2, 20), r.Pick(["x", "y", "n", "p"])),
        Key = p => Number(p.X),
        Stems =
        [
            p => $@"Solve \( {Equation(p)} \)",
            p => $"What is the value of \\( {p.Letter} \\) ?\n\\[\n{Equation(p)}\n\\]",
            p => $@"Find \( {p.Letter} \) when \( {Equation(p)} \)",
            p => $@"@name solves the equation \( {Equation(p)} \). What is the solution?",
            p => $@"Which value of \( {p.Letter} \) makes \( {Equation(p)} \) true?",
            p => $@"I think of a number \( {p.Letter} \), multiply it by \( {p.A} \) and add \( {p.B} \). I get \( {Right(p)} \). What is my number?",
            p => $@"The equation \( {Right(p)}={p.A} {p.Letter}+{p.B} \) is to be solved. \( {p.Letter}= \) ?",
        ],
        HeldOutStems =
        [
            p => $@"A taxi costs \( {p.B} \) pounds and \( {p.A} \) pounds for each of \( {p.Letter} \) miles. A ride comes to \( {Right(p)} \) pounds. What is \( {p.Letter} \) ?",
            p => $@"If \( {Equation(p)} \), then \( {p.Letter} \) equals ...",
        ],
        MalRules =
        [
            new("Adds the constant to the other side instead of subtracting it",
                p => Simplest(new Rational(Right(p) + p.B, p.A)),
                "Uses the same operation rather than the inverse to move a constant across the equals sign",
                "Does not change the sign of the constant when taking it to the other side",
                "Undoes an addition by adding again",
                "Adds the number on both sides of the equation where it should be taken away",
                "Believes plus stays plus when a number changes sides",
                "Removes an added constant by adding it to the right-hand side"),
            new("Subtracts the coefficient of the unknown instead of dividing by it",
                p => Number(Right(p) - p.B - p.A),
                "Takes the number in front of the letter away rather than dividing",
                "Undoes a multiplication with a subtraction",
                "Thinks the coefficient is added to the letter and removes it by subtracting",
                "Uses minus as the inverse of multiplying by the coefficient",
                "Subtracts both numbers from the right-hand side",
                "Does not see that a number next to a letter means multiplication, and subtracts it"),
            new("Multiplies by the coefficient of the unknown instead of dividing by it",
                p => Number((Right(p) - p.B) * p.A),
                "Undoes the multiplication by multiplying once more",
                "Uses the same operation in place of the inverse for the coefficient",
                "Times the result by the number in front of the letter at the last step",
                "Does not divide by the coefficient but multiplies with it",
                "Takes the coefficient to the other side as a factor",
                "Believes the number in front of the letter has to be multiplied by the right-hand side"),
            new("Divides only the right-hand side by the coefficient and subtracts the constant afterwards",
                p => Simplest(new Rational(Right(p), p.A) - p.B),
                "Undoes the two operations in the wrong order",
                "Divides first without dividing the constant term as well",
                "Takes the constant away after the division, undivided",
                "Starts an equation by dividing by the coefficient but leaves the constant as it was",
                "Does not divide every term of the equation by the coefficient",
                "Reverses the steps of the equation in the order in which they were done"),
            new("Stops after removing the constant and does not divide by the coefficient",
                p => Number(Right(p) - p.B),
                "Gives the value of the term with the letter instead of the value of the letter",
                "Solves only the first step of a two-step equation",
                "Ignores the number in front of the unknown",
                "Forgets to divide by the coefficient at the end",
                "Thinks the equation is solved as soon as the letter's term stands alone",
                "Treats the term with its coefficient as the unknown itself"),
        ],
        Quantities = p => [("the coefficient", p.A), ("the constant", p.B), ("the right-hand side", Right(p))],
        Render = (_, value) => Simplest(value),
    };

    private static int Right(P p) => p.A * p.X + p.B;

    private static string Equation(P p) => $"{p.A} {p.Letter}+{p.B}={Right(p)}";
}
