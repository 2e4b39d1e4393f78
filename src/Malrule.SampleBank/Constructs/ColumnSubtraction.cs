using static Malrule.SampleBank.Answer;
using P = (int From, int Take);

namespace Malrule.SampleBank.Constructs;

/// <summary>523 − 187 by columns, with at least one exchange.</summary>
internal static class ColumnSubtraction
{
    private static readonly int[] Columns = [1, 10, 100];

    public static Construct Construct { get; } = new Construct<P>("Subtract three-digit numbers where an exchange is needed", "Whole Numbers")
    {
        Sample = r => (r.Int(201, 999), r.Int(101, 898)),
        Where = p => p.From > p.Take && Columns.Any(column => Digit(p.From, column) < Digit(p.Take, column)),
        Key = p => Number(p.From - p.Take),
        Stems =
        [
            p => $@"Calculate \( {p.From}-{p.Take} \)",
            p => $"What is the value of this calculation?\n\\[\n{p.From}-{p.Take}\n\\]",
            p => $@"Work out \( {p.From} \) take away \( {p.Take} \).",
            p => $@"@name has \( {p.From} \) stickers and gives away \( {p.Take} \) of them. How many stickers are left?",
            p => $@"What number is \( {p.Take} \) less than \( {p.From} \) ?",
            p => $@"Find the missing number: \( {p.From}-{p.Take}=\square \)",
            p => $@"A school has \( {p.From} \) pupils. On Friday \( {p.Take} \) of them are on a trip. How many pupils are in school?",
            p => $@"Use a written method to find the difference between \( {p.From} \) and \( {p.Take} \).",
        ],
        HeldOutStems =
        [
            p => $@"A train carries \( {p.From} \) passengers. At the next stop \( {p.Take} \) get off and nobody gets on. How many are still on the train?",
            p => $@"What must be added to \( {p.Take} \) to make \( {p.From} \) ?",
        ],
        MalRules =
        [
            new("In each column takes the smaller digit away from the larger digit, whichever number is on top",
                p => Number(Columns.Sum(column => column * Math.Abs(Digit(p.From, column) - Digit(p.Take, column)))),
                "Always subtracts the smaller digit from the bigger one within a column",
                "Swaps the digits of a column round when the top digit is too small to subtract from",
                "Finds the difference between the two digits of every column instead of exchanging",
                "Believes the order of subtraction does not matter inside a column",
                "Works out big digit minus little digit in every place value column",
                "Avoids exchanging by subtracting the top digit from the bottom digit when the top one is smaller"),
            new("Exchanges for ten in a column but forgets to reduce the next column by one",
                p => Number(Columns.Sum(column => column * ((Digit(p.From, column) - Digit(p.Take, column) + 10) % 10))),
                "Borrows a ten without taking one away from the column it came from",
                "Does not decrease the digit that was borrowed from",
                "After regrouping, leaves the digit to the left unchanged",
                "Adds ten to the top digit for free when subtracting in columns",
                "Forgets that a borrowed ten has to be paid for by the column on the left",
                "Carries out the exchange on one column only, so the column to the left stays one too big"),
            new("Writes zero in a column where the top digit is smaller than the bottom digit",
                p => Number(Columns.Sum(column => column * Math.Max(0, Digit(p.From, column) - Digit(p.Take, column)))),
                "Thinks a column gives nothing when there is not enough to subtract from",
                "Puts 0 whenever the digit to be taken away is larger than the digit above it",
                "Believes that taking a larger digit from a smaller digit leaves zero",
                "Records nought instead of exchanging when a column subtraction cannot be done",
                "Stops at zero in columns where more has to be taken away than is there",
                "Treats a subtraction that would go below zero in a column as zero"),
            new("Adds the two numbers when asked to subtract",
                p => Number(p.From + p.Take),
                "Carries out an addition instead of a subtraction",
                "Finds the sum rather than the difference of two numbers",
                "Confuses taking away with adding on",
                "Uses the wrong operation: plus in place of minus",
                "Reads the subtraction as an addition",
                "Combines both amounts although one has to be taken from the other"),
            new("Reduces every column to the left by one, even where no exchange was needed",
                p => Digit(p.From, 100) - 1 < Digit(p.Take, 100) ? null : Number(
                    (Digit(p.From, 1) - Digit(p.Take, 1) + 10) % 10 + 10 * ((Digit(p.From, 10) - 1 - Digit(p.Take, 10) + 10) % 10)
                    + 100 * (Digit(p.From, 100) - 1 - Digit(p.Take, 100))),
                "Takes one away from the next digit whether or not anything was borrowed",
                "Always borrows when subtracting in columns",
                "Exchanges in every column as a habit, also when the top digit is large enough",
                "Believes that an exchange is part of every column subtraction",
                "Decreases the tens and the hundreds by one as a matter of course",
                "Pays back a borrowed ten in columns that never borrowed"),
        ],
        Quantities = p => [("the first number", p.From), ("the second number", p.Take), ("the hundreds digit", Digit(p.From, 100)), ("the units digit", Digit(p.Take, 1))],
        Render = (_, value) => value.IsInteger && value > 0 ? Number(value) : null,
    };

    private static int Digit(int number, int column) => number / column % 10;
}
