using System.Numerics;
using System.Runtime.Intrinsics;
using Malrule.Inference.Execution;

namespace Malrule.Inference.Compute.Sampling;

/// <summary>
/// Draws a token from a row of logits. In vLLM's order: raw logprobs are taken; then allowed ids, masks, biases, penalties; then the most
/// likely token where the temperature is 0, else temperature, min_p, top_k (ties with the k-th stay), top_p, and the survivor with
/// the greatest logit / temperature + Gumbel noise. Noise is a pure function of (seed, position, token id), so a draw depends on
/// its row alone. One sampler serves one thread; its scratch is reused.
/// </summary>
internal sealed unsafe class TokenSampler(int vocabulary)
{
    // Noise is below 33·ln 2 = 22.9, since a word makes a uniform of at most 1 − 2⁻³³.
    private const double NoiseBound = 23;

    // Few enough candidates to be listed and sorted rather than counted.
    private const int ShortList = 2048;

    private readonly LogitRow _row = new(vocabulary);

    public int Vocabulary { get; } = vocabulary;

    /// <summary>Fills the entry of one draw from its row of raw logits.</summary>
    public void Draw(SamplingBatch batch, int draw, ReadOnlySpan<float> logits, SamplingResult result)
    {
        (result.TokenId[draw], result.Logprob[draw], result.Rank[draw]) = (-1, float.NaN, 0);
        bool finite = Load(logits), logprobs = finite && batch.TopLogprobs[draw] >= 0;
        double normaliser = logprobs ? LogSumExp() : double.NaN;
        result.NotFinite[draw] = !finite;
        FillTop(result, draw, normaliser, logits, Slice(batch.WantedToken, batch.WantedStart, draw));
        if (!finite || !Process(batch, draw, logits))
            return;

        int token = Choose(batch, draw);
        result.TokenId[draw] = token;
        if (logprobs)
            (result.Logprob[draw], result.Rank[draw]) = ((float)(logits[token] - normaliser), Rank(logits, token));
    }

    /// <summary>Fills the entry of one scored row: the logprob of a token that is given.</summary>
    public void Score(SamplingBatch batch, int scored, ReadOnlySpan<float> logits, SamplingResult result)
    {
        int entry = batch.Draws + scored, token = batch.ScoredToken[scored];
        bool finite = Load(logits);
        double normaliser = finite ? LogSumExp() : double.NaN;
        (result.TokenId[entry], result.NotFinite[entry]) = (token, !finite);
        (result.Logprob[entry], result.Rank[entry]) = ((float)(logits[token] - normaliser), finite ? Rank(logits, token) : 0);
        FillTop(result, entry, normaliser, logits, wanted: []);
    }

    /// <summary>The probabilities a draw is made from; all 0 where nothing can be drawn.</summary>
    public double[] Distribution(SamplingBatch batch, int draw, ReadOnlySpan<float> logits)
    {
        var probabilities = new double[Vocabulary];
        if (!Load(logits) || !Process(batch, draw, logits))
            return probabilities;
        double temperature = batch.Temperature[draw], sum = 0;
        if (temperature == 0)
        {
            probabilities[_row.IndexOfMax()] = 1;
            return probabilities;
        }
        Survivors survivors = Filter(batch, draw);
        for (int token = 0; token < Vocabulary; token++)
            if (survivors.Contains(_row.Logits[token], token))
                sum += probabilities[token] = Math.Exp(((double)_row.Logits[token] - _row.Max) / temperature);
        for (int token = 0; token < Vocabulary; token++)
            probabilities[token] /= sum;
        return probabilities;
    }

    /// <summary>Copies a row to the scratch; false where a logit is not finite.</summary>
    private bool Load(ReadOnlySpan<float> logits)
    {
        logits.CopyTo(_row.Logits);
        return _row.Scan();
    }

    private double LogSumExp() => _row.Max + Math.Log(_row.Weigh(temperature: 1));

    /// <summary>Bans, biases and penalties; false where no token is left.</summary>
    private bool Process(SamplingBatch batch, int draw, ReadOnlySpan<float> raw)
    {
        ReadOnlySpan<int> allowed = Slice(batch.AllowedToken, batch.AllowedStart, draw);
        ReadOnlySpan<int> biased = Slice(batch.BiasToken, batch.BiasStart, draw);
        ReadOnlySpan<int> seen = Slice(batch.SeenToken, batch.SeenStart, draw);
        ReadOnlySpan<ulong> mask = batch.Mask(draw);
        if (allowed.IsEmpty && biased.IsEmpty && seen.IsEmpty && mask.IsEmpty)
            return true;

        Span<float> logits = _row.Logits;
        if (!allowed.IsEmpty)
        {
            logits.Fill(float.NegativeInfinity);
            foreach (int token in allowed)
                logits[token] = raw[token];
        }
        for (int word = 0; word < mask.Length; word++)
            Ban(~mask[word], logits[(64 * word)..Math.Min(64 * word + 64, logits.Length)]);
        for (int i = 0; i < biased.Length; i++)
            logits[biased[i]] += batch.BiasValue[batch.BiasStart[draw] + i];
        for (int i = 0; i < seen.Length; i++)
        {
            ref float logit = ref logits[seen[i]];
            int count = batch.SeenCount[batch.SeenStart[draw] + i];
            logit = logit > 0 ? logit / batch.RepetitionPenalty[draw] : logit * batch.RepetitionPenalty[draw];
            logit -= batch.FrequencyPenalty[draw] * count;
            logit -= count > 0 ? batch.PresencePenalty[draw] : 0;
        }
        _row.Scan();
        return _row.Max > float.NegativeInfinity;
    }

    private static void Ban(ulong bits, Span<float> logits)
    {
        if (bits == ulong.MaxValue)
            logits.Fill(float.NegativeInfinity);
        else
            for (; bits != 0 && BitOperations.TrailingZeroCount(bits) < logits.Length; bits &= bits - 1)
                logits[BitOperations.TrailingZeroCount(bits)] = float.NegativeInfinity;
    }

    private int Choose(SamplingBatch batch, int draw)
    {
        int best = _row.IndexOfMax();
        double temperature = batch.Temperature[draw];
        if (temperature == 0)
            return best;

        Survivors survivors = Filter(batch, draw);
        (ulong seed, int position) = (batch.Seed[draw], batch.Position[draw]);
        double bestScore = _row.Max / temperature + Noise(Philox.Word(seed, position, best));
        uint* words = stackalloc uint[Philox.Block];
        ulong* keys = stackalloc ulong[Philox.Prepared];
        Philox.Prepare(seed, position, keys);
        for (int first = 0; first < Vocabulary; first += Philox.Block)
        {
            uint found = _row.Search(keys, Limits(bestScore, temperature, survivors), ref first, words);
            for (; found != 0; found &= found - 1)
            {
                int lane = BitOperations.TrailingZeroCount(found), token = first + lane;
                float logit = _row.Logits[token];
                double score = logit / temperature + Noise(words[lane]);
                if (survivors.Contains(logit, token) && (score > bestScore || (score == bestScore && token < best)))
                    (best, bestScore) = (token, score);
            }
        }
        return best;
    }

    /// <summary>What a token must have to beat the best score so far.</summary>
    private SearchLimits Limits(double best, double temperature, Survivors survivors)
    {
        float floor = MathF.BitDecrement((float)((best - NoiseBound) * temperature));
        double scale = Math.Exp(_row.Max / temperature - best) * 1.001; // more than the fp32 roundings on the way
        return new SearchLimits(Math.Max(floor, survivors.Threshold), _row.Max, (float)(1 / temperature), (float)scale);
    }

    /// <summary>Gumbel noise of a uniform 1 − v in (0, 1), with v = (word + ½) / 2³².</summary>
    private static double Noise(uint word) => -Math.Log(-Math.Log((4294967295.5 - word) * (1.0 / 4294967296)));

    /// <summary>min_p, top_k and top_p as the least logit that survives, and the greatest id that does with that logit.</summary>
    private Survivors Filter(SamplingBatch batch, int draw)
    {
        (float temperature, int topK, float topP, float minP) = (batch.Temperature[draw], batch.TopK[draw], batch.TopP[draw], batch.MinP[draw]);
        float threshold = minP > 0 ? AtLeast(_row.Max + temperature * Math.Log(minP)) : float.MinValue;
        if (topK <= 0 || topK >= Vocabulary)
            return topP < 1 ? Nucleus(temperature, topP, threshold) : new Survivors(threshold, int.MaxValue);

        Span<ulong> candidates = _row.Top(topK, threshold);
        threshold = Math.Max(threshold, CandidateList.Least(candidates[..CandidateList.Select(candidates, topK, [])]));
        if (topP >= 1)
            return new Survivors(threshold, int.MaxValue);

        int count = 0;
        double sum = 0;
        foreach (ulong key in candidates)
        {
            if (CandidateList.Logit(key) < threshold)
                continue;
            candidates[count++] = key;
            double weight = Math.Exp(((double)CandidateList.Logit(key) - _row.Max) / temperature);
            _row.Weights[CandidateList.Token(key)] = (float)weight;
            sum += weight;
        }
        return LastOf(candidates[..CandidateList.Select(candidates[..count], Kept(sum, topP), _row.Weights)]);
    }

    /// <summary>top_p over all tokens from a threshold up: the cut is closed in on by sums over the row until a short list holds it.</summary>
    private Survivors Nucleus(float temperature, float topP, float threshold)
    {
        double sum = _row.Weigh(temperature);
        if (threshold > float.MinValue)
            sum = _row.From(threshold).Weight;

        // Tokens below this logit have together less than the share that is dropped.
        float low = Math.Max(threshold, (float)(_row.Max + temperature * Math.Log(0.999 * (1 - (double)topP) * sum / Vocabulary)));
        float high = MathF.BitIncrement(_row.Max);
        double needed = Kept(sum, topP), above = 0;
        int fromLow = _row.From(low).Count, fromHigh = 0;
        while (fromLow - fromHigh > ShortList)
        {
            float middle = low + (high - low) / 2;
            if (middle <= low || middle >= high)
                break;
            (int count, double weight) = _row.From(middle);
            if (weight >= needed)
                (low, fromLow) = (middle, count);
            else
                (high, fromHigh, above) = (middle, count, weight);
        }
        Span<ulong> candidates = _row.Between(low, high);
        candidates = candidates[..CandidateList.Select(candidates, needed - above, _row.Weights)];
        return candidates.IsEmpty ? new Survivors(low, int.MaxValue) : LastOf(candidates);
    }

    /// <summary>A token is dropped while the sum over it and all below it is at most the share 1 − top_p.</summary>
    private static double Kept(double sum, float topP) => sum - (1 - (double)topP) * sum;

    private static Survivors LastOf(ReadOnlySpan<ulong> candidates)
    {
        ulong last = 0;
        foreach (ulong key in candidates)
            last = Math.Max(last, key);
        return new Survivors(CandidateList.Logit(last), CandidateList.Token(last));
    }

    /// <summary>The wanted tokens, or the most likely ones of the row, best first, with their logprobs; -1 where there is no normaliser.</summary>
    private void FillTop(SamplingResult result, int entry, double normaliser, ReadOnlySpan<float> logits, ReadOnlySpan<int> wanted)
    {
        int start = result.TopStart[entry], count = result.TopStart[entry + 1] - start;
        if (count == 0)
            return;
        if (double.IsNaN(normaliser))
        {
            result.TopToken.AsSpan(start, count).Fill(-1);
            result.TopLogprob.AsSpan(start, count).Fill(float.NaN);
            result.TopRank.AsSpan(start, count).Clear();
            return;
        }
        for (int i = 0; i < wanted.Length; i++)
            (result.TopToken[start + i], result.TopLogprob[start + i], result.TopRank[start + i]) =
                (wanted[i], (float)(logits[wanted[i]] - normaliser), Rank(logits, wanted[i]));
        if (!wanted.IsEmpty)
            return;
        Span<ulong> candidates = _row.Top(count, float.MinValue);
        candidates = candidates[..CandidateList.Select(candidates, count, [])];
        candidates.Sort();
        for (int i = 0; i < count; i++)
        {
            result.TopToken[start + i] = CandidateList.Token(candidates[i]);
            result.TopLogprob[start + i] = (float)(CandidateList.Logit(candidates[i]) - normaliser);
            result.TopRank[start + i] = i + 1;
        }
    }

    /// <summary>1 + the number of tokens before this one, by logit and then by id.</summary>
    private static int Rank(ReadOnlySpan<float> logits, int token)
    {
        float justAbove = MathF.BitIncrement(logits[token]);
        return 1 + CountFrom(logits[token], logits[..token]) + CountFrom(justAbove, logits[token..]);
    }

    private static int CountFrom(float floor, ReadOnlySpan<float> logits)
    {
        int count = 0, i = 0;
        Vector256<int> counts = default;
        for (; i + 8 <= logits.Length; i += 8)
            counts -= Vector256.GreaterThanOrEqual(Vector256.Create(logits.Slice(i, 8)), Vector256.Create(floor)).AsInt32();
        for (; i < logits.Length; i++)
            count += logits[i] >= floor ? 1 : 0;
        return count + Vector256.Sum(counts);
    }

    /// <summary>The least fp32 value that is not below a bound.</summary>
    private static float AtLeast(double bound)
    {
        float value = (float)bound;
        return value < bound ? MathF.BitIncrement(value) : value;
    }

    private static ReadOnlySpan<int> Slice(int[] entries, int[] starts, int draw) =>
        starts.Length > draw + 1 ? entries.AsSpan(starts[draw]..starts[draw + 1]) : default;

    /// <summary>Tokens above a threshold, and those at it up to an id.</summary>
    private readonly record struct Survivors(float Threshold, int LastAtThreshold)
    {
        public bool Contains(float logit, int token) => logit > Threshold || (logit == Threshold && token <= LastAtThreshold);
    }
}
