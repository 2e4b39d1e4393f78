namespace Malrule.Mining.Evaluation;

/// <summary>What it is worth that a prompt shows the distractor's own label: there a right answer may be a copied one.</summary>
/// <param name="Prompts">Prompts of labelled distractors.</param>
/// <param name="Shown">Those in which a demonstration bears the label.</param>
/// <param name="Map25Shown">MAP@25 of these; null where there are none.</param>
/// <param name="Map25Hidden">MAP@25 of the others; null where there are none.</param>
public sealed record LabelLeak(int Prompts, int Shown, Estimate? Map25Shown, Estimate? Map25Hidden)
{
    internal static LabelLeak Of(IReadOnlyList<RankedItem> items, IReadOnlySet<string> shown, Bootstrap bootstrap)
    {
        ILookup<bool, RankedItem> groups = items.ToLookup(item => shown.Contains(item.Id));
        return new LabelLeak(items.Count, groups[true].Count(), Map25(true), Map25(false));

        Estimate? Map25(bool isShown) => groups.Contains(isShown) ? bootstrap.Mean([.. groups[isShown]], item => AveragePrecision.OfRank(item.Rank)) : null;
    }
}
