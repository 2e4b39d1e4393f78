using static Malrule.SampleBank.Answer;
using P = (int Base, int Height, int Slant, string Unit);

namespace Malrule.SampleBank.Constructs;

/// <summary>The area of a triangle with its base, height and a slanted side.</summary>
internal static class TriangleAreas
{
    public static Construct Construct { get; } = new Construct<P>("Calculate the area of a triangle", "Area")
    {
        Sample = r => (r.Int(3, 30), r.Int(3, 20), r.Int(4, 32), r.Pick(["cm", "m", "mm"])),
        Where = p => p.Slant > p.Height && p.Slant <= p.Height + 12 && p.Base != p.Slant && p.Base != p.Height,
        Key = p => Area(p, new Rational(p.Base * p.Height, 2)),
        Stems =
        [
            p => $@"A triangle has a base of {L(p, p.Base)} and a perpendicular height of {L(p, p.Height)}. A slanted side is {L(p, p.Slant)} long. What is its area?",
            p => $@"![A triangle. Its base is {p.Base} {p.Unit}, the dashed line from the top at a right angle to the base is {p.Height} {p.Unit}, the sloping side is {p.Slant} {p.Unit}.]() Calculate the area of the triangle.",
            p => $"A triangle has these measurements. Find its area.\nbase {L(p, p.Base)}\nsloping side {L(p, p.Slant)}\nperpendicular height {L(p, p.Height)}",
            p => $@"The base of a triangular metal plate measures {L(p, p.Base)}, its height {L(p, p.Height)} and its sloping edge {L(p, p.Slant)}. Find the area of the plate.",
            p => $@"@name draws a triangle: base {L(p, p.Base)}, perpendicular height {L(p, p.Height)}, another side {L(p, p.Slant)}. What area does it cover?",
            p => $@"In a triangle the side {L(p, p.Base)} is the base. The height on it is {L(p, p.Height)}; one of the other sides is {L(p, p.Slant)}. Work out the area.",
            p => $@"What is the area of this triangle? Base: {L(p, p.Base)}, height: {L(p, p.Height)}, side: {L(p, p.Slant)}.",
        ],
        HeldOutStems =
        [
            p => $@"A triangular piece of glass is {L(p, p.Base)} wide at the bottom and {L(p, p.Height)} tall. One of its other edges is {L(p, p.Slant)}. How large is it?",
            p => $@"How much paper is needed for a triangle with base {L(p, p.Base)}, height {L(p, p.Height)} and a sloping edge of {L(p, p.Slant)}?",
        ],
        MalRules =
        [
            new("Multiplies base and height of a triangle without halving",
                p => Area(p, p.Base * p.Height),
                "Uses the area formula of a rectangle for a triangle",
                "Forgets to divide by two when finding the area of a triangle",
                "Gives the area of the rectangle around the triangle",
                "Thinks the area of a triangle is base times height",
                "Leaves the half out of the triangle formula",
                "Treats a triangle like a parallelogram with the same base and height"),
            new("Uses a slanted side as the height of a triangle",
                p => Area(p, new Rational(p.Base * p.Slant, 2)),
                "Takes the sloping length instead of the perpendicular height",
                "Multiplies the base by a side that is not perpendicular to it",
                "Does not know that the height must be perpendicular to the base",
                "Finds half of base times sloping side",
                "Confuses the height of a triangle with the length of its side",
                "Picks the wrong length for the height in the triangle formula"),
            new("Adds all the lengths given for a shape to find its area",
                p => Area(p, p.Base + p.Height + p.Slant),
                "Finds a sum of lengths instead of an area",
                "Confuses the area of a triangle with the distance around it",
                "Adds base, height and side together",
                "Thinks the area is the total of all marked lengths",
                "Uses addition where the area needs multiplication",
                "Mixes up perimeter and area of a triangle"),
            new("Adds base and height and halves the sum",
                p => Area(p, new Rational(p.Base + p.Height, 2)),
                "Uses plus instead of times in the triangle formula",
                "Takes the mean of base and height as the area",
                "Halves the sum of the two lengths rather than their product",
                "Remembers the half but adds the base to the height",
                "Replaces the product of base and height by their sum",
                "Finds half of base plus height"),
            new("Multiplies all three given lengths and halves the product",
                p => Area(p, new Rational(p.Base * p.Height * p.Slant, 2)),
                "Includes the slanted side as a further factor in the area",
                "Uses every number in the diagram in the product",
                "Multiplies base, height and side together before halving",
                "Thinks all lengths shown belong in the area formula",
                "Treats the area of a triangle like half a volume",
                "Does not leave out the length that is not needed"),
        ],
        Quantities = p => [("the base", p.Base), ("the height", p.Height), ("the slanted side", p.Slant)],
        Render = (p, value) => value > 0 ? Area(p, value) : null,
    };

    private static Answer? Area(P p, Rational value) => Number(value, $@" \mathrm{{~{p.Unit}}}^{{2}}");

    private static string L(P p, int length) => $@"\( {length} \mathrm{{~{p.Unit}}} \)";
}
