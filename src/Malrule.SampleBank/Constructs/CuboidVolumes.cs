using static Malrule.SampleBank.Answer;
using P = (int A, int B, int C, string Unit);

namespace Malrule.SampleBank.Constructs;

/// <summary>The volume of a cuboid.</summary>
internal static class CuboidVolumes
{
    public static Construct Construct { get; } = new Construct<P>("Calculate the volume of a cuboid", "Volume")
    {
        Sample = r => (r.Int(2, 15), r.Int(2, 12), r.Int(2, 12), r.Pick(["cm", "m"])),
        Key = p => Volume(p, p.A * p.B * p.C),
        Stems =
        [
            p => $@"A cuboid is {L(p, p.A)} long, {L(p, p.B)} wide and {L(p, p.C)} high. What is its volume?",
            p => $@"![A cuboid with length {p.A} {p.Unit}, width {p.B} {p.Unit} and height {p.C} {p.Unit}.]() Work out the volume of the cuboid.",
            p => $"Find the volume of a cuboid with edges\n{L(p, p.A)}, {L(p, p.B)} and {L(p, p.C)}",
            p => $@"A box measures {L(p, p.A)} by {L(p, p.B)} by {L(p, p.C)}. How much space is inside?",
            p => $@"@name fills a tank with a base of {L(p, p.A)} by {L(p, p.B)} up to a depth of {L(p, p.C)}. What is the volume of the water?",
            p => $@"Calculate the volume of a {L(p, p.A)} by {L(p, p.B)} by {L(p, p.C)} block.",
            p => $@"The dimensions of a rectangular block are {L(p, p.A)}, {L(p, p.B)} and {L(p, p.C)}. What volume does it have?",
        ],
        HeldOutStems =
        [
            p => $@"A hole with straight walls is {L(p, p.A)} long, {L(p, p.B)} wide and {L(p, p.C)} deep. How much sand fills it?",
            p => $@"How much wax goes into a mould of {L(p, p.A)} by {L(p, p.B)} that is {L(p, p.C)} deep?",
        ],
        MalRules =
        [
            new("Adds the three edges of a cuboid to find its volume",
                p => Volume(p, p.A + p.B + p.C),
                "Adds length, width and height instead of multiplying them",
                "Uses a sum of edges as the volume",
                "Thinks volume is found by adding the dimensions",
                "Puts plus where times belongs in the volume of a box",
                "Finds the total of the three measurements",
                "Combines the dimensions of a solid by addition"),
            new("Multiplies only the first two edges and leaves out the height of a cuboid",
                p => Volume(p, p.A * p.B),
                "Finds the area of the base instead of the volume",
                "Uses two of the three dimensions",
                "Forgets to multiply the base area by the height",
                "Treats a solid as a flat shape",
                "Gives length times width for a three-dimensional shape",
                "Ignores the third measurement of a box"),
            new("Calculates the surface area of a cuboid instead of its volume",
                p => Volume(p, 2 * (p.A * p.B + p.B * p.C + p.C * p.A)),
                "Adds the areas of all six faces",
                "Confuses volume with surface area",
                "Finds how much wrapping a box needs rather than how much it holds",
                "Gives the total area of the faces as the volume",
                "Adds up twice each different face",
                "Mixes up the outside of a solid with the space in it"),
            new("Adds the first two edges and multiplies by the height of a cuboid",
                p => Volume(p, (p.A + p.B) * p.C),
                "Uses the sum of length and width in place of the base area",
                "Adds in the base and multiplies by the height only",
                "Takes length plus width, times height, as the volume",
                "Mixes adding and multiplying in a volume",
                "Believes the base of a box is its length plus its width",
                "Multiplies the height by the sum of the other two edges"),
            new("Finds the total length of all edges of a cuboid",
                p => Volume(p, 4 * (p.A + p.B + p.C)),
                "Adds up the twelve edges instead of finding the volume",
                "Treats the volume as a perimeter in three dimensions",
                "Multiplies the sum of the dimensions by four",
                "Extends the idea of a perimeter to a solid when asked for its volume",
                "Counts every edge of the box and adds the lengths",
                "Gives the length of wire for a frame of the box"),
        ],
        Quantities = p => [("the length", p.A), ("the width", p.B), ("the height", p.C)],
        Render = (p, value) => value > 0 ? Volume(p, value) : null,
    };

    private static Answer? Volume(P p, Rational value) => Number(value, $@" \mathrm{{~{p.Unit}}}^{{3}}");

    private static string L(P p, int length) => $@"\( {length} \mathrm{{~{p.Unit}}} \)";
}
