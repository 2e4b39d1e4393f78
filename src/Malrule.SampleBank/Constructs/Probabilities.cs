using static Malrule.SampleBank.Answer;
using P = (int Red, int Blue, int Green);

namespace Malrule.SampleBank.Constructs;

/// <summary>One counter out of a bag of three colours.</summary>
internal static class Probabilities
{
    public static Construct Construct { get; } = new Construct<P>("Calculate the probability of a single event", "Probability")
    {
        Sample = r => (r.Int(2, 18), r.Int(2, 18), r.Int(2, 18)),
        Where = p => p.Red != p.Blue && p.Blue != p.Green && p.Red != p.Green,
        Key = p => Fraction(p.Red, Total(p)),
        Stems =
        [
            p => $@"A bag contains \( {p.Red} \) red, \( {p.Blue} \) blue and \( {p.Green} \) green counters. One is picked at random. What is the probability that it is red?",
            p => $"In a drawer there are\n\\( {p.Red} \\) red socks, \\( {p.Blue} \\) blue socks and \\( {p.Green} \\) green socks.\n@name takes one without looking. Find \\( P(\\text {{red}}) \\).",
            p => $@"A spinner has \( {p.Red} \) red, \( {p.Blue} \) blue and \( {p.Green} \) green sections of equal size. What is the chance of red?",
            p => $@"@name picks a sweet at random from \( {p.Red} \) red, \( {p.Blue} \) blue and \( {p.Green} \) green ones. What is the probability of a red sweet?",
            p => $@"A box holds \( {p.Red} \) red pens, \( {p.Blue} \) blue pens and \( {p.Green} \) green pens. A pen is chosen at random. How likely is a red pen?",
            p => $@"There are \( {p.Red} \) red, \( {p.Blue} \) blue and \( {p.Green} \) green tickets in a hat. Give the probability that a ticket drawn at random is red.",
            p => $@"What is the probability of drawing a red bead from a jar with \( {p.Red} \) red, \( {p.Blue} \) blue and \( {p.Green} \) green beads?",
        ],
        HeldOutStems =
        [
            p => $@"A car park has \( {p.Red} \) red, \( {p.Blue} \) blue and \( {p.Green} \) green cars. The next car to leave is equally likely to be any of them. What is the probability that it is red?",
            p => $@"\( {p.Red} \) red, \( {p.Blue} \) blue and \( {p.Green} \) green balls are mixed and one of them is drawn. State the probability of red.",
        ],
        MalRules =
        [
            new("Compares the wanted outcomes with the other outcomes instead of with all outcomes",
                p => Fraction(p.Red, p.Blue + p.Green),
                "Writes odds rather than a probability",
                "Leaves the wanted outcomes out of the denominator",
                "Puts the number of unwanted outcomes below the line",
                "Divides favourable by unfavourable outcomes",
                "Does not include the event itself in the total",
                "Confuses part to rest with part to whole in a probability"),
            new("Thinks all colours are equally likely however many there are of each",
                p => Fraction(1, 3),
                "Gives one divided by the number of different kinds",
                "Ignores how often each kind occurs",
                "Believes three possible results always have the chance of a third each",
                "Counts the types of outcome rather than the outcomes",
                "Assigns the same probability to every colour",
                "Treats the kinds as equally probable without looking at the numbers"),
            new("Uses one as the numerator of the probability whatever the number of wanted outcomes",
                p => Fraction(1, Total(p)),
                "Gives the probability of one particular object",
                "Writes one out of the total because one object is picked",
                "Ignores that several outcomes are favourable",
                "Thinks picking one means the top of the fraction is one",
                "Counts a single favourable outcome only",
                "Puts 1 over the number of all outcomes"),
            new("Gives the probability that the event does not happen",
                p => Fraction(p.Blue + p.Green, Total(p)),
                "Finds the complement of the probability asked for",
                "Counts the outcomes that are not wanted",
                "Calculates the chance of any other result",
                "Answers with the probability of not getting it",
                "Takes one minus the probability where the probability itself is wanted",
                "Puts the unwanted outcomes on top of the fraction"),
            new("Compares the wanted outcomes with only one other kind of outcome",
                p => Fraction(p.Red, p.Red + p.Blue),
                "Leaves the last kind out of the total",
                "Uses two of the three kinds for the denominator",
                "Forgets one of the colours when counting all outcomes",
                "Adds only the first two numbers to get the total",
                "Ignores the third kind of object in a probability",
                "Takes the total to be the wanted kind plus the next kind"),
        ],
        Quantities = p => [("the number of red ones", p.Red), ("the number of blue ones", p.Blue), ("the number of green ones", p.Green)],
        Render = (p, value) => value.IsInteger && value > 0 && value < Total(p) ? Fraction(value.Numerator, Total(p)) : null,
    };

    private static int Total(P p) => p.Red + p.Blue + p.Green;
}
