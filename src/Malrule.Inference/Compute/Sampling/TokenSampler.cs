using System.Numerics;
using System.Runtime.Intrinsics;
using Malrule.Inference.Compute.Cpu;
using Malrule.Inference.Execution;

namespace Malrule.Inference.Compute.Sampling;

/// <summary>
/// Draws a token from a row of logits. In vLLM's order: raw logprobs are taken; then allowed ids, biases, penalties; then the most
/// likely token where the temperature is 0, else temperature, min_p, top_k (ties with the k-th stay), top_p, and the survivor with
/// the greatest logit / temperature + Gumbel noise. Noise is a pure function of (seed, position, token id), so a draw depends on
/// its row alone. One sampler serves one thread; its scratch is reused.
/// </summary>
internal sealed unsafe class TokenSampler
{
    private const int Chunk = 128;

    // Noise is below 33·ln 2 = 22.9, since a word makes a uniform of at most 1 − 2⁻³³.
    private const double NoiseBound = 23;

    private readonly float[] _logits; // the row, then its processed form; −∞ beyond the vocabulary
    private readonly float[] _weights; // exp((logit − max) / temperature)
    private readonly float[] _chunkMax;
    private readonly ulong[] _keys;
    private float _max;

    public TokenSampler(int vocabulary)
    {
        int padded = (vocabulary + Chunk - 1) / Chunk * Chunk;
        Vocabulary = vocabulary;
        _logits = new float[padded];
        _weights = new float[padded];
        _chunkMax = new float[padded / Chunk];
        _keys = new ulong[padded];
        _logits.AsSpan(vocabulary).Fill(float.NegativeInfinity);
    }

    public int Vocabulary { get; }

    /// <summary>Fills the entry of one draw from its row of raw logits.</summary>
    public void Draw(SamplingBatch batch, int draw, ReadOnlySpan<float> row, SamplingResult result)
    {
        (result.TokenId[draw], result.Logprob[draw], result.Rank[draw]) = (-1, float.NaN, 0);
        bool logprobs = batch.TopLogprobs[draw] >= 0;
        double normaliser = 0;
        result.NotFinite[draw] = !Load(row);
        if (result.NotFinite[draw])
            logprobs = false;
        else if (logprobs)
            normaliser = LogSumExp();
        FillTop(result, draw, normaliser, logprobs);
        if (result.NotFinite[draw])
            return;

        int token = Process(batch, draw, row) ? Choose(batch, draw) : -1;
        result.TokenId[draw] = token;
        if (logprobs && token >= 0)
            (result.Logprob[draw], result.Rank[draw]) = ((float)(row[token] - normaliser), Rank(row, token));
    }

    /// <summary>Fills the entry of one scored row: the logprob of a token that is given.</summary>
    public void Score(SamplingBatch batch, int scored, ReadOnlySpan<float> row, SamplingResult result)
    {
        int entry = batch.Draws + scored, token = batch.ScoredToken[scored];
        bool finite = Load(row);
        double normaliser = finite ? LogSumExp() : double.NaN;
        (result.TokenId[entry], result.NotFinite[entry]) = (token, !finite);
        (result.Logprob[entry], result.Rank[entry]) = finite ? ((float)(row[token] - normaliser), Rank(row, token)) : (float.NaN, 0);
        FillTop(result, entry, normaliser, finite);
    }

    /// <summary>The probabilities a draw is made from.</summary>
    public double[] Distribution(SamplingBatch batch, int draw, ReadOnlySpan<float> row)
    {
        var probabilities = new double[Vocabulary];
        if (!Load(row) || !Process(batch, draw, row))
            return probabilities;
        if (batch.Temperature[draw] == 0)
        {
            probabilities[IndexOf(_max)] = 1;
            return probabilities;
        }
        Survivors survivors = Filter(batch, draw);
        double sum = 0;
        for (int token = 0; token < Vocabulary; token++)
            if (survivors.Contains(_logits[token], token))
                sum += probabilities[token] = Math.Exp(((double)_logits[token] - _max) / batch.Temperature[draw]);
        for (int token = 0; token < Vocabulary; token++)
            probabilities[token] /= sum;
        return probabilities;
    }

    /// <summary>Copies a row to the scratch; false where one of its values is not finite.</summary>
    private bool Load(ReadOnlySpan<float> row)
    {
        row.CopyTo(_logits);
        return Scan();
    }

    /// <summary>Finds the maximum of every chunk and of all; false where a value inside the vocabulary is not finite.</summary>
    private bool Scan()
    {
        // A zero is added so that −0 becomes 0, and the order of bits is the order of values. x·0 is not a number where x is not finite.
        Vector256<float> max = Vector256.Create(float.NegativeInfinity), faults = default;
        int whole = Vocabulary / 8 * 8;
        fixed (float* logits = _logits)
        {
            for (int chunk = 0; chunk < _chunkMax.Length; chunk++)
            {
                Vector256<float> chunkMax = Vector256.Create(float.NegativeInfinity);
                for (int i = chunk * Chunk; i < (chunk + 1) * Chunk; i += 8)
                {
                    Vector256<float> x = Vector256.Load(logits + i) + Vector256<float>.Zero;
                    x.Store(logits + i);
                    chunkMax = Vector256.MaxNative(chunkMax, x);
                    if (i < whole)
                        faults += x * 0f;
                }
                _chunkMax[chunk] = Simd256.MaxOf(chunkMax);
                max = Vector256.MaxNative(max, chunkMax);
            }
            for (int i = whole; i < Vocabulary; i++)
                faults += Vector256.Create(logits[i] * 0f);
        }
        _max = Simd256.MaxOf(max);
        return Simd256.Sum(faults) == 0;
    }

    /// <summary>log Σ exp(logit) of the row.</summary>
    private double LogSumExp() => _max + Math.Log(Weigh(1));

    /// <summary>Fills the weights, and returns their sum.</summary>
    private double Weigh(float temperature)
    {
        Vector256<float> max = Vector256.Create(_max), inverse = Vector256.Create(1 / temperature);
        Vector256<double> low = default, high = default;
        fixed (float* logits = _logits, weights = _weights)
        {
            for (int i = 0; i < _logits.Length; i += 8)
            {
                Vector256<float> w = VectorMath.Exp<Simd256, Vector256<float>>((Vector256.Load(logits + i) - max) * inverse);
                w.Store(weights + i);
                low += Vector256.WidenLower(w);
                high += Vector256.WidenUpper(w);
            }
        }
        Vector256<double> sum = low + high;
        return (sum[0] + sum[2]) + (sum[1] + sum[3]);
    }

    /// <summary>Bans, biases and penalties; false where no token is left.</summary>
    private bool Process(SamplingBatch batch, int draw, ReadOnlySpan<float> row)
    {
        ReadOnlySpan<int> allowed = Slice(batch.AllowedToken, batch.AllowedStart, draw);
        ReadOnlySpan<int> biased = Slice(batch.BiasToken, batch.BiasStart, draw);
        ReadOnlySpan<int> seen = Slice(batch.SeenToken, batch.SeenStart, draw);
        if (allowed.IsEmpty && biased.IsEmpty && seen.IsEmpty)
            return true;

        if (!allowed.IsEmpty)
        {
            _logits.AsSpan(0, Vocabulary).Fill(float.NegativeInfinity);
            foreach (int token in allowed)
                _logits[token] = row[token];
        }
        for (int i = 0; i < biased.Length; i++)
            _logits[biased[i]] += batch.BiasValue[batch.BiasStart[draw] + i];
        for (int i = 0; i < seen.Length; i++)
        {
            ref float logit = ref _logits[seen[i]];
            int count = batch.SeenCount[batch.SeenStart[draw] + i];
            logit = logit > 0 ? logit / batch.RepetitionPenalty[draw] : logit * batch.RepetitionPenalty[draw];
            logit -= batch.FrequencyPenalty[draw] * count;
            logit -= count > 0 ? batch.PresencePenalty[draw] : 0;
        }
        Scan();
        return _max > float.NegativeInfinity;
    }

    private int Choose(SamplingBatch batch, int draw)
    {
        int best = IndexOf(_max);
        double temperature = batch.Temperature[draw];
        if (temperature == 0)
            return best;

        Survivors survivors = Filter(batch, draw);
        (ulong seed, int position) = (batch.Seed[draw], batch.Position[draw]);
        double bestScore = _max / temperature + Noise(Philox.Word(seed, position, best));
        (Vector256<float> floor, Vector256<float> scale) = Limits(bestScore, temperature, survivors);
        Vector256<float> max = Vector256.Create(_max), inverse = Vector256.Create((float)(1 / temperature));
        uint* words = stackalloc uint[Philox.Block];
        fixed (float* logits = _logits)
        {
            for (int first = 0; first < Vocabulary; first += Philox.Block)
            {
                Vector256<float> x0 = Vector256.Load(logits + first), x1 = Vector256.Load(logits + first + 8);
                Vector256<float> high0 = Vector256.GreaterThanOrEqual(x0, floor), high1 = Vector256.GreaterThanOrEqual(x1, floor);
                if ((high0 | high1).ExtractMostSignificantBits() == 0)
                    continue;

                Philox.Fill(seed, position, first, words);
                Vector256<float> limit0 = VectorMath.Exp<Simd256, Vector256<float>>((x0 - max) * inverse) * scale;
                Vector256<float> limit1 = VectorMath.Exp<Simd256, Vector256<float>>((x1 - max) * inverse) * scale;
                uint candidates = (Vector256.LessThanOrEqual(LowerBound(words), limit0) & high0).ExtractMostSignificantBits()
                    | (Vector256.LessThanOrEqual(LowerBound(words + 8), limit1) & high1).ExtractMostSignificantBits() << 8;
                for (; candidates != 0; candidates &= candidates - 1)
                {
                    int lane = BitOperations.TrailingZeroCount(candidates), token = first + lane;
                    double score = logits[token] / temperature + Noise(words[lane]);
                    if (survivors.Contains(logits[token], token) && (score > bestScore || (score == bestScore && token < best)))
                    {
                        (best, bestScore) = (token, score);
                        (floor, scale) = Limits(bestScore, temperature, survivors);
                    }
                }
            }
        }
        return best;
    }

    /// <summary>
    /// What a token must have to beat the best score so far: a logit that the greatest noise could lift to it, and, since the noise
    /// −log(−log(1 − v)) is at most −log v, a v &lt; exp(logit / temperature − best) = exp((logit − max) / temperature) · scale.
    /// </summary>
    private (Vector256<float> Floor, Vector256<float> Scale) Limits(double best, double temperature, Survivors survivors)
    {
        float floor = MathF.BitDecrement((float)((best - NoiseBound) * temperature));
        double scale = Math.Exp(_max / temperature - best) * 1.001; // more than the fp32 roundings on the way
        return (Vector256.Create(Math.Max(floor, survivors.Threshold)), Vector256.Create((float)scale));
    }

    /// <summary>Gumbel noise of a uniform 1 − v in (0, 1), with v = (word + ½) / 2³².</summary>
    private static double Noise(uint word) => -Math.Log(-Math.Log((4294967295.5 - word) * (1.0 / 4294967296)));

    /// <summary>At most v, for eight words.</summary>
    private static Vector256<float> LowerBound(uint* words) =>
        Vector256.ConvertToSingle((Vector256.Load(words) >> 1).AsInt32()) * Vector256.Create(1f / 2147483648 * 0.999999f);

    /// <summary>min_p, top_k and top_p as the least logit that survives, and the greatest id that does with that logit.</summary>
    private Survivors Filter(SamplingBatch batch, int draw)
    {
        (float temperature, int topK, float topP, float minP) = (batch.Temperature[draw], batch.TopK[draw], batch.TopP[draw], batch.MinP[draw]);
        float threshold = float.MinValue;
        if (minP > 0)
            threshold = AtLeast(_max + temperature * Math.Log(minP));

        Span<ulong> candidates = default;
        double sum = 0;
        if (topK > 0 && topK < Vocabulary)
        {
            candidates = Candidates(topK, threshold);
            int count = CandidateList.Select(candidates, topK, []);
            float least = float.MaxValue;
            foreach (ulong key in candidates[..count])
                least = Math.Min(least, CandidateList.Logit(key));
            threshold = Math.Max(threshold, least);
            if (topP >= 1)
                return new Survivors(threshold, int.MaxValue);

            count = 0;
            foreach (ulong key in candidates)
            {
                if (CandidateList.Logit(key) < threshold)
                    continue;
                candidates[count++] = key;
                double weight = Math.Exp(((double)CandidateList.Logit(key) - _max) / temperature);
                _weights[CandidateList.Token(key)] = (float)weight;
                sum += weight;
            }
            candidates = candidates[..count];
        }
        else if (topP < 1)
        {
            sum = Weigh(temperature);
            if (minP > 0)
            {
                candidates = CandidatesFrom(threshold);
                sum = 0;
                foreach (ulong key in candidates)
                    sum += _weights[CandidateList.Token(key)];
            }
            else
            {
                // All tokens at or below this logit have together at most the share that is dropped.
                candidates = CandidatesFrom((float)(_max + temperature * Math.Log(0.999 * (1 - (double)topP) * sum / Vocabulary)));
            }
        }
        else
        {
            return new Survivors(threshold, int.MaxValue);
        }

        candidates = candidates[..CandidateList.Select(candidates, sum - (1 - (double)topP) * sum, _weights)];
        ulong last = 0;
        foreach (ulong key in candidates)
            last = Math.Max(last, key);
        return new Survivors(CandidateList.Logit(last), CandidateList.Token(last));
    }

    /// <summary>The most likely tokens of the row, best first, with their logprobs.</summary>
    private void FillTop(SamplingResult result, int entry, double normaliser, bool finite)
    {
        int start = result.TopStart[entry], count = result.TopStart[entry + 1] - start;
        if (count == 0)
            return;
        if (!finite)
        {
            result.TopToken.AsSpan(start, count).Fill(-1);
            result.TopLogprob.AsSpan(start, count).Fill(float.NaN);
            return;
        }
        Span<ulong> candidates = Candidates(count, float.MinValue);
        candidates = candidates[..CandidateList.Select(candidates, count, [])];
        candidates.Sort();
        for (int i = 0; i < count; i++)
        {
            result.TopToken[start + i] = CandidateList.Token(candidates[i]);
            result.TopLogprob[start + i] = (float)(CandidateList.Logit(candidates[i]) - normaliser);
        }
    }

    /// <summary>
    /// Tokens at or above a floor among which are the <paramref name="count"/> most likely: as many chunks have a maximum at or
    /// above the count-th greatest maximum, so no token below that one is needed.
    /// </summary>
    private Span<ulong> Candidates(int count, float floor)
    {
        if (count <= _chunkMax.Length)
        {
            Span<ulong> maxima = _keys.AsSpan(0, _chunkMax.Length);
            for (int chunk = 0; chunk < maxima.Length; chunk++)
                maxima[chunk] = CandidateList.Key(_chunkMax[chunk], chunk);
            float least = float.MaxValue;
            foreach (ulong key in maxima[..CandidateList.Select(maxima, count, [])])
                least = Math.Min(least, CandidateList.Logit(key));
            floor = Math.Max(floor, least);
        }
        return CandidatesFrom(floor);
    }

    /// <summary>Every token whose logit is at least a floor (never a banned one).</summary>
    private Span<ulong> CandidatesFrom(float floor)
    {
        int count = 0;
        floor = Math.Max(floor, float.MinValue);
        for (int chunk = 0; chunk < _chunkMax.Length; chunk++)
        {
            if (_chunkMax[chunk] < floor)
                continue;
            for (int token = chunk * Chunk; token < (chunk + 1) * Chunk; token++)
                if (_logits[token] >= floor)
                    _keys[count++] = CandidateList.Key(_logits[token], token);
        }
        return _keys.AsSpan(0, count);
    }

    /// <summary>1 + the number of tokens before this one, by logit and then by id.</summary>
    private static int Rank(ReadOnlySpan<float> row, int token)
    {
        float justAbove = MathF.BitIncrement(row[token]);
        return 1 + CountFrom(row[token], row[..token]) + CountFrom(justAbove, row[token..]);
    }

    /// <summary>How many logits are at least as high as a floor.</summary>
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

    /// <summary>The lowest id with this logit.</summary>
    private int IndexOf(float logit)
    {
        int chunk = 0;
        while (_chunkMax[chunk] != logit)
            chunk++;
        int token = chunk * Chunk;
        while (_logits[token] != logit)
            token++;
        return token;
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
