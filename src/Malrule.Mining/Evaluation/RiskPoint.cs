namespace Malrule.Mining.Evaluation;

/// <summary>A point of the risk–coverage curve: what holds if only the surest items are answered.</summary>
/// <param name="Coverage">Share of items answered.</param>
/// <param name="MinConfidence">The least confidence among them.</param>
/// <param name="Accuracy">Share of them with the right misconception first.</param>
/// <param name="Map25">Their MAP@25.</param>
public readonly record struct RiskPoint(double Coverage, double MinConfidence, double Accuracy, double Map25)
{
    /// <summary>Twenty points, 5 % to 100 % of the items by descending confidence, equal ones by id; none for no items.</summary>
    internal static IReadOnlyList<RiskPoint> Curve(IReadOnlyList<RankedItem> items)
    {
        const int points = 20;
        RankedItem[] sorted = [.. items.OrderByDescending(item => item.Confidence).ThenBy(item => item.Id, StringComparer.Ordinal)];
        var curve = new List<RiskPoint>(points);
        int right = 0, taken = 0;
        double precision = 0;
        for (int point = 1; point <= points && sorted.Length > 0; point++)
        {
            int until = Math.Max(1, (int)((long)sorted.Length * point / points));
            for (; taken < until; taken++)
            {
                int rank = sorted[taken].Rank;
                right += rank == 1 ? 1 : 0;
                precision += AveragePrecision.OfRank(rank);
            }
            curve.Add(new RiskPoint((double)taken / sorted.Length, sorted[taken - 1].Confidence, (double)right / taken, precision / taken));
        }
        return curve;
    }
}
