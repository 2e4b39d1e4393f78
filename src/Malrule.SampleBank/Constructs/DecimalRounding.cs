using static Malrule.SampleBank.Answer;
using P = (int TenThousandths, int Places);

namespace Malrule.SampleBank.Constructs;

/// <summary>47.8362 to one or two decimal places.</summary>
internal static class DecimalRounding
{
    public static Construct Construct { get; } = new Construct<P>("Round decimals to a given number of decimal places", "Rounding")
    {
        Sample = r => (r.Int(101_111, 989_898), r.Int(1, 2)),
        Where = p => p.TenThousandths % 10 != 0,
        Key = p => Number(Round(p, p.Places)),
        Stems =
        [
            p => $@"Round \( {Decimal(p)} \) to {Places(p)}",
            p => $@"What is \( {Decimal(p)} \) correct to {Places(p)}?",
            p => $"@name writes this number correct to {Places(p)}:\n\\[\n{Decimal(p)}\n\\]\nWhat should @name write?",
            p => $@"A scale shows \( {Decimal(p)} \mathrm{{~kg}} \). What is this in kilograms, rounded to {Places(p)}?",
            p => $@"Give \( {Decimal(p)} \) to {Places(p)}.",
            p => $@"The calculator display reads \( {Decimal(p)} \). Write the answer correct to {Places(p)}.",
            p => $@"A length of \( {Decimal(p)} \) metres has to be stated to {Places(p)}. Which value is right?",
        ],
        HeldOutStems =
        [
            p => $@"Which of these numbers is \( {Decimal(p)} \) approximated to {Places(p)}?",
            p => $@"A stopwatch stopped at \( {Decimal(p)} \) seconds. The report wants {Places(p)}. Which time is reported?",
        ],
        MalRules =
        [
            new("Cuts the digits off instead of rounding",
                p => Number(Floor(p, p.Places)),
                "Truncates a decimal rather than rounding it",
                "Rounds down whatever the next digit is",
                "Leaves out the remaining digits without looking at their size",
                "Does not round up when the next digit is five or more",
                "Thinks rounding means deleting the digits that are too many",
                "Keeps the digits up to the place asked for and ignores those behind"),
            new("Rounds up whatever the next digit is",
                p => Number(Floor(p, p.Places) + Rational.PowerOfTen(-p.Places)),
                "Always increases the last digit that is kept when rounding",
                "Adds one to the final digit also when the next digit is less than five",
                "Believes rounding makes every number larger",
                "Does not round down when the next digit is small",
                "Raises the last digit regardless of what follows",
                "Thinks that any digits left over mean rounding up"),
            new("Rounds to significant figures when decimal places are asked for",
                p => Number(Round(p, p.Places - 2)),
                "Counts the places from the first digit of the number instead of from the decimal point",
                "Confuses decimal places with significant figures",
                "Includes the digits before the point when counting decimal places",
                "Keeps as many digits in total as there should be behind the point",
                "Starts counting places at the front of the number",
                "Mixes up places after the decimal point with digits that matter from the left"),
            new("Keeps one decimal place too few when rounding",
                p => Number(Round(p, p.Places - 1)),
                "Rounds to one place less than was asked for",
                "Counts the decimal point itself as the first decimal place",
                "Stops one digit too early when rounding a decimal",
                "Gives the answer with one digit fewer behind the point",
                "Takes the number of decimal places one too small",
                "Rounds at the place to the left of the right one"),
            new("Keeps one decimal place too many when rounding",
                p => Number(Round(p, p.Places + 1)),
                "Rounds to one place more than was asked for",
                "Starts to count decimal places after the tenths",
                "Stops one digit too late when rounding a decimal",
                "Gives the answer with one digit more behind the point",
                "Takes the number of decimal places one too large",
                "Rounds at the place to the right of the right one"),
        ],
        Quantities = p => [("the number", new Rational(p.TenThousandths, 10_000)), ("the number of places", p.Places), ("the tens digit", p.TenThousandths / 100_000)],
        Render = (_, value) => value > 0 ? Number(value) : null,
    };

    // Half up at a place; negative places are tens and so on.
    private static Rational Round(P p, int places) => new((p.TenThousandths + Step(places) / 2) / Step(places) * Step(places), 10_000);

    private static Rational Floor(P p, int places) => new(p.TenThousandths / Step(places) * Step(places), 10_000);

    private static int Step(int places) => (int)Rational.PowerOfTen(4 - places).Numerator;

    private static string Decimal(P p) => new Rational(p.TenThousandths, 10_000).ToDecimal()!;

    private static string Places(P p) => p.Places == 1 ? @"\( 1 \) decimal place" : $@"\( {p.Places} \) decimal places";
}
