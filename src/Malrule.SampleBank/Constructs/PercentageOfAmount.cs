using static Malrule.SampleBank.Answer;
using P = (int Percent, int Amount);

namespace Malrule.SampleBank.Constructs;

/// <summary>35 % of 240.</summary>
internal static class PercentageOfAmount
{
    public static Construct Construct { get; } = new Construct<P>("Calculate a percentage of an amount without a calculator", "Percentages")
    {
        Sample = r => (5 * r.Int(1, 18), 4 * r.Int(10, 250)),
        Where = p => p.Percent != 50,
        Key = p => Number(new Rational(p.Percent * p.Amount, 100)),
        Stems =
        [
            p => $@"Calculate \( {p.Percent} \% \) of \( {p.Amount} \)",
            p => $"What is\n\\[\n{p.Percent} \\% \\text {{ of }} {p.Amount}\n\\]",
            p => $@"Work out \( {p.Percent} \% \) of \( {p.Amount} \mathrm{{~ml}} \), in millilitres.",
            p => $@"A shop asks for a deposit of \( {p.Percent} \% \) on a bill of \( £ {p.Amount} \). How many pounds is the deposit?",
            p => $@"Find the missing number: \( {p.Percent} \% \) of \( {p.Amount} \) is \( \square \)",
            p => $@"@name earns \( £ {p.Amount} \) and saves \( {p.Percent} \% \) of it. How many pounds does @name save?",
            p => $@"\( {p.Percent} \% \) of a rope of \( {p.Amount} \) centimetres is painted. How many centimetres are painted?",
        ],
        HeldOutStems =
        [
            p => $@"A tank holds \( {p.Amount} \) litres when full. It is \( {p.Percent} \% \) full. How many litres are in it?",
            p => $@"Of \( {p.Amount} \) grams of a drink, \( {p.Percent} \% \) is juice. How many grams of juice is that?",
        ],
        MalRules =
        [
            new("Divides the amount by the percentage",
                p => Number(new Rational(p.Amount, p.Percent)),
                "Thinks 20% of an amount is found by dividing by 20",
                "Generalises dividing by 10 for 10% to other percentages",
                "Uses the number of the percentage as a divisor",
                "Believes a percentage tells into how many parts an amount is shared",
                "Divides by the percentage instead of finding hundredths",
                "Shares the amount by the number in front of the percent sign"),
            new("Subtracts the number of the percentage from the amount",
                p => p.Amount > p.Percent ? Number(p.Amount - p.Percent) : null,
                "Takes the percentage away as if it were a number of units",
                "Treats percent as a plain number that is to be subtracted",
                "Thinks finding a percentage means reducing the amount by that number",
                "Ignores the percent sign and subtracts",
                "Finds the difference between the amount and the percentage",
                "Removes 20 from the amount when asked for 20% of it"),
            new("Finds the percentage that remains instead of the one asked for",
                p => Number(new Rational((100 - p.Percent) * p.Amount, 100)),
                "Gives what is left after the percentage has been taken off",
                "Takes the percentage of the amount away from the whole amount",
                "Calculates the complement to one hundred percent",
                "Answers with the rest rather than with the percentage",
                "Reduces the amount by the percentage although only the part is wanted",
                "Confuses a percentage of an amount with a decrease by this percentage"),
            new("Divides by ten instead of by one hundred to find a percentage",
                p => Number(new Rational(p.Percent * p.Amount, 10)),
                "Gives a percentage of an amount ten times too large",
                "Thinks percent means out of ten",
                "Multiplies by the percentage and divides by 10",
                "Takes 10% as 1% of the amount",
                "Treats a percentage as a number of tenths",
                "Makes a place value error of one digit with percentages"),
            new("Multiplies the amount by the percentage without dividing by one hundred",
                p => Number(p.Percent * p.Amount),
                "Ignores that percent means hundredths and multiplies",
                "Uses the percentage as a whole-number multiplier",
                "Forgets to divide by 100 when finding a percentage",
                "Leaves the percent sign out and finds a product",
                "Treats 20% as if it were 20 times the amount",
                "Multiplies both numbers and gives that as the percentage"),
        ],
        Quantities = p => [("the percentage", p.Percent), ("the amount", p.Amount), ("one hundred", 100)],
        Render = (_, value) => value > 0 ? Number(value) : null,
    };
}
