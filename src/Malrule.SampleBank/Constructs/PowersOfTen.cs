using System.Globalization;
using static Malrule.SampleBank.Answer;
using P = (int Digits, int Places, int Zeros);

namespace Malrule.SampleBank.Constructs;

/// <summary>3.45 × 100: the digits and the decimal point.</summary>
internal static class PowersOfTen
{
    public static Construct Construct { get; } = new Construct<P>("Multiply a decimal by 10, 100 or 1000", "Decimals")
    {
        Sample = r => (r.Int(11, 998), r.Int(1, 2), r.Int(1, 3)),
        Where = p => p.Digits % 10 != 0,
        Key = p => Number(Value(p) * Rational.PowerOfTen(p.Zeros)),
        Stems =
        [
            p => $@"Calculate \( {Decimal(p)} \times {Ten(p)} \)",
            p => $"What is the answer to this multiplication?\n\\[\n{Decimal(p)} \\times {Ten(p)}\n\\]",
            p => $@"Multiply \( {Decimal(p)} \) by \( {Ten(p)} \).",
            p => $@"One bead weighs \( {Decimal(p)} \) grams. How many grams do \( {Ten(p)} \) of these beads weigh?",
            p => $@"What number is \( {Ten(p)} \) times as big as \( {Decimal(p)} \) ?",
            p => $@"Which number goes in the box? \( {Decimal(p)} \times {Ten(p)}=\square \)",
            p => $@"@name multiplies \( {Decimal(p)} \) by \( {Ten(p)} \) without a calculator. What should the result be?",
        ],
        HeldOutStems =
        [
            p => $@"A machine makes a part in \( {Decimal(p)} \) seconds. How many seconds does it need for \( {Ten(p)} \) parts?",
            p => $@"The number \( {Decimal(p)} \) is made \( {Ten(p)} \) times larger. Which number do you get?",
        ],
        MalRules =
        [
            new("Multiplies a decimal by a power of ten by writing zeros at its end",
                p => new Answer(Latex.Inline(Decimal(p) + new string('0', p.Zeros)), Value(p).ToString()),
                "Adds noughts after the last decimal digit when multiplying by 10, 100 or 1000",
                "Uses the whole-number trick of adding zeros on a decimal",
                "Thinks multiplying by a hundred means putting two zeros on the right of the decimal",
                "Believes that zeros at the end of a decimal make it larger",
                "Appends the zeros of the power of ten to the decimal places",
                "Sticks zeros onto the end of the number although it has a decimal point"),
            new("Moves the digits one place too few when multiplying by a power of ten",
                p => Number(Value(p) * Rational.PowerOfTen(p.Zeros - 1)),
                "Shifts the decimal point by one place less than the number of zeros",
                "Gives an answer ten times too small when multiplying by 10, 100 or 1000",
                "Counts one zero of the power of ten too few",
                "Multiplies by the next smaller power of ten",
                "Leaves out one of the moves of the decimal point to the right",
                "Believes 100 moves the point one place and 1000 moves it two places"),
            new("Moves the digits one place too many when multiplying by a power of ten",
                p => Number(Value(p) * Rational.PowerOfTen(p.Zeros + 1)),
                "Shifts the decimal point one place further than the zeros tell",
                "Gives an answer ten times too large when multiplying by 10, 100 or 1000",
                "Counts all digits of the power of ten, the 1 included, as places to move",
                "Multiplies by the next larger power of ten",
                "Makes one extra move of the decimal point to the right",
                "Believes that 10 moves the point two places and 100 moves it three places"),
            new("Moves the decimal point to the left when multiplying by a power of ten",
                p => Number(Value(p) * Rational.PowerOfTen(-p.Zeros), "", ""),
                "Divides by the power of ten instead of multiplying",
                "Shifts the point in the wrong direction and makes the number smaller",
                "Confuses multiplying with dividing by 10, 100 or 1000",
                "Moves the digits to the right rather than to the left to multiply",
                "Believes multiplying a decimal by ten makes it smaller",
                "Goes the wrong way with the decimal point in a multiplication"),
            new("Puts the zeros of the power of ten behind the whole-number part and leaves the decimal part as it is",
                p => Number(Whole(p) * Rational.PowerOfTen(p.Zeros) + (Value(p) - Whole(p))),
                "Multiplies only the part before the decimal point by the power of ten",
                "Does not multiply the digits after the decimal point",
                "Inserts zeros in front of the decimal point and keeps the decimals unchanged",
                "Ignores the decimal places when multiplying by 10, 100 or 1000",
                "Thinks only whole numbers grow when multiplied by ten",
                "Treats the digits behind the point as separate and not affected by the multiplication"),
        ],
        Quantities = p => [("the decimal", Value(p)), ("the power of ten", Rational.PowerOfTen(p.Zeros)), ("the number of zeros", p.Zeros), ("the whole-number part", Whole(p))],
        Render = (_, value) => value > 0 ? Number(value) : null,
    };

    private static Rational Value(P p) => p.Digits * Rational.PowerOfTen(-p.Places);

    private static Rational Whole(P p) => Value(p).Numerator / Value(p).Denominator;

    private static string Decimal(P p) => Value(p).ToDecimal()!;

    private static string Ten(P p) => Rational.PowerOfTen(p.Zeros).Numerator.ToString(CultureInfo.InvariantCulture);
}
