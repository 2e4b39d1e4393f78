using Malrule.SampleBank.Constructs;

namespace Malrule.SampleBank;

/// <summary>All constructs in teaching order, and the catalogue of their mal-rules. Ids are places in these lists.</summary>
internal static class Curriculum
{
    public static IReadOnlyList<Construct> Constructs { get; } = Number(
    [
        ColumnSubtraction.Construct,
        PowersOfTen.Construct,
        DecimalRounding.Construct,
        OrderOfOperations.Construct,
        NegativeNumbers.Construct,
        FractionAddition.Construct,
        FractionDivision.Construct,
        FractionOfAmount.Construct,
        DecimalAddition.Construct,
        PercentageOfAmount.Construct,
        ReversePercentages.Construct,
        RatioSharing.Construct,
        IndexLaws.Construct,
        SquareRoots.Construct,
        ExpandingBrackets.Construct,
        DoubleBrackets.Construct,
        FactorisingQuadratics.Construct,
        LinearEquations.Construct,
        Inequalities.Construct,
        ArithmeticSequences.Construct,
        Midpoints.Construct,
        LineIntercepts.Construct,
        TriangleAngles.Construct,
        TriangleAreas.Construct,
        RectanglePerimeters.Construct,
        CuboidVolumes.Construct,
        AreaUnits.Construct,
        ClockTimes.Construct,
        Medians.Construct,
        Probabilities.Construct,
    ]);

    public static IReadOnlyList<MalRule> Rules { get; } = [.. Constructs.SelectMany(construct => construct.Rules)];

    private static Construct[] Number(Construct[] constructs)
    {
        int rules = 0;
        var subjects = new List<string>();
        for (int i = 0; i < constructs.Length; i++)
        {
            if (!subjects.Contains(constructs[i].Subject))
                subjects.Add(constructs[i].Subject);
            (constructs[i].Id, constructs[i].SubjectId) = (i, subjects.IndexOf(constructs[i].Subject));
            foreach (MalRule rule in constructs[i].Rules)
                (rule.Id, rule.Construct) = (rules++, constructs[i]);
        }
        return constructs;
    }
}
