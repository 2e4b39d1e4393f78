namespace Malrule.Mining.Evaluation;

/// <summary>
/// What reranking did to MAP@25, and what it could have done. The run's own ranking is the one after it:
/// <see cref="StageAttribution.Reached"/> of the run is that of <see cref="First"/> + <see cref="Gained"/> − <see cref="Lost"/>.
/// </summary>
/// <param name="Shown">Candidates of each distractor that the language model put in order.</param>
/// <param name="First">Where MAP@25 was lost in the ranking before.</param>
/// <param name="Ceiling">MAP@25 had the model placed every label that it was shown first.</param>
/// <param name="Gained">MAP@25 gained where the label rose.</param>
/// <param name="Lost">MAP@25 lost where the label fell.</param>
/// <param name="Difference">MAP@25 after less before, item by item: reranking pays where the interval lies above 0.</param>
/// <param name="Rose">Distractors whose label rose within the first 25, or into them.</param>
/// <param name="Fell">Distractors whose label fell within the first 25, or out of them.</param>
public sealed record RerankAttribution(
    int Shown, StageAttribution First, Estimate Ceiling, Estimate Gained, Estimate Lost, Estimate Difference, int Rose, int Fell)
{
    /// <param name="first">The items before, in the order of <paramref name="items"/>.</param>
    /// <param name="items">The same items after.</param>
    /// <param name="shown">Candidates that were put in order.</param>
    /// <param name="depth">Candidates a list could have.</param>
    /// <param name="bootstrap">How intervals are drawn.</param>
    internal static RerankAttribution Of(IReadOnlyList<RankedItem> first, IReadOnlyList<RankedItem> items, int shown, int depth, Bootstrap bootstrap)
    {
        Dictionary<string, double> gains = first.Zip(items).ToDictionary(pair => pair.Second.Id, pair => AveragePrecision.OfRank(pair.Second.Rank) - AveragePrecision.OfRank(pair.First.Rank));
        return new RerankAttribution(
            shown,
            StageAttribution.Of(first, depth, bootstrap),
            bootstrap.Mean(first, item => item.Rank > 0 && item.Rank <= shown ? 1 : AveragePrecision.OfRank(item.Rank)),
            bootstrap.Mean(items, item => Math.Max(gains[item.Id], 0)),
            bootstrap.Mean(items, item => Math.Max(-gains[item.Id], 0)),
            bootstrap.Mean(items, item => gains[item.Id]),
            gains.Values.Count(gain => gain > 0),
            gains.Values.Count(gain => gain < 0));
    }
}
