using Malrule.SampleBank.Constructs;

namespace Malrule.SampleBank;

/// <summary>All constructs in teaching order, and the catalogue of their mal-rules. Ids are places in these lists.</summary>
internal static class Curriculum
{
    public static IReadOnlyList<Construct> Constructs { get; } = Number(
    [
        ColumnSubtraction.Construct,
        PowersOfTen.Construct,
        OrderOfOperations.Construct,
        NegativeNumbers.Construct,
        FractionAddition.Construct,
        FractionDivision.Construct,
        DecimalAddition.Construct,
        LinearEquations.Construct,
    ]);

    public static IReadOnlyList<MalRule> Rules { get; } = [.. Constructs.SelectMany(construct => construct.Rules)];

    private static Construct[] Number(Construct[] constructs)
    {
        int rules = 0;
        for (int i = 0; i < constructs.Length; i++)
        {
            constructs[i].Id = i;
            foreach (MalRule rule in constructs[i].Rules)
                (rule.Id, rule.Construct) = (rules++, constructs[i]);
        }
        return constructs;
    }
}
