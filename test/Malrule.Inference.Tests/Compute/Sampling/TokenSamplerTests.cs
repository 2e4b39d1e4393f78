using System.Text.Json;
using CsCheck;
using Malrule.Inference.Compute.Sampling;
using Malrule.Inference.Execution;
using Malrule.Inference.Tests.VllmBehaviour;
using Malrule.Tests;

namespace Malrule.Inference.Tests.Compute.Sampling;

[VllmBehaviour("tests/v1/sample/test_sampler.py")]
[VllmBehaviour("tests/v1/sample/test_topk_topp_sampler.py")]
[VllmBehaviour("tests/v1/worker/test_gpu_gumbel_sample.py")]
public sealed class TokenSamplerTests
{
    [Fact]
    public void Distributions_agree_with_the_probabilities_of_the_fixture()
    {
        using JsonDocument fixture = JsonDocument.Parse(File.ReadAllBytes(TestPaths.Data("fixtures", "processors.json")));
        int cases = 0;
        foreach (JsonElement item in fixture.RootElement.GetProperty("cases").EnumerateArray())
        {
            JsonElement parameters = item.GetProperty("params");
            float[] logits = [.. item.GetProperty("logits").EnumerateArray().Select(value => value.GetSingle())];
            SamplingBatch batch = Draws.One(
                temperature: parameters.GetProperty("temperature").GetSingle(), topK: parameters.GetProperty("top_k").GetInt32(),
                topP: parameters.GetProperty("top_p").GetSingle(), minP: parameters.GetProperty("min_p").GetSingle());
            batch.Penalise(parameters.GetProperty("repetition_penalty").GetSingle(), 0, 0,
                [.. item.GetProperty("context_token_ids").EnumerateArray().Select(id => id.GetInt32()).Distinct().Select(id => (id, 0))]);

            double[] actual = batch.Distribution(logits);
            double[] expected = [.. item.GetProperty("probabilities").EnumerateArray().Select(value => value.GetDouble())];
            for (int token = 0; token < logits.Length; token++)
                Assert.InRange(actual[token] - expected[token], -1e-6, 1e-6);
            cases++;
        }
        Assert.Equal(10, cases);
    }

    /// <summary>temperature, top_k, top_p, min_p</summary>
    [Theory]
    [InlineData(1.0f, 0, 1.0f, 0.0f)]
    [InlineData(0.7f, 0, 1.0f, 0.0f)]
    [InlineData(2.0f, 0, 1.0f, 0.0f)]
    [InlineData(1.0f, 12, 1.0f, 0.0f)]
    [InlineData(1.0f, 0, 0.8f, 0.0f)]
    [InlineData(1.3f, 0, 1.0f, 0.05f)]
    [InlineData(0.9f, 20, 0.9f, 0.02f)]
    public void Draws_follow_the_distribution(float temperature, int topK, float topP, float minP)
    {
        const int draws = 100_000;
        float[] logits = Draws.Row(100, seed: 5, spread: 1.5);
        SamplingBatch batch = Draws.One(temperature: temperature, topK: topK, topP: topP, minP: minP);
        double[] expected = batch.Distribution(logits);
        var sampler = new TokenSampler(logits.Length);
        var result = new SamplingResult();
        result.Reserve(batch, logits.Length);
        var counts = new int[logits.Length];
        for (int i = 0; i < draws; i++)
        {
            (batch.Seed[0], batch.Position[0]) = ((ulong)(i % 10), i / 10);
            sampler.Draw(batch, 0, logits, result);
            counts[result.TokenId[0]]++;
        }

        double chiSquare = 0, rareMean = 0, rareCount = 0;
        int degrees = -1;
        for (int token = 0; token < logits.Length; token++)
        {
            double mean = draws * expected[token];
            if (mean == 0)
                Assert.Equal(0, counts[token]);
            else if (mean < 10)
                (rareMean, rareCount) = (rareMean + mean, rareCount + counts[token]); // the statistic needs cells of some size
            else
                Add(mean, counts[token]);
        }
        if (rareMean >= 10)
            Add(rareMean, rareCount);

        void Add(double mean, double count)
        {
            chiSquare += (count - mean) * (count - mean) / mean;
            degrees++;
        }

        // Wilson and Hilferty: the cube root is nearly normal. 3.7 is passed by one honest generator in 10,000.
        double deviation = (Math.Cbrt(chiSquare / degrees) - (1 - 2.0 / (9 * degrees))) / Math.Sqrt(2.0 / (9 * degrees));
        Assert.InRange(deviation, -3.7, 3.7);
    }

    /// <summary>The vectorised search with its skips against Gumbel-max written down.</summary>
    [Fact]
    public void A_draw_is_the_greatest_noisy_logit_of_the_survivors() => (
        from vocabulary in Gen.Int[1, 700]
        from seed in Gen.ULong
        from position in Gen.Int[0, 5000]
        from temperature in Gen.Float[0.01f, 2f]
        from topK in Gen.OneOf(Gen.Const(0), Gen.Int[1, 50])
        from topP in Gen.OneOf(Gen.Const(1f), Gen.Float[0.01f, 1f])
        from minP in Gen.OneOf(Gen.Const(0f), Gen.Float[0f, 1f])
        from spread in Gen.OneOf(Gen.Const(0.0), Gen.Double[0.01, 8])
        from rowSeed in Gen.Int[0, 1_000_000]
        select (vocabulary, seed, position, temperature, topK, topP, minP, spread, rowSeed)).Sample(c =>
    {
        float[] logits = Draws.Row(c.vocabulary, c.rowSeed, c.spread);
        SamplingBatch batch = Draws.One(c.seed, c.position, c.temperature, c.topK, c.topP, c.minP);
        double[] probabilities = batch.Distribution(logits);
        int best = -1;
        double bestScore = double.NegativeInfinity;
        for (int token = 0; token < logits.Length; token++)
        {
            double uniform = 1 - (Philox.Word(c.seed, c.position, token) + 0.5) / 4294967296.0;
            double score = (double)logits[token] / c.temperature - Math.Log(-Math.Log(uniform));
            if (probabilities[token] > 0 && score > bestScore)
                (best, bestScore) = (token, score);
        }
        Assert.Equal(best, batch.Run(logits).TokenId[0]);
    }, iter: 2000);

    /// <summary>top_k, then min_p, then top_p, from a sorted list.</summary>
    [Fact]
    public void Filters_keep_what_a_sorted_list_says() => (
        from vocabulary in Gen.Int[1, 600]
        from temperature in Gen.Float[0.1f, 2f]
        from topK in Gen.OneOf(Gen.Const(0), Gen.Int[1, 700])
        from topP in Gen.OneOf(Gen.Const(1f), Gen.Float[0.01f, 1f])
        from minP in Gen.OneOf(Gen.Const(0f), Gen.Float[0f, 1f])
        from steps in Gen.Int[1, 400]
        from rowSeed in Gen.Int[0, 1_000_000]
        select (vocabulary, temperature, topK, topP, minP, steps, rowSeed)).Sample(c =>
    {
        // rounded to steps, so that ties are common
        float[] logits = [.. Draws.Row(c.vocabulary, c.rowSeed).Select(x => MathF.Round(x * c.steps) / c.steps)];
        double[] actual = Draws.One(1, 0, c.temperature, c.topK, c.topP, c.minP).Distribution(logits);

        int[] order = [.. Enumerable.Range(0, c.vocabulary).OrderByDescending(i => logits[i]).ThenBy(i => i)];
        double max = logits[order[0]];
        double Weight(int i) => Math.Exp((logits[i] - max) / c.temperature);
        int[] kept = [.. order.Where(i => Weight(i) >= c.minP * (1 - 1e-12))];
        if (c.topK > 0 && c.topK < kept.Length)
            kept = [.. kept.Where(i => logits[i] >= logits[kept[c.topK - 1]])];
        double total = kept.Sum(Weight), dropped = 0;
        int end = kept.Length;
        while (end > 1 && (dropped += Weight(kept[end - 1])) <= (1 - (double)c.topP) * total * (1 - 1e-6))
            end--;
        kept = kept[..end];
        double sum = kept.Sum(Weight);

        // where the cut falls within rounding of a token's mass, either side of it is right
        int survivors = actual.Count(p => p > 0);
        Assert.True(survivors == kept.Length || Math.Abs(dropped - (1 - (double)c.topP) * total) < 2e-6 * total, $"{survivors} kept, not {kept.Length}");
        if (survivors == kept.Length)
            foreach (int i in kept)
                Assert.Equal(Weight(i) / sum, actual[i], 1e-9);
    }, iter: 2000);

    /// <summary>Vocabularies whose nucleus is too long for a list, with and without ties.</summary>
    [Fact]
    public void A_long_nucleus_holds_the_share_asked_for()
    {
        foreach (float topP in (float[])[0.05f, 0.5f, 0.8f, 0.95f, 0.99999f])
        {
            foreach (float minP in (float[])[0, 0.3f])
            {
                float[] logits = Draws.Row(20_000, seed: 8, spread: 0.4), ties = [.. logits.Select(x => MathF.Round(x * 2))];
                foreach (float[] row in (float[][])[logits, ties])
                {
                    double[] all = Draws.One(minP: minP).Distribution(row), cut = Draws.One(minP: minP, topP: topP).Distribution(row);
                    double kept = all.Where((_, i) => cut[i] > 0).Sum(), least = all.Where((_, i) => cut[i] > 0).Min();
                    Assert.InRange(kept, topP - 1e-6, topP + least + 1e-6);
                    Assert.All(Enumerable.Range(0, row.Length), i => Assert.True(all[i] <= least || cut[i] > 0));

                    // of equal tokens at the cut, the lower ids
                    bool[] tied = [.. Enumerable.Range(0, row.Length).Where(i => all[i] == least).Select(i => cut[i] > 0)];
                    Assert.Equal(tied.OrderDescending(), tied);
                }
            }
        }
    }

    [Fact]
    public void Seeds_and_positions_give_different_draws()
    {
        float[] logits = Draws.Row(1000, seed: 3, spread: 0.5);
        int[] bySeed = [.. Enumerable.Range(0, 200).Select(i => Draws.One(seed: (ulong)i).Run(logits).TokenId[0])];
        int[] byPosition = [.. Enumerable.Range(0, 200).Select(i => Draws.One(position: i).Run(logits).TokenId[0])];
        Assert.True(bySeed.Distinct().Count() > 150);
        Assert.True(byPosition.Distinct().Count() > 150);
        Assert.Equal(bySeed, Enumerable.Range(0, 200).Select(i => Draws.One(seed: (ulong)i).Run(logits).TokenId[0]));
    }

    [Fact]
    public void Temperature_zero_takes_the_lowest_id_of_the_most_likely()
    {
        Assert.Equal(2, Draws.One(temperature: 0).Run(1, -3, 5, 5, 4).TokenId[0]);
        Assert.Equal(0, Draws.One(temperature: 0).Run(-0f, 0f).TokenId[0]);
    }

    [Fact]
    public void Penalties_are_vllms_arithmetic()
    {
        // token 0 in the prompt only, 1 twice in the output, 2 once with a negative logit, 3 unseen
        SamplingBatch batch = Draws.One().Penalise(repetition: 2, frequency: 0.5f, presence: 0.25f, (0, 0), (1, 2), (2, 1));
        float[] processed = [4f / 2, 6f / 2 - 2 * 0.5f - 0.25f, -1f * 2 - 0.5f - 0.25f, 1];
        double sum = processed.Sum(x => Math.Exp(x));
        Assert.Equal(processed.Select(x => Math.Exp(x) / sum), batch.Distribution(4, 6, -1, 1), (a, b) => Math.Abs(a - b) < 1e-12);
    }

    [Fact]
    public void Penalties_come_after_biases()
    {
        SamplingBatch batch = Draws.One().Penalise(2, 0, 0, (0, 0)).Bias((0, 2f));
        Assert.Equal(1 / (1 + Math.Exp(-1)), batch.Distribution(1, 0.5f)[0], 1e-12); // (1 + 2) / 2 against 0.5
    }

    [Fact]
    public void Banned_tokens_are_never_drawn()
    {
        float[] logits = [9, 1, 1, 1];
        for (int position = 0; position < 100; position++)
        {
            Assert.NotEqual(0, Draws.One(position: position).Bias((0, float.NegativeInfinity)).Run(logits).TokenId[0]);
            Assert.Contains(Draws.One(position: position, topP: 0.5f).Allow(1, 3).Run(logits).TokenId[0], (int[])[1, 3]);
        }
    }

    [Fact]
    public void One_token_left_is_drawn_and_none_left_gives_minus_one()
    {
        (int, float)[] bans = [(0, float.NegativeInfinity), (1, float.NegativeInfinity), (3, float.NegativeInfinity)];
        foreach (float temperature in (float[])[0, 0.01f, 1, 2])
        {
            foreach (float topP in (float[])[1, 0.1f])
            {
                Assert.Equal(2, Draws.One(temperature: temperature, topP: topP, topK: 2, minP: 0.1f).Bias(bans).Run(5, 4, -80, 3).TokenId[0]);
                SamplingResult none = Draws.One(temperature: temperature, topP: topP).Bias(bans).Allow(0, 1).Run(5, 4, -80, 3);
                Assert.Equal(-1, none.TokenId[0]);
                Assert.False(none.NotFinite[0]);
            }
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void A_row_that_is_not_finite_is_flagged_and_draws_nothing(float value)
    {
        foreach (int vocabulary in (int[])[1, 7, 8, 130, 300])
        {
            float[] logits = Draws.Row(vocabulary, 1);
            logits[^1] = value;
            SamplingResult result = Draws.One(topLogprobs: 3).Run(logits);
            Assert.True(result.NotFinite[0]);
            Assert.Equal(-1, result.TokenId[0]);
            Assert.False(Draws.One().Run(Draws.Row(vocabulary, 1)).NotFinite[0]);
        }
    }

    [Fact]
    public void Logprobs_are_of_the_raw_logits_and_ranks_count_from_one()
    {
        float[] logits = Draws.Row(500, 9);
        logits[17] = logits[400] = 12;
        double normaliser = Math.Log(logits.Sum(x => Math.Exp(x)));
        SamplingResult result = Draws.One(temperature: 0.3f, topK: 5, topLogprobs: 4).Bias((17, -50), (400, -50)).Run(logits);
        int token = result.TokenId[0];
        int[] order = [.. Enumerable.Range(0, 500).OrderByDescending(i => logits[i]).ThenBy(i => i)];
        Assert.Equal(logits[token] - normaliser, result.Logprob[0], 1e-5);
        Assert.Equal(Array.IndexOf(order, token) + 1, result.Rank[0]);
        Assert.Equal(order[..4], result.TopToken[..4]);
        Assert.Equal([17, 400], result.TopToken[..2]);
        Assert.All(Enumerable.Range(0, 4), i => Assert.Equal(logits[order[i]] - normaliser, result.TopLogprob[i], 1e-5));
    }

    [Fact]
    public void The_whole_vocabulary_can_be_asked_for()
    {
        float[] logits = Draws.Row(300, 2);
        SamplingResult result = Draws.One(topLogprobs: 1000).Run(logits);
        Assert.Equal(300, result.TopStart[1]);
        Assert.Equal(Enumerable.Range(0, 300).OrderByDescending(i => logits[i]).ThenBy(i => i), result.TopToken);
        Assert.Equal(1, result.TopLogprob.Sum(x => Math.Exp(x)), 1e-4);
    }

    [Fact]
    public void Wanted_tokens_have_their_raw_logprobs_and_ranks_in_their_order_whatever_may_be_drawn()
    {
        float[] logits = Draws.Row(500, 9);
        logits[3] = logits[250] = logits[499]; // of equal ones the lower id comes first
        int[] order = [.. Enumerable.Range(0, 500).OrderByDescending(i => logits[i]).ThenBy(i => i)];
        int[] wanted = [499, order[0], 3, 3, order[^1]];
        double normaliser = Math.Log(logits.Sum(x => Math.Exp(x)));
        SamplingBatch batch = Draws.One(temperature: 0, topLogprobs: wanted.Length).Allow(8).Bias((3, 5));
        (batch.WantedStart, batch.WantedToken) = ([0, wanted.Length], wanted);
        SamplingResult result = batch.Run(logits);
        Assert.Equal(8, result.TokenId[0]);
        Assert.Equal(wanted, result.TopToken);
        Assert.Equal(wanted.Select(token => Array.IndexOf(order, token) + 1), result.TopRank);
        Assert.All(Enumerable.Range(0, wanted.Length), i => Assert.Equal(logits[wanted[i]] - normaliser, result.TopLogprob[i], 1e-5));
    }

    [Fact]
    public void Scored_rows_give_the_logprob_and_rank_of_their_token()
    {
        float[] logits = Draws.Row(200, 4);
        var batch = new SamplingBatch { ScoredRows = 1, ScoredLogitsRow = [0], ScoredToken = [33], ScoredTop = [2] };
        var result = new SamplingResult();
        result.Reserve(batch, 200);
        new TokenSampler(200).Score(batch, 0, logits, result);
        Assert.Equal(33, result.TokenId[0]);
        Assert.Equal(logits[33] - Math.Log(logits.Sum(x => Math.Exp(x))), result.Logprob[0], 1e-5);
        Assert.Equal(1 + logits.Count(x => x > logits[33]), result.Rank[0]);
        Assert.Equal(Array.IndexOf(logits, logits.Max()), result.TopToken[0]);
    }
}
