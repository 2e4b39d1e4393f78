using Malrule.SampleBank.Constructs;

namespace Malrule.SampleBank.Tests;

/// <summary>Every mal-rule on parameters worked by hand: the key, then the wrong answers in the order of the construct's rules; null: none.</summary>
public sealed class MalRuleTests
{
    [Fact]
    public void Column_subtraction()
    {
        Check(ColumnSubtraction.Construct, (523, 187), "336", "464", "446", "400", "710", "336");
        Check(ColumnSubtraction.Construct, (562, 137), "425", "435", "435", "430", "699", "325");
    }

    [Fact]
    public void Powers_of_ten() => Check(PowersOfTen.Construct, (345, 2, 2), "345", "3.4500", "34.5", "3450", "0.0345", "300.45");

    [Fact]
    public void Order_of_operations() => Check(OrderOfOperations.Construct, (20, 6, 4, 3), "26", "54", "2", "-10", "21", "32");

    [Fact]
    public void Negative_numbers() => Check(NegativeNumbers.Construct, (5, 9, 3), "1", "-17", "7", "11", "-1", "17");

    [Fact]
    public void Fraction_addition() => Check(FractionAddition.Construct, (1, 2, 2, 5),
        @"\frac{9}{10}", @"\frac{3}{7}", @"\frac{3}{10}", @"\frac{3}{5}", @"\frac{9}{7}", @"\frac{2}{10}");

    [Fact]
    public void Fraction_division() => Check(FractionDivision.Construct, (2, 3, 4, 5),
        @"\frac{5}{6}", @"\frac{8}{15}", @"\frac{12}{10}", @"\frac{15}{8}", @"\frac{23}{12}", @"\frac{10}{7}");

    [Fact]
    public void Decimal_addition()
    {
        Check(DecimalAddition.Construct, (34, 275), "6.15", "3.09", "5.79", "309", "6.1", "5.15");
        Check(DecimalAddition.Construct, (32, 245), "5.65", "2.77", "5.47", "277", "5.6", null);
    }

    [Fact]
    public void Linear_equations() => Check(LinearEquations.Construct, (3, 5, 7, "x"), "7", @"\frac{31}{3}", "18", "63", @"\frac{11}{3}", "21");

    [Fact]
    public void Decimal_rounding()
    {
        Check(DecimalRounding.Construct, (478362, 2), "47.84", "47.83", "47.84", "48", "47.8", "47.836");
        Check(DecimalRounding.Construct, (412345, 1), "41.2", "41.2", "41.3", "40", "41", "41.23");
    }

    [Fact]
    public void Fraction_of_an_amount()
    {
        Check(FractionOfAmount.Construct, (3, 5, 8), "24", "8", null, "16", "120", "5");
        Check(FractionOfAmount.Construct, (2, 5, 8), "16", "8", "100", "24", "80", "6");
    }

    [Fact]
    public void Percentage_of_an_amount() => Check(PercentageOfAmount.Construct, (20, 240), "48", "12", "220", "192", "480", "4800");

    [Fact]
    public void Reverse_percentages() => Check(ReversePercentages.Construct, (20, 200), "£ 200", "£ 192", "£ 180", "£ 128", "£ 800", "£ 32");

    [Fact]
    public void Ratio_sharing()
    {
        Check(RatioSharing.Construct, (3, 5, 8), "24", "40", "8", "32", null, "38.4");
        Check(RatioSharing.Construct, (2, 3, 10), "20", "30", "10", "25", "25", null);
    }

    [Fact]
    public void Index_laws() => Check(IndexLaws.Construct, (3, 4, 5, 2, "x"), "15 x^{6}", "15 x^{8}", "8 x^{6}", "15 x^{2}", "8 x^{8}", "15 x^{4}");

    [Fact]
    public void Square_roots() => Check(SquareRoots.Construct, (2, 3, 5, 4), "26", "49", "7", "14", "98", @"7 \sqrt{25}");

    [Fact]
    public void Expanding_brackets() => Check(ExpandingBrackets.Construct, (3, 2, -5, "x"), "6 x-15", "6 x-5", "2 x-15", "5 x-2", "6 x-2", "-9 x");

    [Fact]
    public void Double_brackets() => Check(DoubleBrackets.Construct, (3, -5, "x"),
        "x^{2}-2 x-15", "x^{2}-15", "x^{2}-15 x-2", "2 x-2", "x^{2}+8 x+15", "x^{2}-2 x-2");

    [Fact]
    public void Factorising_quadratics() => Check(FactorisingQuadratics.Construct, (-2, 6, "x"),
        "(x-2)(x+6)", "(x-6)(x+2)", "(x-12)(x+4)", "x(x+4)-12", "(x-12)(x+1)", "(x-6)(x-2)");

    [Fact]
    public void Inequalities_with_a_negative_coefficient() => Check(Inequalities.Construct, (3, 10, 4, "x"),
        "x > 4", "x < 4", @"x \geq 4", "x = 4", "x < -4", "x > 12");

    [Fact]
    public void Arithmetic_sequences() => Check(ArithmeticSequences.Construct, (7, 3, 4), "3 n+4", "n+3", "3 n+7", "7 n+3", "3 n-4", "3 n");

    [Fact]
    public void Midpoints_of_segments() => Check(Midpoints.Construct, (2, 4, 8, 10), "(5, 7)", "(3, 3)", "(10, 14)", "(7, 5)", "(3, 9)", "(6, 6)");

    [Fact]
    public void Line_intercepts() => Check(LineIntercepts.Construct, (2, -6), "(3, 0)", "(0, -6)", "(-6, 0)", "(-3, 0)", "(6, 0)", "(0, 3)");

    [Fact]
    public void Triangle_angles() => Check(TriangleAngles.Construct, (50, 60),
        @"70^{\circ}", @"250^{\circ}", @"110^{\circ}", @"130^{\circ}", @"60^{\circ}", @"35^{\circ}");

    [Fact]
    public void Triangle_areas() => CheckUnits(TriangleAreas.Construct, (8, 5, 6, "cm"), @" \mathrm{~cm}^{2}", "20", "40", "24", "19", "6.5", "120");

    [Fact]
    public void Rectangle_perimeters() => CheckUnits(RectanglePerimeters.Construct, (9, 5, "cm"), @" \mathrm{~cm}", "28", "45", "14", "23", "36", "90");

    [Fact]
    public void Cuboid_volumes() => CheckUnits(CuboidVolumes.Construct, (5, 4, 3, "m"), @" \mathrm{~m}^{3}", "60", "12", "20", "94", "27", "48");

    [Fact]
    public void Area_units() => CheckUnits(AreaUnits.Construct, (34, 0), @" \mathrm{~cm}^{2}", "34000", "340", "3400000", "680", "0.034", "3.4");

    [Fact]
    public void Clock_times() => Check(ClockTimes.Construct, (14, 45, 135), "17: 00", "15: 80", "14: 00", "16: 20", "12: 30", "18: 00");

    [Fact]
    public void Medians_of_five() => Check(Medians.Construct, (9, 2, 14, 5, 20), "9", "14", "10", "18", "11", "14.5");

    [Fact]
    public void Probabilities_of_one_draw() => Check(Probabilities.Construct, (3, 4, 5),
        @"\frac{3}{12}", @"\frac{3}{9}", @"\frac{1}{3}", @"\frac{1}{12}", @"\frac{9}{12}", @"\frac{3}{7}");

    private static void CheckUnits<P>(Construct construct, P parameters, string unit, string key, params string[] answers) where P : notnull =>
        Check(construct, parameters, key + unit, [.. answers.Select(answer => answer + unit)]);

    private static void Check<P>(Construct construct, P parameters, string key, params string?[] answers) where P : notnull
    {
        var typed = (Construct<P>)construct;
        Assert.Equal(Latex.Inline(key), typed.Key(parameters)!.Value.Text);
        Assert.Equal(answers.Select(answer => answer is null ? null : Latex.Inline(answer)), typed.MalRules.Select(rule => rule.Procedure(parameters)?.Text));
    }
}
