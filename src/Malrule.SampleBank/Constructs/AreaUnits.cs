using static Malrule.SampleBank.Answer;
using P = (int Tenths, int Pair);

namespace Malrule.SampleBank.Constructs;

/// <summary>3.4 m² in cm²: the factor of the lengths counts twice.</summary>
internal static class AreaUnits
{
    private static readonly (string Large, string Small, int Factor)[] Pairs = [("m", "cm", 100), ("cm", "mm", 10), ("km", "m", 1000), ("m", "mm", 1000)];

    public static Construct Construct { get; } = new Construct<P>("Convert between units of area", "Units of Measurement")
    {
        Sample = r => (r.Int(2, 990), r.Int(0, 3)),
        Key = p => Area(p, Value(p) * Factor(p) * Factor(p)),
        Stems =
        [
            p => $@"Convert {From(p)} to \( {Small(p)} \)",
            p => $"How many \\( {Small(p)} \\) are equal to\n\\[\n{Value(p).ToDecimal()} {Large(p)} \\text {{ ?}}\n\\]",
            p => $@"An area is {From(p)}. What is it in \( {Small(p)} \) ?",
            p => $@"Write {From(p)} in \( {Small(p)} \).",
            p => $@"@name measures an area of {From(p)} and has to report it in \( {Small(p)} \). What should @name report?",
            p => $@"Complete: \( {Value(p).ToDecimal()} {Large(p)}=\square {Small(p)} \)",
            p => $@"A plan shows a surface of {From(p)}. Change this to \( {Small(p)} \).",
        ],
        HeldOutStems =
        [
            p => $@"A tile shop lists sizes in \( {Small(p)} \). Which size in the list equals {From(p)}?",
            p => $@"{From(p)}, given in \( {Small(p)} \), is ...",
        ],
        MalRules =
        [
            new("Uses the factor for lengths once when converting areas",
                p => Area(p, Value(p) * Factor(p)),
                "Converts an area as if it were a length",
                "Leaves the factor for lengths unsquared",
                "Thinks there are 100 square centimetres in a square metre",
                "Multiplies an area by the number of small lengths in a large one only",
                "Forgets that area has two dimensions when changing units",
                "Believes square units convert like the plain units"),
            new("Uses the factor for volumes when converting areas",
                p => Area(p, Value(p) * Factor(p) * Factor(p) * Factor(p)),
                "Cubes the conversion factor for an area",
                "Multiplies three times by the factor of the lengths when converting an area",
                "Confuses square units with cubic units",
                "Converts an area as if it were a volume",
                "Applies the factor once too often when changing square units",
                "Believes an area has three dimensions to convert"),
            new("Doubles the conversion factor instead of squaring it",
                p => Area(p, Value(p) * Factor(p) * 2),
                "Multiplies the factor by two because the unit is squared",
                "Takes squared to mean times two when converting units",
                "Uses twice the factor for lengths for an area",
                "Thinks the square of a hundred is two hundred",
                "Confuses the index in a unit with a multiplier",
                "Converts each of two dimensions and adds the factors"),
            new("Divides by the factor when converting to a smaller unit of area",
                p => Area(p, Value(p) / Factor(p)),
                "Divides instead of multiplying when changing to smaller square units",
                "Believes a smaller unit gives a smaller number",
                "Converts an area in the wrong direction",
                "Uses the factor for lengths and divides by it",
                "Makes the number smaller when the unit becomes smaller",
                "Goes from large to small units by a division"),
            new("Leaves the number unchanged and writes the new unit of area",
                p => Area(p, Value(p)),
                "Replaces only the unit when converting an area",
                "Believes the number of square units does not depend on the unit",
                "Copies the value and changes the name of the unit",
                "Thinks changing the unit needs no calculation",
                "Does not convert the number at all",
                "Keeps the same amount in whatever unit is asked for"),
        ],
        Quantities = p => [("the given number", Value(p)), ("the factor for lengths", Factor(p)), ("ten", 10)],
        Render = (p, value) => value > 0 ? Area(p, value) : null,
    };

    private static Rational Value(P p) => new(p.Tenths, 10);

    private static int Factor(P p) => Pairs[p.Pair].Factor;

    private static string Large(P p) => $@"\mathrm{{~{Pairs[p.Pair].Large}}}^{{2}}";

    private static string Small(P p) => $@"\mathrm{{{Pairs[p.Pair].Small}}}^{{2}}";

    private static string From(P p) => Latex.Inline($"{Value(p).ToDecimal()} {Large(p)}");

    private static Answer? Area(P p, Rational value) => Number(value, $" \\mathrm{{~{Pairs[p.Pair].Small}}}^{{2}}");
}
