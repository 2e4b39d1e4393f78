using Malrule.SampleBank;

namespace Malrule.Corpus;

/// <summary>Names that no catalogue has, in the style of one.</summary>
internal static class Phrasebook
{
    private static readonly string[] Verbs =
    [
        "Confuses", "Forgets", "Ignores", "Mixes up", "Reverses", "Overuses", "Repeats", "Leaves out", "Swaps", "Miscounts", "Doubles", "Halves", "Joins",
        "Separates", "Misreads", "Drops", "Keeps", "Rounds", "Counts", "Copies", "Moves", "Replaces", "Multiplies", "Adds", "Subtracts", "Divides", "Squares",
    ];

    private static readonly string[] Things =
    [
        "the first number", "the last step", "the units", "the sign", "the brackets", "the larger value", "the smaller value", "the second part", "the total",
        "the remainder", "the place value", "the scale", "the digits", "the symbol", "the order", "the operation", "the given values", "the middle term",
        "the numerator", "the denominator", "the decimal point", "the coefficient", "the constant", "the sides", "the angle", "the frequency", "the difference",
        "the product", "the zero", "the index", "the share", "the whole", "the percentage", "the height", "the base", "the rule",
    ];

    private static readonly string[] Tails =
    [
        "in the final line", "when two steps are needed", "instead of the inverse", "with the wrong pair of numbers", "before comparing",
        "when the question changes form", "as if it were a whole number", "because it looks simpler", "after the first step", "in place of the result",
        "when the numbers are close together", "although only one of them counts", "on both sides", "and then starts again", "without checking the size",
        "when it comes first", "when reading the question", "as though they were the same", "from right to left", "in every case", "once too often",
        "one time too few", "and takes it as the answer", "where it does not belong", "before working out the rest", "with the wrong operation",
    ];

    private static readonly string[] Openings = ["Thinks it is right that one ", "Believes one ", "Always ", "Wrongly ", "By mistake "];

    /// <summary>A name that says nothing about a procedure; some tens of thousands are possible.</summary>
    public static string Coin(SeededRandom random)
    {
        string verb = random.Pick(Verbs), thing = random.Pick(Things);
        return random.Int(0, 4) switch
        {
            0 => $"{verb} {thing}",
            1 => $"{verb} {thing} and {random.Pick(Things)}",
            2 => $"{verb} {thing} and {random.Pick(Things)} {random.Pick(Tails)}",
            _ => $"{verb} {thing} {random.Pick(Tails)}",
        };
    }

    /// <summary>A description such as "adds the sides" as a catalogue's sentence.</summary>
    public static string Sentence(SeededRandom random, string description) => random.Chance(0.6)
        ? char.ToUpperInvariant(description[0]) + description[1..]
        : random.Pick(Openings) + description;
}
