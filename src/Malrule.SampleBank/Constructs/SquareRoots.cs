using static Malrule.SampleBank.Answer;
using P = (int K, int First, int M, int Second);

namespace Malrule.SampleBank.Constructs;

/// <summary>k √a + m √b with square numbers.</summary>
internal static class SquareRoots
{
    public static Construct Construct { get; } = new Construct<P>("Evaluate expressions with square roots of square numbers", "Powers and Roots")
    {
        Sample = r => (r.Int(2, 7), r.Int(3, 13), r.Int(2, 7), r.Int(3, 13)),
        Where = p => p.First != p.Second,
        Key = p => Number(p.K * p.First + p.M * p.Second),
        Stems =
        [
            p => $@"Calculate \( {Expression(p)} \)",
            p => $"What is the value of\n\\[\n{Expression(p)}\n\\]",
            p => $@"Work out \( {Expression(p)} \) without a calculator.",
            p => $@"Evaluate \( {Expression(p)} \)",
            p => $@"Find the missing number: \( {Expression(p)}=\square \)",
            p => $@"@name simplifies \( {Expression(p)} \) to a whole number. Which number is it?",
            p => $@"Which option is equal to \( {Expression(p)} \) ?",
        ],
        HeldOutStems =
        [
            p => $@"One square has an area of \( {p.First * p.First} \), another of \( {p.Second * p.Second} \). What is \( {p.K} \) times the first side plus \( {p.M} \) times the second side?",
            p => $@"The expression \( {Expression(p)} \) comes to ...",
        ],
        MalRules =
        [
            new("Halves a number to find its square root",
                p => Number(new Rational(p.K * p.First * p.First + p.M * p.Second * p.Second, 2)),
                "Divides by two instead of taking the square root",
                "Believes the square root is half of the number",
                "Confuses square rooting with halving",
                "Thinks the root of sixteen is eight",
                "Takes the root sign as an instruction to divide by 2",
                "Uses half of each number under the root sign"),
            new("Leaves out the numbers in front of the square roots",
                p => Number(p.First + p.Second),
                "Ignores the multipliers of the roots",
                "Adds the roots without multiplying them by their coefficients",
                "Drops the coefficient of a square root",
                "Thinks the number before a root sign has no effect",
                "Evaluates only the roots and adds them",
                "Forgets to multiply a root by the number that stands before it"),
            new("Adds the number in front of a square root instead of multiplying by it",
                p => Number(p.K + p.First + p.M + p.Second),
                "Reads a coefficient and a root as a sum",
                "Adds all coefficients and all roots",
                "Does not see that a number next to a root sign is a factor",
                "Uses plus between a root and its coefficient",
                "Believes twice the root of nine means 2 + 3",
                "Combines a multiplier and its root by adding"),
            new("Ignores the root signs and uses the numbers under them",
                p => Number(p.K * p.First * p.First + p.M * p.Second * p.Second),
                "Multiplies by the number under the root without taking the root",
                "Overlooks the square root symbol",
                "Forgets to take the square roots before multiplying",
                "Treats the root sign as if it were not there",
                "Works with the square numbers themselves rather than with their roots",
                "Leaves the radicands as they are and multiplies them by the coefficients"),
            new("Adds square roots by adding the coefficients and the numbers under the roots",
                p => Written($@"{p.K + p.M} \sqrt{{{p.First * p.First + p.Second * p.Second}}}"),
                "Collects different roots into one root of the sum",
                "Believes the sum of two roots is the root of the sum",
                "Adds under the root sign and in front of it separately",
                "Joins unlike roots as if they were like terms, also adding what is under them",
                "Puts both radicands under a single root when adding",
                "Thinks square roots can be added inside one root sign"),
        ],
        Quantities = p => [("the first coefficient", p.K), ("the first root", p.First), ("the second coefficient", p.M), ("the second root", p.Second)],
        Render = (_, value) => value.IsInteger && value > 0 ? Number(value) : null,
    };

    private static string Expression(P p) => $@"{p.K} \sqrt{{{p.First * p.First}}}+{p.M} \sqrt{{{p.Second * p.Second}}}";
}
