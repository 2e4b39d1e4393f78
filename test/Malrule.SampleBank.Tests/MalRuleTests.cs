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

    private static void Check<P>(Construct construct, P parameters, string key, params string?[] answers) where P : notnull
    {
        var typed = (Construct<P>)construct;
        Assert.Equal(Latex.Inline(key), typed.Key(parameters)!.Value.Text);
        Assert.Equal(answers.Select(answer => answer is null ? null : Latex.Inline(answer)), typed.MalRules.Select(rule => rule.Procedure(parameters)?.Text));
    }
}
