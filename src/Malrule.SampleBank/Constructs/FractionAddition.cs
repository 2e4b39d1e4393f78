using static Malrule.SampleBank.Answer;
using P = (int A, int B, int C, int D);

namespace Malrule.SampleBank.Constructs;

/// <summary>a/b + c/d with different denominators.</summary>
internal static class FractionAddition
{
    public static Construct Construct { get; } = new Construct<P>("Add two fractions with different denominators", "Fractions")
    {
        Sample = r => (r.Int(1, 11), r.Int(2, 12), r.Int(1, 11), r.Int(2, 12)),
        Where = p => p.B != p.D && p.A < p.B && p.C < p.D && Rational.GreatestCommonDivisor(p.A, p.B) == 1 && Rational.GreatestCommonDivisor(p.C, p.D) == 1,
        Key = p => Simplest(new Rational(p.A, p.B) + new Rational(p.C, p.D)),
        Stems =
        [
            p => $@"Calculate \( {First(p)}+{Second(p)} \)",
            p => $"What is the sum of these two fractions?\n\\[\n{First(p)}+{Second(p)}\n\\]",
            p => $@"Work out \( {First(p)}+{Second(p)} \) and give your answer as a fraction.",
            p => $@"@name eats \( {First(p)} \) of a cake on Monday and \( {Second(p)} \) of the same sized cake on Tuesday. How much cake is that altogether?",
            p => $@"Which fraction is \( {Second(p)} \) more than \( {First(p)} \) ?",
            p => $@"Find the missing value: \( {First(p)}+{Second(p)}=\square \)",
            p => $@"A recipe needs \( {First(p)} \) of a litre of milk and \( {Second(p)} \) of a litre of water. How many litres of liquid is that?",
        ],
        HeldOutStems =
        [
            p => $@"A walker covers \( {First(p)} \) of a mile before lunch and \( {Second(p)} \) of a mile after lunch. What is the total distance in miles?",
            p => $@"Write \( {First(p)}+{Second(p)} \) as one fraction.",
        ],
        MalRules =
        [
            new("Adds the numerators and adds the denominators to add two fractions",
                p => Fraction(p.A + p.C, p.B + p.D),
                "Adds fractions straight across, top with top and bottom with bottom",
                "Treats the parts of a fraction as separate whole numbers when adding",
                "Thinks adding fractions means summing the tops and summing the bottoms",
                "Adds both the numerators and the denominators instead of finding a common denominator",
                "Does not use a common denominator but adds the denominators too",
                "Combines two fractions by adding each of their parts"),
            new("Multiplies the denominators to get a common one but leaves the numerators as they were",
                p => Fraction(p.A + p.C, p.B * p.D),
                "Changes the denominators to a common one without scaling the numerators",
                "Adds the original numerators over the common denominator",
                "Forgets to multiply the top when the bottom of a fraction is multiplied",
                "Finds a common denominator yet does not make equivalent fractions",
                "Thinks only the denominators change when fractions are brought to a common denominator",
                "Writes the sum of the old numerators over the product of the denominators"),
            new("Adds the numerators and keeps the larger denominator",
                p => Fraction(p.A + p.C, Math.Max(p.B, p.D)),
                "Takes the bigger of the two denominators as the common denominator without converting",
                "Adds the tops and writes the bigger bottom number underneath",
                "Believes the denominator of a sum is the greater of the two denominators",
                "Uses the largest denominator and leaves both numerators unchanged",
                "Ignores the smaller denominator when adding fractions",
                "Puts the sum of the numerators over whichever denominator is larger"),
            new("Cross-multiplies for the numerator but adds the denominators",
                p => Fraction(p.A * p.D + p.C * p.B, p.B + p.D),
                "Adds the denominators after scaling the numerators correctly",
                "Makes the numerators for a common denominator and then writes the sum of the denominators below",
                "Gets the top of the sum right but adds rather than multiplies the bottoms",
                "Mixes cross-multiplying with adding straight across",
                "Believes the common denominator is the sum of the two denominators",
                "Scales each numerator by the other denominator, then puts the total over the denominators added together"),
            new("Multiplies two fractions that should be added",
                p => Fraction(p.A * p.C, p.B * p.D),
                "Uses the method for multiplying fractions to add them",
                "Multiplies the numerators and multiplies the denominators in an addition of fractions",
                "Finds the product of two fractions instead of their sum",
                "Confuses adding fractions with multiplying fractions",
                "Multiplies top by top and bottom by bottom although the sign is a plus",
                "Thinks fractions are added by multiplying across"),
        ],
        Quantities = p => [("the first numerator", p.A), ("the first denominator", p.B), ("the second numerator", p.C), ("the second denominator", p.D)],
        Render = (p, value) => value.IsInteger && value > 0 ? Fraction(value.Numerator, p.B * p.D) : null,
    };

    private static string First(P p) => Latex.Fraction(p.A, p.B);

    private static string Second(P p) => Latex.Fraction(p.C, p.D);
}
