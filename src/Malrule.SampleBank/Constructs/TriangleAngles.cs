using static Malrule.SampleBank.Answer;
using P = (int A, int B);

namespace Malrule.SampleBank.Constructs;

/// <summary>The third angle of a triangle.</summary>
internal static class TriangleAngles
{
    public static Construct Construct { get; } = new Construct<P>("Find a missing angle in a triangle", "Angles")
    {
        Sample = r => (r.Int(18, 110), r.Int(18, 110)),
        Where = p => p.A != p.B && p.A + p.B is > 60 and < 166 && p.A != 90 && p.B != 90,
        Key = p => Degrees(180 - p.A - p.B),
        Stems =
        [
            p => $@"Two angles of a triangle are {A(p)} and {B(p)}. What is the size of the third angle?",
            p => $@"In triangle \( A B C \), angle \( A= \) {A(p)} and angle \( B= \) {B(p)}. Find angle \( C \).",
            p => $"A triangle has the angles\n{A(p)}, {B(p)} and \\( x \\).\nWhat is \\( x \\) ?",
            p => $@"![A triangle. Two of its angles are marked {p.A} degrees and {p.B} degrees, the third is marked x.]() Calculate \( x \).",
            p => $@"@name measures two angles of a triangle: {A(p)} and {B(p)}. What must the other angle be?",
            p => $@"A triangular garden has corners of {A(p)}, {B(p)} and \( y \). Work out \( y \).",
            p => $@"Which angle completes a triangle that already has angles of {A(p)} and {B(p)}?",
        ],
        HeldOutStems =
        [
            p => $@"A roof frame is a triangle. The beams meet at {A(p)} on the left and at {B(p)} on the right. At which angle do they meet at the top?",
            p => $@"\( P Q R \) is a triangle with {A(p)} at \( P \) and {B(p)} at \( Q \). How large is the angle at \( R \) ?",
        ],
        MalRules =
        [
            new("Believes the angles of a triangle add up to a full turn",
                p => Degrees(360 - p.A - p.B),
                "Subtracts the known angles of a triangle from 360 degrees",
                "Uses the angle sum of a quadrilateral for a triangle",
                "Confuses the sum in a triangle with angles around a point",
                "Thinks a triangle has 360 degrees",
                "Takes the two angles away from 360 instead of 180",
                "Mixes up half a turn and a whole turn in the angle sum"),
            new("Adds the two known angles to get the third",
                p => Degrees(p.A + p.B),
                "Gives the sum of the two given angles",
                "Thinks the missing angle is the other two together",
                "Adds the angles and forgets to subtract from 180",
                "Finds the exterior angle instead of the third angle",
                "Stops after adding the known angles",
                "Uses the total of the given angles as the missing one"),
            new("Subtracts only the first of the known angles from 180 degrees",
                p => Degrees(180 - p.A),
                "Ignores one of the given angles when finding the third",
                "Finds the angle on a straight line beside the first angle",
                "Takes just one angle away from the angle sum",
                "Uses angles on a straight line instead of the three angles of a triangle",
                "Leaves the second angle out of the subtraction",
                "Calculates 180 minus one angle and stops"),
            new("Thinks the missing angle of a triangle equals the second known angle",
                p => Degrees(p.B),
                "Treats any triangle as isosceles and repeats an angle",
                "Assumes that every triangle has two equal angles",
                "Copies one of the given angles as the third",
                "Believes the angles at the base must be the same in every triangle",
                "Gives an angle that is already known instead of working the third out",
                "Takes the triangle to be symmetrical without reason"),
            new("Halves what is left after subtracting the known angles",
                p => Degrees(new Rational(180 - p.A - p.B, 2)),
                "Divides the remaining angle by two",
                "Shares the rest of the angle sum between two angles",
                "Uses the method for the base angles of an isosceles triangle when two angles are given",
                "Finds the third angle and then takes half of it",
                "Thinks there are two equal angles still to be found",
                "Adds an unneeded division by two at the end of an angle problem"),
        ],
        Quantities = p => [("the first angle", p.A), ("the second angle", p.B), ("half a turn", 180), ("a right angle", 90)],
        Render = (_, value) => value > 0 && value < 720 ? Degrees(value) : null,
    };

    private static Answer? Degrees(Rational value) => Number(value, @"^{\circ}");

    private static string A(P p) => $@"\( {p.A}^{{\circ}} \)";

    private static string B(P p) => $@"\( {p.B}^{{\circ}} \)";
}
