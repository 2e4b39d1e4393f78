using static Malrule.SampleBank.Answer;
using P = (int M, int A, int N, int B, string Letter);

namespace Malrule.SampleBank.Constructs;

/// <summary>m x^a × n x^b.</summary>
internal static class IndexLaws
{
    public static Construct Construct { get; } = new Construct<P>("Multiply algebraic terms with powers of the same letter", "Powers and Roots")
    {
        Sample = r => (r.Int(2, 9), r.Int(2, 9), r.Int(2, 9), r.Int(2, 9), r.Pick(["x", "y", "a", "p", "t", "k"])),
        Key = p => Term(p.M * p.N, p, p.A + p.B),
        Stems =
        [
            p => $@"Simplify \( {Expression(p)} \)",
            p => $"Simplify the following:\n\\[\n{Expression(p)}\n\\]",
            p => $@"Write \( {Expression(p)} \) as a single term.",
            p => $@"What is the product of \( {First(p)} \) and \( {Second(p)} \) ?",
            p => $@"@name multiplies \( {First(p)} \) by \( {Second(p)} \). What is the result?",
            p => $@"Which expression is equivalent to \( {Expression(p)} \) ?",
            p => $@"Complete: \( {Expression(p)}=\square \)",
        ],
        HeldOutStems =
        [
            p => $@"A rectangle has sides \( {First(p)} \) and \( {Second(p)} \). Which term is its area?",
            p => $@"\( {First(p)} \) times \( {Second(p)} \) can be shortened to ...",
        ],
        MalRules =
        [
            new("Multiplies the indices when multiplying powers of the same letter",
                p => Term(p.M * p.N, p, p.A * p.B),
                "Finds the product of the powers instead of their sum",
                "Uses the rule for a power of a power on a product",
                "Multiplies the exponents as well as the coefficients",
                "Believes times between terms means times between the indices too",
                "Treats the indices like the numbers in front when multiplying",
                "Does not add but multiplies the exponents of a common base"),
            new("Adds the coefficients when multiplying algebraic terms",
                p => Term(p.M + p.N, p, p.A + p.B),
                "Sums the numbers in front of the letters instead of multiplying them",
                "Applies the adding of indices to the coefficients as well",
                "Collects the coefficients as in an addition",
                "Adds everything: indices and numbers in front",
                "Thinks the coefficients follow the index law",
                "Uses plus for the numbers in front although the terms are multiplied"),
            new("Subtracts the indices when multiplying powers",
                p => Term(p.M * p.N, p, Math.Abs(p.A - p.B)),
                "Uses the index law for division on a product",
                "Takes the smaller index away from the larger one",
                "Confuses the rule for multiplying with the rule for dividing powers",
                "Finds the difference of the exponents instead of the sum",
                "Believes indices are subtracted when terms are multiplied",
                "Reduces the power when it should grow"),
            new("Adds the coefficients and multiplies the indices",
                p => Term(p.M + p.N, p, p.A * p.B),
                "Swaps the operations for the numbers in front and for the powers",
                "Applies plus to the coefficients and times to the exponents",
                "Gets the two rules of multiplying terms the wrong way round",
                "Sums the numbers in front and finds the product of the indices",
                "Exchanges what happens to coefficients with what happens to powers",
                "Multiplies where adding is right and adds where multiplying is right"),
            new("Keeps only the larger index when multiplying powers of the same letter",
                p => Term(p.M * p.N, p, Math.Max(p.A, p.B)),
                "Takes the highest power as the power of the product",
                "Leaves the smaller index out when terms are multiplied",
                "Thinks the bigger exponent swallows the smaller one",
                "Multiplies the numbers and copies the greater of the two powers",
                "Believes the product has the larger of the two exponents",
                "Ignores the lower power instead of adding it on"),
        ],
        Quantities = p => [("the first coefficient", p.M), ("the first index", p.A), ("the second coefficient", p.N), ("the second index", p.B)],
        Render = (p, value) => value.IsInteger && value > 0 && value < 1000 ? Term(value.Numerator, p, p.A) : null,
    };

    private static Answer? Term(long coefficient, P p, long index) => Written(Latex.Sum((coefficient, Latex.Power(p.Letter, index))));

    private static string First(P p) => $"{p.M} {Latex.Power(p.Letter, p.A)}";

    private static string Second(P p) => $"{p.N} {Latex.Power(p.Letter, p.B)}";

    private static string Expression(P p) => $@"{First(p)} \times {Second(p)}";
}
