namespace Malrule.Mining.Rankings.Hybrid;

/// <summary>One choice among alternatives: what each offers, and which was right.</summary>
/// <param name="Features">[alternatives, features], row-major.</param>
/// <param name="Right">The row that was right.</param>
internal sealed record Choice(double[] Features, int Right);

/// <summary>
/// McFadden's conditional logit: P(alternative) ∝ exp(weights · features). The weights maximise the log-likelihood of the right alternatives less
/// a small ridge, which is concave, so Newton steps with halving reach the one maximum. Sums are made in a fixed order: the same weights at any number of threads.
/// </summary>
internal static class ConditionalLogit
{
    private const double Ridge = 1;
    private const int BlockLength = 64;
    private const int MaxSteps = 50;
    private const double Negligible = 1e-9; // a chance that cannot bend the likelihood

    /// <summary>The weights; <paramref name="start"/> where there is nothing to learn from.</summary>
    /// <param name="choices">What to learn from.</param>
    /// <param name="start">[features] where to start: zeros, or weights that should be near.</param>
    public static double[] Fit(IReadOnlyList<Choice> choices, double[] start)
    {
        if (choices.Count == 0)
            return start;
        double[] weights = start;
        double likelihood = Likelihood(choices, weights);
        for (int step = 0; step < MaxSteps; step++)
        {
            double[] direction = Newton(choices, weights);
            double length = 1;
            double[] next;
            double reached;
            do
            {
                next = [.. weights.Zip(direction, (weight, change) => weight + length * change)];
                reached = Likelihood(choices, next);
                length /= 2;
            }
            while (reached < likelihood && length > 1e-9);
            if (reached - likelihood <= 1e-7)
                break;
            (weights, likelihood) = (next, reached);
        }
        return weights;
    }

    private static double Likelihood(IReadOnlyList<Choice> choices, double[] weights) =>
        Blocks(choices, 1, (choice, sums) =>
        {
            double[] chances = Chances(choice, weights);
            sums[0] += Math.Log(Math.Max(chances[choice.Right], double.Epsilon));
        })[0] - Ridge / 2 * weights.Sum(weight => weight * weight);

    private static double[] Newton(IReadOnlyList<Choice> choices, double[] weights)
    {
        int features = weights.Length;
        double[] sums = Blocks(choices, features + features * features, (choice, sums) =>
        {
            double[] chances = Chances(choice, weights);
            var mean = new double[features];
            for (int row = 0; row < chances.Length; row++)
            {
                for (int f = 0; f < features; f++)
                    mean[f] += chances[row] * choice.Features[row * features + f];
            }
            for (int f = 0; f < features; f++)
                sums[f] += choice.Features[choice.Right * features + f] - mean[f];
            for (int row = 0; row < chances.Length; row++)
            {
                if (chances[row] < Negligible)
                    continue;
                for (int f = 0; f < features; f++)
                {
                    double pull = chances[row] * (choice.Features[row * features + f] - mean[f]);
                    for (int g = 0; g <= f; g++)
                        sums[features + f * features + g] += pull * (choice.Features[row * features + g] - mean[g]);
                }
            }
        });
        var hessian = new double[features, features];
        for (int f = 0; f < features; f++)
        {
            sums[f] -= Ridge * weights[f];
            for (int g = 0; g <= f; g++)
                hessian[f, g] = sums[features + f * features + g] + (f == g ? Ridge : 0);
        }
        return SolveCholesky(hessian, sums[..features]);
    }

    private static double[] Chances(Choice choice, double[] weights)
    {
        int features = weights.Length;
        var chances = new double[choice.Features.Length / features];
        double highest = double.NegativeInfinity, sum = 0;
        for (int row = 0; row < chances.Length; row++)
        {
            double score = 0;
            for (int f = 0; f < features; f++)
                score += weights[f] * choice.Features[row * features + f];
            chances[row] = score;
            highest = Math.Max(highest, score);
        }
        for (int row = 0; row < chances.Length; row++)
            sum += chances[row] = Math.Exp(chances[row] - highest);
        for (int row = 0; row < chances.Length; row++)
            chances[row] /= sum;
        return chances;
    }

    // Threads take whole blocks of choices; the blocks' sums are added in order.
    private static double[] Blocks(IReadOnlyList<Choice> choices, int length, Action<Choice, double[]> add)
    {
        var blocks = new double[(choices.Count + BlockLength - 1) / BlockLength][];
        Parallel.For(0, blocks.Length, block =>
        {
            var sums = new double[length];
            for (int i = block * BlockLength; i < Math.Min(choices.Count, (block + 1) * BlockLength); i++)
                add(choices[i], sums);
            blocks[block] = sums;
        });
        var total = new double[length];
        foreach (double[] sums in blocks)
        {
            for (int i = 0; i < length; i++)
                total[i] += sums[i];
        }
        return total;
    }

    // Solves matrix · x = right for a symmetric positive matrix, of which the lower triangle is given and overwritten.
    private static double[] SolveCholesky(double[,] matrix, double[] right)
    {
        int n = right.Length;
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                double sum = matrix[i, j];
                for (int k = 0; k < j; k++)
                    sum -= matrix[i, k] * matrix[j, k];
                matrix[i, j] = i == j ? Math.Sqrt(sum) : sum / matrix[j, j];
            }
        }
        for (int i = 0; i < n; i++)
        {
            for (int k = 0; k < i; k++)
                right[i] -= matrix[i, k] * right[k];
            right[i] /= matrix[i, i];
        }
        for (int i = n - 1; i >= 0; i--)
        {
            for (int k = i + 1; k < n; k++)
                right[i] -= matrix[k, i] * right[k];
            right[i] /= matrix[i, i];
        }
        return right;
    }
}
