namespace Malrule.Inference.Verification;

/// <summary>
/// The Kullback–Leibler divergence of fast from exact mode, position by position. The exact distributions are kept, so the fast ones
/// need no memory.
/// </summary>
internal sealed class Divergence(int positions)
{
    private readonly float[]?[] _exact = new float[positions][]; // log probabilities, [position, vocabulary]
    private readonly double[] _nats = new double[positions];
    private readonly bool[] _sameTop = new bool[positions];

    public double Mean => _nats.Average();
    public double Max => _nats.Max();

    /// <summary>Share of positions where both modes find the same token most likely.</summary>
    public double SameTop => _sameTop.Count(same => same) / (double)positions;

    /// <param name="position">Of the token that the logits predict; the first token has none.</param>
    /// <param name="logits">[vocabulary]</param>
    public void Keep(int position, ReadOnlySpan<float> logits)
    {
        float[] row = logits.ToArray();
        float sum = LogSumOfExponentials(logits);
        for (int i = 0; i < row.Length; i++)
            row[i] -= sum;
        _exact[position - 1] = row;
    }

    public void Compare(int position, ReadOnlySpan<float> logits)
    {
        float[] exact = _exact[position - 1] ?? throw new InvalidOperationException($"Position {position} was not computed in exact mode.");
        float sum = LogSumOfExponentials(logits);
        double nats = 0;
        int top = 0, exactTop = 0;
        for (int i = 0; i < exact.Length; i++)
        {
            nats += Math.Exp(exact[i]) * (exact[i] - (logits[i] - sum));
            top = logits[i] > logits[top] ? i : top;
            exactTop = exact[i] > exact[exactTop] ? i : exactTop;
        }
        (_nats[position - 1], _sameTop[position - 1]) = (nats, top == exactTop);
    }

    private static float LogSumOfExponentials(ReadOnlySpan<float> logits)
    {
        float max = float.NegativeInfinity;
        foreach (float logit in logits)
            max = Math.Max(max, logit);
        double sum = 0;
        foreach (float logit in logits)
            sum += Math.Exp(logit - max);
        return (float)(max + Math.Log(sum));
    }
}
