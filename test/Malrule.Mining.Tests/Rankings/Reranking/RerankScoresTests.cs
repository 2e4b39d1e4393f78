using CsCheck;
using Malrule.Mining.Rankings.Reranking;

namespace Malrule.Mining.Tests.Rankings.Reranking;

public sealed class RerankScoresTests
{
    /// <summary>A model that chooses by Luce's rule and favours letters whatever they stand for.</summary>
    private static RerankWindow Answer(int?[] names, Func<int?, double> worth, Func<int, double> bias)
    {
        double[] logits = [.. names.Select((name, letter) => worth(name) + bias(letter))];
        double all = Math.Log(logits.Sum(Math.Exp)) + 0.3; // and says something else a quarter of the time
        return new RerankWindow(names, [.. logits.Select(logit => logit - all)]);
    }

    [Fact]
    public void Windows_of_a_model_without_letter_bias_merge_into_its_own_probabilities() =>
        Gen.Select(Gen.Int[1, 40], Gen.Int[1, 25], Gen.Int[1, 4], Gen.Int).Sample((candidates, window, permutations, seed) =>
        {
            var random = new Random(seed);
            double[] worths = [.. Enumerable.Range(0, candidates).Select(_ => random.NextDouble() * 12 - 6)];
            double all = 1 + worths.Sum(Math.Exp);
            int?[][] dealt = RerankWindows.Deal([.. Enumerable.Range(0, candidates)], new RerankOptions { Window = window, Permutations = permutations }, (ulong)(uint)seed);
            var scores = RerankScores.Of(dealt.Select(names => Answer(names, name => name is { } id ? worths[id] : 0, _ => 0)));
            Assert.Equal(1 / all, scores.None, 9);
            Assert.All(Enumerable.Range(0, candidates), id => Assert.Equal(Math.Exp(worths[id]) / all, scores.Probability[id], 9));
        });

    [Fact]
    public void A_liking_for_letters_cancels_out_over_all_places()
    {
        double[] worths = [.. Enumerable.Range(0, 24).Select(id => id * 7 % 24 / 4.0 - 2)];
        double all = 1 + worths.Sum(Math.Exp);
        int?[][] dealt = RerankWindows.Deal([.. Enumerable.Range(0, 24)], new RerankOptions { Window = 8, Permutations = 9 }, 3);
        var scores = RerankScores.Of(dealt.Select(names => Answer(names, name => name is { } id ? worths[id] : 0, letter => letter == 0 ? 4 : letter % 3)));
        Assert.Equal(1 / all, scores.None, 9);
        Assert.All(Enumerable.Range(0, 24), id => Assert.Equal(Math.Exp(worths[id]) / all, scores.Probability[id], 9));
    }

    [Fact]
    public void Probabilities_stay_finite_however_sure_a_model_is()
    {
        var scores = RerankScores.Of([new RerankWindow([1, null, 2], [0, -1e5, -2e5]), new RerankWindow([3, null], [-3e5, -1])]);
        Assert.Equal((1, 0, 0), (scores.Probability[1], scores.Probability[2], scores.None));
        Assert.Equal(0, scores.Probability[3]);
    }
}
