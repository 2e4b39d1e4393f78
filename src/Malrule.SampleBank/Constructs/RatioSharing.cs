using static Malrule.SampleBank.Answer;
using P = (int First, int Second, int Part);

namespace Malrule.SampleBank.Constructs;

/// <summary>40 shared in the ratio 3 : 5; the first share is asked for.</summary>
internal static class RatioSharing
{
    public static Construct Construct { get; } = new Construct<P>("Share an amount in a given ratio", "Ratio")
    {
        Sample = r => (r.Int(2, 10), r.Int(2, 10), r.Int(2, 80)),
        Where = p => Rational.GreatestCommonDivisor(p.First, p.Second) == 1 && p.First != p.Second,
        Key = p => Number(p.First * p.Part),
        Stems =
        [
            p => $@"Amy and Bill share \( {Total(p)} \) sweets in the ratio \( {Ratio(p)} \). How many sweets does Amy get?",
            p => $@"\( {Total(p)} \) is divided in the ratio \( {Ratio(p)} \). What is the first share?",
            p => $"Red and blue paint are mixed in the ratio red : blue\n\\[\n{Ratio(p)}\n\\]\nto make \\( {Total(p)} \\) litres. How many litres of red paint are used?",
            p => $@"A club has \( {Total(p)} \) members. The ratio of girls to boys is \( {Ratio(p)} \). How many girls are there?",
            p => $@"Two candidates get \( {Total(p)} \) votes in the ratio \( {Ratio(p)} \). How many votes does the first candidate get?",
            p => $@"A ribbon of \( {Total(p)} \mathrm{{~cm}} \) is cut into two pieces in the ratio \( {Ratio(p)} \). How long is the first piece, in centimetres?",
            p => $@"@name splits \( {Total(p)} \) counters into two piles so that first pile : second pile \( ={Ratio(p)} \). How many counters are in the first pile?",
        ],
        HeldOutStems =
        [
            p => $@"Two sisters inherit \( {Total(p)} \) acres. The elder and the younger get land in the ratio \( {Ratio(p)} \). How many acres does the elder get?",
            p => $@"For every \( {p.First} \) apples in a crate there are \( {p.Second} \) pears. There are \( {Total(p)} \) pieces of fruit. How many are apples?",
        ],
        MalRules =
        [
            new("Gives the share that belongs to the other part of the ratio",
                p => Number(p.Second * p.Part),
                "Swaps the two parts of the ratio",
                "Reads the ratio in the wrong order",
                "Assigns the second number of the ratio to the first share",
                "Finds the wrong person's share",
                "Matches the parts of a ratio with the names the other way round",
                "Uses the order of the ratio backwards"),
            new("Finds the value of one part of a ratio and stops",
                p => Number(p.Part),
                "Divides by the total number of parts but does not multiply afterwards",
                "Gives one part instead of the whole share",
                "Forgets to multiply by the number of parts in the share",
                "Shares by the sum of the ratio and takes this as the answer",
                "Thinks every share consists of a single part",
                "Ends the calculation once the size of a part is known"),
            new("Shares the amount equally whatever the ratio is",
                p => Number(new Rational(Total(p), 2)),
                "Halves the total instead of using the ratio",
                "Ignores the ratio and splits into two equal shares",
                "Divides by the number of people rather than by the number of parts",
                "Believes sharing always means everyone gets the same",
                "Divides the amount by two because there are two shares",
                "Gives half of the total to each"),
            new("Divides the whole amount by one number of the ratio",
                p => Number(new Rational(Total(p), p.First)),
                "Divides the total by the first part of the ratio instead of by all parts",
                "Uses a part of the ratio as a divisor of the total",
                "Does not add the parts of the ratio before dividing",
                "Shares the total by the person's own number in the ratio",
                "Thinks a part of 3 in a ratio means a third of the total",
                "Splits the amount by a single number of the ratio"),
            new("Treats the ratio as a fraction of the whole amount",
                p => Number(new Rational(Total(p) * p.First, p.Second)),
                "Takes 3:5 to mean three fifths of the total",
                "Writes the two parts of the ratio as numerator and denominator of a share",
                "Compares a part with the other part as if that were the whole",
                "Multiplies the total by first part over second part",
                "Confuses part-to-part with part-to-whole in a ratio",
                "Uses the second number of the ratio as the number of all parts"),
        ],
        Quantities = p => [("the first part of the ratio", p.First), ("the second part of the ratio", p.Second), ("the total", Total(p))],
        Render = (_, value) => value > 0 ? Number(value) : null,
    };

    private static int Total(P p) => (p.First + p.Second) * p.Part;

    private static string Ratio(P p) => $"{p.First}: {p.Second}";
}
