using static Malrule.SampleBank.Answer;
using P = (int Percent, int Original);

namespace Malrule.SampleBank.Constructs;

/// <summary>The price before a reduction of 20 %.</summary>
internal static class ReversePercentages
{
    public static Construct Construct { get; } = new Construct<P>("Find the original amount after a percentage decrease", "Percentages")
    {
        Sample = r => (r.Pick([5, 10, 15, 20, 25, 30, 35, 40, 45, 60, 70, 75, 80]), 20 * r.Int(1, 240)),
        Key = p => Money(p.Original),
        Stems =
        [
            p => $@"In a sale all prices are reduced by \( {p.Percent} \% \). A coat now costs {Now(p)}. What did it cost before the sale?",
            p => $@"After a discount of \( {p.Percent} \% \) a bicycle costs {Now(p)}. Find its original price.",
            p => $@"@name pays {Now(p)} for a ticket with \( {p.Percent} \% \) off. What is the full price?",
            p => $@"The value of a machine has fallen by \( {p.Percent} \% \). It is now worth {Now(p)}. What was it worth before?",
            p => $@"A price is cut by \( {p.Percent} \% \) to {Now(p)}. What was the price before the cut?",
            p => $@"{Now(p)} is what is left of an amount after a decrease of \( {p.Percent} \% \). What was the amount at first?",
            p => $@"Sale! \( {p.Percent} \% \) off! New price: {Now(p)}. Old price: ?",
        ],
        HeldOutStems =
        [
            p => $@"Members get \( {p.Percent} \% \) off their bill. A member's bill comes to {Now(p)}. How much would somebody who is not a member pay?",
            p => $@"A fund lost \( {p.Percent} \% \) in a year and ended at {Now(p)}. How much was in it at the start of the year?",
        ],
        MalRules =
        [
            new("Adds the percentage of the reduced amount to find the original amount",
                p => Money(Reduced(p) * new Rational(100 + p.Percent, 100)),
                "Increases the sale price by the same percentage to undo a decrease",
                "Takes the percentage of the new price instead of the old price",
                "Thinks a decrease is undone by an increase of the same percentage",
                "Finds the percentage of the price after the cut and adds it on",
                "Does not see that the percentage refers to the original amount",
                "Reverses a percentage decrease by adding that percentage of what is left"),
            new("Adds the number of the percentage to the reduced amount",
                p => Money(Reduced(p) + p.Percent),
                "Treats the percentage as an amount of pounds and adds it back",
                "Ignores the percent sign and adds the number to the price",
                "Undoes 20% off by adding 20 pounds",
                "Reads a percentage decrease as a decrease by that number of units",
                "Puts the percentage on top of the price as if it were money",
                "Thinks percent off means pounds off, and gives the pounds back"),
            new("Takes the percentage off once more instead of undoing the decrease",
                p => Money(Reduced(p) * new Rational(100 - p.Percent, 100)),
                "Reduces the already reduced amount by the percentage again",
                "Applies the discount a second time",
                "Treats the new price as the old one and decreases it",
                "Finds the price after the reduction rather than before it",
                "Does not reverse the decrease but repeats it",
                "Works forwards with the discount when the question asks to go back"),
            new("Treats the reduced amount as the percentage that was taken off",
                p => Money(Reduced(p) * new Rational(100, p.Percent)),
                "Thinks the price that is paid is the percentage of the decrease",
                "Divides the new amount by the percentage taken off instead of by what is left",
                "Sets the remaining amount equal to the discount percentage of the whole",
                "Uses the rate of the decrease where one hundred minus it is needed",
                "Believes that after 20% off, the price is 20% of the original",
                "Scales up from the discount rate rather than from the remaining rate"),
            new("Gives the percentage of the reduced amount as the original amount",
                p => Money(Reduced(p) * new Rational(p.Percent, 100)),
                "Finds the percentage of the sale price and stops",
                "Calculates only the size of a discount on the new price",
                "Answers with a percentage of what is left instead of with the whole",
                "Works out the percentage of the given amount and takes it as the answer",
                "Multiplies the new price by the percentage and goes no further",
                "Treats finding the original as finding a percentage of the amount given"),
        ],
        Quantities = p => [("the percentage", p.Percent), ("the new price", Reduced(p)), ("one hundred", 100)],
        Render = (_, value) => value > 0 ? Money(value) : null,
    };

    private static Rational Reduced(P p) => new(p.Original * (100 - p.Percent), 100);

    private static string Now(P p) => Money(Reduced(p))!.Value.Text;
}
