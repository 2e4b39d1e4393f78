using static Malrule.SampleBank.Answer;
using P = (int A, int B, int C);

namespace Malrule.SampleBank.Constructs;

/// <summary>−a − (−b) + (−c).</summary>
internal static class NegativeNumbers
{
    public static Construct Construct { get; } = new Construct<P>("Add and subtract negative numbers", "Negative Numbers")
    {
        Sample = r => (r.Int(2, 30), r.Int(2, 30), r.Int(2, 30)),
        Key = p => Number(-p.A + p.B - p.C),
        Stems =
        [
            p => $@"Calculate \( {Expression(p)} \)",
            p => $"What is the value of this expression?\n\\[\n{Expression(p)}\n\\]",
            p => $@"Work out \( {Expression(p)} \)",
            p => $@"Find the missing number: \( {Expression(p)}=\square \)",
            p => $@"@name starts at \( -{p.A} \) on a number line, subtracts \( -{p.B} \) and then adds \( -{p.C} \). At which number does @name end?",
            p => $@"A freezer is at \( -{p.A} \) degrees. The display then subtracts \( -{p.B} \) and adds \( -{p.C} \). What does it read?",
            p => $@"Simplify \( {Expression(p)} \) to a single number.",
        ],
        HeldOutStems =
        [
            p => $@"An account stands at \( -{p.A} \) pounds. The bank subtracts a charge of \( -{p.B} \) pounds and adds an entry of \( -{p.C} \) pounds. What is the balance in pounds?",
            p => $@"Which number is equal to \( {Expression(p)} \) ?",
        ],
        MalRules =
        [
            new("Treats subtracting a negative number like subtracting a positive number",
                p => Number(-p.A - p.B - p.C),
                "Believes that taking away a negative makes the result smaller",
                "Ignores one of two minus signs that stand next to each other",
                "Does not change minus a minus into a plus",
                "Moves left on the number line when subtracting a negative number",
                "Thinks subtracting minus five is the same as subtracting five",
                "Reads two neighbouring minus signs as a single minus"),
            new("Treats adding a negative number like adding a positive number",
                p => Number(-p.A + p.B + p.C),
                "Ignores the minus sign of a number that is added",
                "Believes a plus in front of a negative number makes it positive",
                "Moves right on the number line when adding a negative number",
                "Thinks adding minus five is the same as adding five",
                "Does not see that adding a negative is a subtraction",
                "Lets the plus sign win over the minus sign beside it"),
            new("Ignores the minus sign of the first number in a calculation",
                p => Number(p.A + p.B - p.C),
                "Starts from the positive number although the first number is negative",
                "Drops the sign at the very beginning of an expression",
                "Thinks a minus sign in front of the first number has no meaning",
                "Reads the first negative number as a positive number",
                "Overlooks that the starting value is below zero",
                "Takes a leading minus as decoration and begins with a positive value"),
            new("Finds the right size of a result but gives it the opposite sign",
                p => Number(p.A - p.B + p.C),
                "Changes the sign of the answer when working with negative numbers",
                "Gets the sign of the final answer the wrong way round",
                "Believes the overall sign of a calculation with negatives is the reverse of what it is",
                "Swaps plus and minus on the finished result",
                "Gives a positive answer for a negative one and a negative answer for a positive one",
                "Calculates the correct distance from zero on the wrong side of zero"),
            new("Ignores all minus signs of negative numbers and adds the amounts",
                p => Number(p.A + p.B + p.C),
                "Adds the sizes of the numbers without looking at any sign",
                "Treats every negative number as if it were positive and finds the total",
                "Believes the result is simply the total of all the numbers, signs left aside",
                "Drops the signs altogether and sums the numbers",
                "Thinks all the minuses cancel each other so everything is added",
                "Reads the calculation as an addition of positive numbers only"),
        ],
        Quantities = p => [("the first number", -p.A), ("the second number", p.B), ("the third number", p.C)],
        Render = (_, value) => value.IsInteger ? Number(value) : null,
    };

    private static string Expression(P p) => $"-{p.A}-(-{p.B})+(-{p.C})";
}
