using Malrule.Mining.Rankings.Hybrid;

namespace Malrule.Mining.Tests.Rankings.Hybrid;

public sealed class ConditionalLogitTests
{
    // Choices drawn from known weights: the one with the highest score plus Gumbel noise.
    private static Choice[] Draw(double[] weights, int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            int alternatives = random.Next(2, 30);
            var features = new double[alternatives * weights.Length];
            int right = 0;
            double best = double.NegativeInfinity;
            for (int row = 0; row < alternatives; row++)
            {
                double score = -Math.Log(-Math.Log(1 - random.NextDouble()));
                for (int f = 0; f < weights.Length; f++)
                    score += weights[f] * (features[row * weights.Length + f] = 2 * random.NextDouble() - 1);
                if (score > best)
                    (best, right) = (score, row);
            }
            return new Choice(features, right);
        })];
    }

    [Fact]
    public void Weights_that_made_the_choices_are_found_again()
    {
        double[] weights = [2, -1, 0.5, 0];
        double[] fitted = ConditionalLogit.Fit(Draw(weights, 20_000, 1), new double[4]);
        for (int f = 0; f < weights.Length; f++)
            Assert.Equal(weights[f], fitted[f], 0.07);
    }

    [Fact]
    public void The_fit_is_a_maximum()
    {
        Choice[] choices = Draw([1, -3], 300, 2);
        double[] fitted = ConditionalLogit.Fit(choices, new double[2]);
        double best = Objective(choices, fitted);
        foreach (double step in new[] { 1e-3, -1e-3 })
        {
            Assert.True(best >= Objective(choices, [fitted[0] + step, fitted[1]]));
            Assert.True(best >= Objective(choices, [fitted[0], fitted[1] + step]));
        }

        static double Objective(Choice[] choices, double[] weights) => choices.Sum(choice =>
        {
            double[] scores = [.. choice.Features.Chunk(2).Select(row => row[0] * weights[0] + row[1] * weights[1])];
            return scores[choice.Right] - Math.Log(scores.Sum(Math.Exp));
        }) - weights.Sum(weight => weight * weight) / 2;
    }

    [Fact]
    public void The_maximum_does_not_depend_on_where_the_search_starts()
    {
        Choice[] choices = Draw([1, -3], 300, 4);
        foreach ((double one, double other) in ConditionalLogit.Fit(choices, [0, 0]).Zip(ConditionalLogit.Fit(choices, [5, 5])))
            Assert.Equal(one, other, 1e-4);
    }

    [Fact]
    public void The_same_choices_give_the_same_bits()
    {
        Choice[] choices = Draw([1, -3, 2], 1_000, 3);
        Assert.Equal(ConditionalLogit.Fit(choices, new double[3]), ConditionalLogit.Fit(choices, new double[3]));
    }

    [Fact]
    public void What_separates_all_choices_gets_a_finite_weight_and_what_is_constant_none()
    {
        Choice[] choices = [.. Enumerable.Range(0, 100).Select(_ => new Choice([1, 5, 0, 5], 0))];
        double[] fitted = ConditionalLogit.Fit(choices, new double[2]);
        Assert.InRange(fitted[0], 2, 10);
        Assert.Equal(0, fitted[1], 1e-9);
    }

    [Fact]
    public void Nothing_to_learn_from_gives_zeros() => Assert.Equal([0, 0], ConditionalLogit.Fit([], new double[2]));
}
