namespace Malrule.Mining.Evaluation;

/// <summary>A measured value with its 95 % interval.</summary>
/// <param name="Value">The value on all items.</param>
/// <param name="Low">2.5 % of the resamples lie below.</param>
/// <param name="High">2.5 % of the resamples lie above.</param>
public readonly record struct Estimate(double Value, double Low, double High)
{
    /// <summary>Such as <c>0.188 [0.178, 0.199]</c>.</summary>
    public override string ToString() => FormattableString.Invariant($"{Value:F3} [{Low:F3}, {High:F3}]");

    // Percentiles by linear interpolation between order statistics; resamples in which the value is undefined are left out.
    internal static Estimate Of(double value, IEnumerable<double> resampled)
    {
        double[] sorted = [.. resampled.Where(double.IsFinite).Order()];
        return sorted.Length == 0 ? new Estimate(value, value, value) : new Estimate(value, Percentile(sorted, 0.025), Percentile(sorted, 0.975));
    }

    private static double Percentile(double[] sorted, double share)
    {
        double place = share * (sorted.Length - 1);
        int below = (int)place;
        return below + 1 == sorted.Length ? sorted[below] : sorted[below] + (place - below) * (sorted[below + 1] - sorted[below]);
    }
}
