using static Malrule.SampleBank.Answer;
using P = (int A, int B, int X, string Letter);

namespace Malrule.SampleBank.Constructs;

/// <summary>b − a x &lt; c, whose solution is x &gt; X.</summary>
internal static class Inequalities
{
    public static Construct Construct { get; } = new Construct<P>("Solve linear inequalities with a negative coefficient", "Inequalities")
    {
        Sample = r => (r.Int(2, 9), r.Int(1, 40), r.Int(2, 12), r.Pick(["x", "y", "n", "t"])),
        Key = p => Range(p, ">", p.X),
        Stems =
        [
            p => $@"Solve \( {Expression(p)} \)",
            p => $"Solve this inequality:\n\\[\n{Expression(p)}\n\\]",
            p => $@"For which values of \( {p.Letter} \) is \( {Expression(p)} \) ?",
            p => $@"@name solves \( {Expression(p)} \). What is the solution?",
            p => $@"Find the range of \( {p.Letter} \) that satisfies \( {Expression(p)} \)",
            p => $@"Which of the options is equivalent to \( {Expression(p)} \) ?",
            p => $@"Rearrange \( {Expression(p)} \) so that \( {p.Letter} \) stands alone.",
        ],
        HeldOutStems =
        [
            p => $@"At first it is \( {p.B} \) degrees. It gets \( {p.A} \) degrees colder every hour. After \( {p.Letter} \) hours it is below \( {Right(p)} \) degrees. What must be true?",
            p => $@"\( {Expression(p)} \) is true exactly when ...",
        ],
        MalRules =
        [
            new("Keeps the inequality sign as it is when dividing by a negative number",
                p => Range(p, "<", p.X),
                "Does not reverse the inequality when dividing by a negative",
                "Solves an inequality exactly like an equation and keeps the sign",
                "Forgets to turn the sign round after dividing both sides by a negative number",
                "Believes the direction of an inequality never changes",
                "Leaves less than as less than after dividing by minus something",
                "Does not flip the symbol when the coefficient is negative"),
            new("Includes the boundary in the solution of a strict inequality",
                p => Range(p, @"\geq", p.X),
                "Uses greater than or equal to where greater than is right",
                "Thinks the end point belongs to the solution although the inequality is strict",
                "Confuses strict inequalities with those that allow equality",
                "Adds an equals line to the inequality symbol",
                "Counts the value at the boundary as a solution",
                "Turns a strict sign into one that includes the end value"),
            new("Replaces the inequality sign by an equals sign",
                p => Range(p, "=", p.X),
                "Gives a single value as the solution of an inequality",
                "Solves the related equation and answers with it",
                "Treats an inequality as an equation to the very end",
                "Thinks an inequality has exactly one solution",
                "Writes equals instead of a range of values",
                "Loses the inequality symbol during the working"),
            new("Loses the minus sign of the coefficient when solving an inequality",
                p => Range(p, "<", -p.X),
                "Divides by the positive coefficient although it is negative",
                "Drops the negative sign in front of the letter",
                "Ignores that the letter's term is subtracted",
                "Moves the number over correctly and forgets the minus before the letter",
                "Treats minus three x as three x",
                "Overlooks the sign of the term with the unknown"),
            new("Stops before dividing by the coefficient in an inequality",
                p => Range(p, ">", p.A * p.X),
                "Gives the range of the multiple instead of the range of the letter",
                "Forgets to divide by the number in front of the unknown in an inequality",
                "Removes the constant, turns the sign and goes no further",
                "Treats the term with its coefficient as the letter",
                "Leaves the division by the coefficient out",
                "Does only the first step of solving an inequality"),
        ],
        Quantities = p => [("the constant", p.B), ("the coefficient", p.A), ("the right-hand side", Right(p))],
        Render = (p, value) => value.IsInteger ? Range(p, ">", value) : null,
    };

    private static int Right(P p) => p.B - p.A * p.X;

    private static Answer? Range(P p, string sign, Rational bound) => Written($"{p.Letter} {sign} {Latex.Simplest(bound)}");

    private static string Expression(P p) => $"{p.B}-{p.A} {p.Letter}<{Right(p)}";
}
