using static Malrule.SampleBank.Answer;
using P = (int A, int B, int C, int D, int E);

namespace Malrule.SampleBank.Constructs;

/// <summary>The median of five numbers that stand in no order.</summary>
internal static class Medians
{
    public static Construct Construct { get; } = new Construct<P>("Find the median of a list of numbers", "Averages")
    {
        Sample = r => (r.Int(1, 40), r.Int(1, 40), r.Int(1, 40), r.Int(1, 40), r.Int(1, 40)),
        Where = p => Values(p).Distinct().Count() == 5,
        Key = p => Number(Sorted(p)[2]),
        Stems =
        [
            p => $@"What is the median of these numbers? {Listed(p)}",
            p => $"Find the median:\n\\[\n{string.Join(", ", Values(p))}\n\\]",
            p => $@"The marks of five pupils are {Listed(p)}. What is the median mark?",
            p => $@"@name counts the birds in the garden on five days: {Listed(p)}. What is the median?",
            p => $@"A data set consists of {Listed(p)}. Calculate its median.",
            p => $@"Five children are {Listed(p)} months old. What is the median of their ages in months?",
            p => $@"Which number is the median of the list {Listed(p)} ?",
        ],
        HeldOutStems =
        [
            p => $@"On five evenings a cinema sold these numbers of large drinks: {Listed(p)}. Give the median.",
            p => $@"State the median of the sample {Listed(p)}.",
        ],
        MalRules =
        [
            new("Takes the middle number of the list without putting it in order",
                p => Number(p.C),
                "Does not sort the data before finding the median",
                "Gives the number in the centre of the unsorted list",
                "Thinks the median is whatever stands in the middle as written",
                "Forgets to order the values when looking for the median",
                "Uses the position in the given list instead of the position by size",
                "Picks the third of five numbers as they come"),
            new("Calculates the mean when the median is asked for",
                p => Number(new Rational(Values(p).Sum(), 5)),
                "Adds all values and divides by how many there are",
                "Confuses the median with the mean",
                "Finds the arithmetic average instead of the middle value",
                "Shares the total of the data equally to get the median",
                "Thinks median is another word for mean",
                "Divides the sum of the list by the number of entries"),
            new("Gives the range of the data as the median",
                p => Number(Sorted(p)[4] - Sorted(p)[0]),
                "Subtracts the smallest value from the largest value",
                "Confuses the median with the range",
                "Finds the spread of the data instead of its middle",
                "Takes the difference between the highest and the lowest number",
                "Thinks the median tells how far apart the extremes are",
                "Works out largest minus smallest"),
            new("Takes the point halfway between the smallest and the largest value as the median",
                p => Number(new Rational(Sorted(p)[0] + Sorted(p)[4], 2)),
                "Adds the extremes of the data and halves the sum",
                "Averages the lowest and the highest number",
                "Uses only the two end values to find the middle",
                "Believes the middle of the data is the middle of its range",
                "Finds the midrange instead of the median",
                "Ignores the values between the extremes when finding the median"),
            new("Averages the first and the last number of the list to find the median",
                p => Number(new Rational(p.A + p.E, 2)),
                "Uses the numbers at the ends of the unsorted list",
                "Adds the first and last entries as written and halves",
                "Finds the mean of the outer two numbers of a list",
                "Thinks the median lies between the first and last values given",
                "Takes half the sum of the list's two ends, whatever their size",
                "Works with the first and final entries without ordering the data"),
        ],
        Quantities = p => [("the first number", p.A), ("the second number", p.B), ("the third number", p.C), ("the last number", p.E), ("the largest number", Sorted(p)[4])],
        Render = (_, value) => value > 0 ? Number(value) : null,
    };

    private static int[] Values(P p) => [p.A, p.B, p.C, p.D, p.E];

    private static int[] Sorted(P p) => [.. Values(p).Order()];

    private static string Listed(P p) => string.Join(", ", Values(p).Select(value => $@"\( {value} \)"));
}
