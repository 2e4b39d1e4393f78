using Malrule.Mining.Evaluation;

namespace Malrule.Mining.Tests.Evaluation;

public sealed class BootstrapTests
{
    [Fact]
    public void The_interval_is_the_middle_95_percent_of_the_resamples()
    {
        Assert.Equal(new Estimate(7, 25, 975), Estimate.Of(7, Enumerable.Range(0, 1001).Reverse().Select(value => (double)value)));
        // Between order statistics by linear interpolation, as numpy's percentile has it.
        Estimate few = Estimate.Of(7, [0, 1, 2, 3, 4, double.NaN]);
        Assert.Equal(0.1, few.Low, 1e-12);
        Assert.Equal(3.9, few.High, 1e-12);
        Assert.Equal(new Estimate(7, 7, 7), Estimate.Of(7, [double.NaN]));
    }

    [Fact]
    public void Every_resample_draws_as_many_questions_as_there_are_and_each_alike_often()
    {
        const int questions = 5;
        var bootstrap = new Bootstrap { Resamples = 10_000 };
        var drawn = new int[questions];
        foreach (int[] weights in bootstrap.Weights(questions))
        {
            Assert.Equal(questions, weights.Sum());
            for (int question = 0; question < questions; question++)
                drawn[question] += weights[question];
        }
        // 50,000 draws; four standard deviations of a question's count are 360.
        Assert.All(drawn, count => Assert.InRange(count, 10_000 - 360, 10_000 + 360));
    }
}
