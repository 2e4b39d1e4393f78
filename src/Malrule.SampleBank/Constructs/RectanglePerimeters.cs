using static Malrule.SampleBank.Answer;
using P = (int Length, int Width, string Unit);

namespace Malrule.SampleBank.Constructs;

/// <summary>The perimeter of a rectangle.</summary>
internal static class RectanglePerimeters
{
    public static Construct Construct { get; } = new Construct<P>("Calculate the perimeter of a rectangle", "Perimeter")
    {
        Sample = r => (r.Int(4, 80), r.Int(3, 60), r.Pick(["cm", "m"])),
        Where = p => p.Length > p.Width,
        Key = p => Size(p, 2 * (p.Length + p.Width)),
        Stems =
        [
            p => $@"A rectangle is {L(p, p.Length)} long and {L(p, p.Width)} wide. What is its perimeter?",
            p => $@"![A rectangle. The longer side is marked {p.Length} {p.Unit}, the shorter side {p.Width} {p.Unit}.]() What is the perimeter of the rectangle?",
            p => $"Find the perimeter of a rectangle with sides\n{L(p, p.Length)} and {L(p, p.Width)}",
            p => $@"@name draws a chalk rectangle of {L(p, p.Length)} by {L(p, p.Width)} and walks once around it. How far is that?",
            p => $@"Work out the perimeter of a {L(p, p.Length)} by {L(p, p.Width)} rectangle.",
            p => $@"A picture of {L(p, p.Length)} by {L(p, p.Width)} gets a frame. What length does the frame have along the edge of the picture?",
            p => $@"What is the total distance around a rectangle that measures {L(p, p.Width)} by {L(p, p.Length)}?",
        ],
        HeldOutStems =
        [
            p => $@"A piece of wire is bent into a rectangle. Two sides that meet measure {L(p, p.Length)} and {L(p, p.Width)}. How long is the wire?",
            p => $@"An ant walks along the whole edge of a {L(p, p.Length)} by {L(p, p.Width)} board and comes back to where it started. How long is its way?",
        ],
        MalRules =
        [
            new("Multiplies length and width to find a perimeter",
                p => Size(p, p.Length * p.Width),
                "Calculates the area instead of the perimeter",
                "Takes the area of a shape for its perimeter",
                "Gives the product of the sides of a rectangle as the distance around it",
                "Uses length times width for the perimeter",
                "Thinks the perimeter is the space inside a shape",
                "Finds how much a rectangle covers rather than how far it is around"),
            new("Adds only the two sides that are given for a rectangle",
                p => Size(p, p.Length + p.Width),
                "Forgets the two sides without a label",
                "Finds half of the perimeter",
                "Counts each length of a rectangle only once",
                "Adds the marked numbers and ignores the opposite sides",
                "Thinks a rectangle has two sides to add",
                "Gives length plus width as the whole perimeter"),
            new("Counts the longer side twice and the shorter side once",
                p => Size(p, 2 * p.Length + p.Width),
                "Adds three of the four sides of a rectangle",
                "Leaves one short side out of the perimeter",
                "Doubles the length but not the width",
                "Misses the last side when going around a rectangle",
                "Forgets that the width occurs twice",
                "Adds two lengths and a single width"),
            new("Multiplies the longer side by four as if all sides were equal",
                p => Size(p, 4 * p.Length),
                "Uses the perimeter formula of a square for a rectangle",
                "Treats the rectangle as a square with the longer side",
                "Ignores the shorter side and takes four times the length",
                "Believes all four sides of a rectangle have the same length",
                "Takes four times one side as the perimeter of any four-sided shape",
                "Assumes equal sides when finding the distance around"),
            new("Doubles the product of length and width to find a perimeter",
                p => Size(p, 2 * p.Length * p.Width),
                "Multiplies the sides and then takes it twice",
                "Uses times instead of plus inside the perimeter formula",
                "Finds twice the area as the perimeter",
                "Remembers the factor two of the perimeter but multiplies the sides",
                "Mixes the formulas for perimeter and area into two times length times width",
                "Doubles the area of the rectangle"),
        ],
        Quantities = p => [("the length", p.Length), ("the width", p.Width), ("the number of sides", 4)],
        Render = (p, value) => value > 0 ? Size(p, value) : null,
    };

    private static Answer? Size(P p, Rational value) => Number(value, $@" \mathrm{{~{p.Unit}}}");

    private static string L(P p, int length) => $@"\( {length} \mathrm{{~{p.Unit}}} \)";
}
