using static Malrule.SampleBank.Answer;
using P = (int X1, int Y1, int X2, int Y2);

namespace Malrule.SampleBank.Constructs;

/// <summary>The midpoint of a segment between two points.</summary>
internal static class Midpoints
{
    public static Construct Construct { get; } = new Construct<P>("Find the midpoint of two points given by their coordinates", "Coordinates")
    {
        Sample = r => (r.Int(-10, 14), r.Int(-10, 14), r.Int(-10, 14), r.Int(-10, 14)),
        Where = p => p.X1 != p.X2 && p.Y1 != p.Y2,
        Key = p => At(Half(p.X1 + p.X2), Half(p.Y1 + p.Y2)),
        Stems =
        [
            p => $@"What is the midpoint of \( {A(p)} \) and \( {B(p)} \) ?",
            p => $"Find the coordinates of the point halfway between\n\\[\n{A(p)} \\text {{ and }} {B(p)}\n\\]",
            p => $@"\( A \) is \( {A(p)} \) and \( B \) is \( {B(p)} \). \( M \) is the midpoint of \( A B \). What are the coordinates of \( M \) ?",
            p => $@"A line segment joins \( {A(p)} \) to \( {B(p)} \). Which point is in its middle?",
            p => $@"@name marks the middle of the segment from \( {A(p)} \) to \( {B(p)} \). Which point does @name mark?",
            p => $@"The ends of a diameter of a circle are \( {A(p)} \) and \( {B(p)} \). Find the centre.",
            p => $@"The segment \( P Q \) has ends \( P={A(p)} \) and \( Q={B(p)} \). Its midpoint is ...",
        ],
        HeldOutStems =
        [
            p => $@"Two villages lie at \( {A(p)} \) and \( {B(p)} \) on a map. A well is to be dug exactly half way on the straight road between them. Where?",
            p => $@"A diagonal of a square runs from \( {A(p)} \) to \( {B(p)} \). At which point do the diagonals cross?",
        ],
        MalRules =
        [
            new("Halves the differences of the coordinates to find a midpoint",
                p => At(Half(p.X2 - p.X1), Half(p.Y2 - p.Y1)),
                "Subtracts the coordinates and divides by two",
                "Finds half the way between two points but forgets to start from the first point",
                "Uses minus in place of plus in the midpoint formula",
                "Gives half of the distances in each direction as coordinates",
                "Takes half the difference instead of the mean of the coordinates",
                "Confuses half the length of a segment with the place of its middle"),
            new("Adds the coordinates without halving them to find a midpoint",
                p => At(p.X1 + p.X2, p.Y1 + p.Y2),
                "Forgets to divide the sums of the coordinates by two",
                "Gives the sums of the x-coordinates and of the y-coordinates",
                "Thinks the midpoint is the sum of the two points",
                "Stops after adding the coordinates",
                "Leaves out the last step of finding the mean of the coordinates",
                "Believes the middle of two points is found by adding them"),
            new("Writes the coordinates of a point in the wrong order",
                p => At(Half(p.Y1 + p.Y2), Half(p.X1 + p.X2)),
                "Swaps x and y in the answer",
                "Puts the vertical coordinate before the horizontal one",
                "Reads coordinates as up first, then across",
                "Gives y before x when stating a point",
                "Has the two numbers of a point the wrong way round",
                "Finds both values of the middle but exchanges their places"),
            new("Finds the mean of the two numbers within each point",
                p => At(Half(p.X1 + p.Y1), Half(p.X2 + p.Y2)),
                "Averages x with y of the same point",
                "Pairs the coordinates of a point with each other rather than x with x and y with y",
                "Adds and halves the numbers inside each pair of brackets",
                "Combines the horizontal and vertical coordinate of one point",
                "Does not keep x-coordinates and y-coordinates apart",
                "Works along each point instead of across the two points"),
            new("Gives the differences of the coordinates as the midpoint",
                p => At(p.X2 - p.X1, p.Y2 - p.Y1),
                "Subtracts one point from the other and stops",
                "Takes the step from the first point to the second as the middle",
                "Finds how far apart the points are in each direction",
                "Writes the distances across and up as the coordinates of the middle",
                "Confuses the vector between two points with their midpoint",
                "Subtracts the coordinates although they should be averaged"),
        ],
        Quantities = p => [("the first x-coordinate", p.X1), ("the first y-coordinate", p.Y1), ("the second x-coordinate", p.X2), ("the second y-coordinate", p.Y2)],
        Render = (p, value) => value < 100 && value > -100 ? At(value, Half(p.Y1 + p.Y2)) : null,
    };

    private static Rational Half(int value) => new(value, 2);

    private static Answer? At(Rational x, Rational y) => Written(Latex.Point(x, y));

    private static string A(P p) => Latex.Point(p.X1, p.Y1);

    private static string B(P p) => Latex.Point(p.X2, p.Y2);
}
