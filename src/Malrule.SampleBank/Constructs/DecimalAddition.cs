using System.Globalization;
using static Malrule.SampleBank.Answer;
using P = (int Tenths, int Hundredths);

namespace Malrule.SampleBank.Constructs;

/// <summary>3.4 + 2.75: decimals with different numbers of places.</summary>
internal static class DecimalAddition
{
    public static Construct Construct { get; } = new Construct<P>("Add decimals with different numbers of decimal places", "Decimals")
    {
        Sample = r => (r.Int(11, 299), r.Int(101, 999)),
        Where = p => p.Tenths % 10 != 0 && p.Hundredths % 10 != 0,
        Key = p => Number(new Rational(p.Tenths, 10) + new Rational(p.Hundredths, 100)),
        Stems =
        [
            p => $@"Calculate \( {First(p)}+{Second(p)} \)",
            p => $"What is the total?\n\\[\n{First(p)}+{Second(p)}\n\\]",
            p => $@"Work out \( {Second(p)}+{First(p)} \)",
            p => $@"@name runs \( {First(p)} \mathrm{{~km}} \) on Saturday and \( {Second(p)} \mathrm{{~km}} \) on Sunday. How many kilometres is that in total?",
            p => $@"Find the sum of \( {First(p)} \) and \( {Second(p)} \).",
            p => $@"What number is \( {Second(p)} \) more than \( {First(p)} \) ?",
            p => $@"Two planks are \( {First(p)} \) metres and \( {Second(p)} \) metres long. They are laid end to end. What is the length in metres?",
        ],
        HeldOutStems =
        [
            p => $@"A parcel of \( {First(p)} \mathrm{{~kg}} \) and a parcel of \( {Second(p)} \mathrm{{~kg}} \) are put on the scales together. How many kilograms do the scales show?",
            p => $@"\( \square-{Second(p)}={First(p)} \). What number is missing?",
        ],
        MalRules =
        [
            new("Lines decimals up by their last digit instead of by the decimal point",
                p => Number(new Rational(p.Tenths + p.Hundredths, 100)),
                "Aligns decimals on the right like whole numbers when adding",
                "Writes the last digits under each other although the numbers have different decimal places",
                "Adds tenths to hundredths because the right-hand ends are lined up",
                "Does not keep the decimal points in one column",
                "Uses right alignment for decimals of different length in column addition",
                "Ignores place value and matches the final digits of the two decimals"),
            new("Adds the parts before and behind the decimal point as separate whole numbers",
                p => Number(p.Tenths / 10 + p.Hundredths / 100 + AsDecimals(p.Tenths % 10 + p.Hundredths % 100)),
                "Treats the digits after the point as a whole number of their own when adding",
                "Splits decimals at the point and adds each side like whole numbers",
                "Takes the digits behind the points as two whole numbers and writes their sum behind the point",
                "Believes the decimal part is an ordinary number that stands behind the point",
                "Sums the whole parts and sums the decimal digits regardless of tenths and hundredths",
                "Regards a decimal as two whole numbers joined by a dot"),
            new("Ignores the decimal points and adds the digits as whole numbers",
                p => Number(p.Tenths + p.Hundredths),
                "Leaves the decimal point out of the answer to an addition",
                "Drops both decimal points before adding and never puts one back",
                "Reads the decimals as whole numbers",
                "Adds as if there were no decimal points at all",
                "Thinks the point can be left away when adding decimals",
                "Removes the points, adds the numbers and gives a whole number"),
            new("Drops the extra decimal place of the longer number before adding",
                p => Number(new Rational(p.Tenths + p.Hundredths / 10, 10)),
                "Cuts off the hundredths because the other number has only tenths",
                "Adds only the decimal places that both numbers have",
                "Ignores digits which have nothing above or below them in column addition",
                "Shortens the longer decimal to the length of the shorter one",
                "Believes both decimals must have the same number of places and removes the last digit",
                "Leaves out the final digit that has no partner in the other decimal"),
            new("Does not carry from the tenths into the ones",
                p => p.Tenths % 10 + p.Hundredths / 10 % 10 < 10 ? null : Number(new Rational(p.Tenths, 10) + new Rational(p.Hundredths, 100) - 1),
                "Forgets the carried one when the tenths add up to ten or more",
                "Loses the ten of the tenths column in an addition",
                "Writes only the last digit of the tenths' sum and carries nothing over the point",
                "Thinks nothing can be carried across the decimal point",
                "Adds the columns but leaves out the carry into the whole numbers",
                "Stops carrying at the decimal point"),
        ],
        Quantities = p => [("the first decimal", new Rational(p.Tenths, 10)), ("the second decimal", new Rational(p.Hundredths, 100)), ("the last digit", p.Hundredths % 10)],
        Render = (_, value) => value > 0 ? Number(value) : null,
    };

    private static string First(P p) => new Rational(p.Tenths, 10).ToDecimal()!;

    private static string Second(P p) => new Rational(p.Hundredths, 100).ToDecimal()!;

    // 79 stands behind the point as .79, 108 as .108
    private static Rational AsDecimals(int digits) => digits * Rational.PowerOfTen(-digits.ToString(CultureInfo.InvariantCulture).Length);
}
