using static Malrule.SampleBank.Answer;
using P = (int Top, int Bottom, int Part);

namespace Malrule.SampleBank.Constructs;

/// <summary>3/5 of 40.</summary>
internal static class FractionOfAmount
{
    public static Construct Construct { get; } = new Construct<P>("Calculate a fraction of an amount", "Fractions")
    {
        Sample = r => (r.Int(2, 11), r.Int(3, 12), r.Int(2, 80)),
        Where = p => p.Top < p.Bottom && Rational.GreatestCommonDivisor(p.Top, p.Bottom) == 1,
        Key = p => Number(p.Top * p.Part),
        Stems =
        [
            p => $@"Calculate \( {Share(p)} \) of \( {Amount(p)} \)",
            p => $"What is\n\\[\n{Share(p)} \\text {{ of }} {Amount(p)}\n\\]",
            p => $@"Work out \( {Share(p)} \) of \( {Amount(p)} \mathrm{{~kg}} \), in kilograms.",
            p => $@"@name has \( {Amount(p)} \) marbles. \( {Share(p)} \) of them are blue. How many blue marbles are there?",
            p => $@"There are \( {Amount(p)} \) seats in a hall and \( {Share(p)} \) of them are taken. How many seats are taken?",
            p => $@"Find the missing number: \( {Share(p)} \) of \( {Amount(p)} \) is \( \square \)",
            p => $@"A book has \( {Amount(p)} \) pages. @name has read \( {Share(p)} \) of it. How many pages is that?",
        ],
        HeldOutStems =
        [
            p => $@"In a village of \( {Amount(p)} \) people, \( {Share(p)} \) own a bicycle. How many people own a bicycle?",
            p => $@"\( {Share(p)} \times {Amount(p)} \) is equal to ...",
        ],
        MalRules =
        [
            new("Divides the amount by the denominator and stops there",
                p => Number(p.Part),
                "Finds a unit fraction of the amount and forgets the numerator",
                "Does not multiply by the numerator after dividing",
                "Gives the value of a single part instead of several parts",
                "Ignores the top number of the fraction",
                "Uses only the bottom number when finding a fraction of a quantity",
                "Thinks three fifths of an amount is the same as one fifth of it"),
            new("Divides by the numerator and multiplies by the denominator",
                p => Number(new Rational(Amount(p) * p.Bottom, p.Top)),
                "Swaps the roles of top and bottom when finding a fraction of an amount",
                "Uses the fraction upside down",
                "Shares the amount by the top number and multiplies by the bottom number",
                "Confuses which part of the fraction to divide by",
                "Divides the amount by the fraction instead of multiplying by it",
                "Believes the numerator tells how many parts the whole is cut into"),
            new("Finds the part that is left over instead of the fraction asked for",
                p => Number((p.Bottom - p.Top) * p.Part),
                "Gives the remaining fraction of the amount",
                "Takes the fraction away from the whole although only the fraction is wanted",
                "Answers with what remains when the fraction has been removed",
                "Calculates the complement of the fraction",
                "Subtracts the right answer from the amount",
                "Counts the parts that do not belong to the fraction"),
            new("Multiplies the amount by the numerator and does not divide",
                p => Number(Amount(p) * p.Top),
                "Ignores the denominator and multiplies by the numerator",
                "Treats the fraction like the whole number on its top",
                "Forgets to divide by the bottom number",
                "Uses only the top number when finding a fraction of a quantity",
                "Thinks a fraction of an amount is the amount times its numerator",
                "Leaves out the division into equal parts"),
            new("Subtracts the numerator after dividing by the denominator",
                p => Number(p.Part - p.Top),
                "Divides by the bottom number and then takes the top number away",
                "Uses subtraction instead of multiplication for the numerator",
                "Takes the numerator off the value of one part",
                "Shares the amount into parts and subtracts the top of the fraction",
                "Believes the numerator is to be taken away from one part",
                "Finds one part correctly but combines it with the numerator by minus"),
        ],
        Quantities = p => [("the numerator", p.Top), ("the denominator", p.Bottom), ("the amount", Amount(p))],
        Render = (_, value) => value.IsInteger && value > 0 ? Number(value) : null,
    };

    private static int Amount(P p) => p.Bottom * p.Part;

    private static string Share(P p) => Latex.Fraction(p.Top, p.Bottom);
}
