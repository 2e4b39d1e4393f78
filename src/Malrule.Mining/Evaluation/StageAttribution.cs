namespace Malrule.Mining.Evaluation;

/// <summary>
/// Where the way to a MAP@25 of 1 is lost; the four parts sum to 1. What the retriever does not list no reranker can mend, so
/// 1 − <see cref="NotRetrieved"/> is the most that any order of the candidates could reach.
/// </summary>
/// <param name="Depth">Candidates a list could have.</param>
/// <param name="Reached">MAP@25.</param>
/// <param name="Order">Lost by the order within the first 25.</param>
/// <param name="Below">Lost because the label stands among the candidates but below the first 25.</param>
/// <param name="NotRetrieved">Lost because the label is no candidate.</param>
public sealed record StageAttribution(int Depth, Estimate Reached, Estimate Order, Estimate Below, Estimate NotRetrieved)
{
    internal static StageAttribution Of(IReadOnlyList<RankedItem> items, int depth, Bootstrap bootstrap) => new(
        depth,
        bootstrap.Mean(items, item => AveragePrecision.OfRank(item.Rank)),
        bootstrap.Mean(items, item => item.Rank is > 0 and <= 25 ? 1 - AveragePrecision.OfRank(item.Rank) : 0),
        bootstrap.Mean(items, item => item.Rank > 25 && item.Rank <= depth ? 1 : 0),
        bootstrap.Mean(items, item => item.Rank == 0 || item.Rank > depth ? 1 : 0));
}
