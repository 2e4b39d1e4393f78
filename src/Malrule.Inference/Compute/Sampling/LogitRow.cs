namespace Malrule.Inference.Compute.Sampling;

/// <summary>
/// A sampler's scratch for one row: the logits, their maxima by chunk, weights, and lists of candidates. Most work skips the chunks
/// whose maximum is too low to matter.
/// </summary>
internal sealed unsafe class LogitRow
{
    private const int Chunk = LogitKernels.Chunk;

    private readonly float[] _logits; // −∞ past the last token
    private readonly float[] _weights;
    private readonly float[] _chunkMax;
    private readonly ulong[] _keys;

    public LogitRow(int count)
    {
        int padded = (count + Chunk - 1) / Chunk * Chunk;
        Count = count;
        _logits = new float[padded];
        _weights = new float[padded];
        _chunkMax = new float[padded / Chunk];
        _keys = new ulong[padded];
        _logits.AsSpan(count).Fill(float.NegativeInfinity);
    }

    public int Count { get; }

    /// <summary>The greatest logit, as of the last <see cref="Scan"/>.</summary>
    public float Max { get; private set; }

    /// <summary>One for each token; call <see cref="Scan"/> after changing any.</summary>
    public Span<float> Logits => _logits.AsSpan(0, Count);

    /// <summary>One for each token: what <see cref="Weigh"/> or the caller put there.</summary>
    public Span<float> Weights => _weights;

    /// <summary>Finds the maxima; false where a logit is not finite.</summary>
    public bool Scan()
    {
        fixed (float* logits = _logits, chunkMax = _chunkMax)
        {
            bool finite = LogitKernels.Scan(logits, Count, chunkMax, out float max);
            Max = max;
            return finite;
        }
    }

    /// <summary>Sets every weight to exp((logit − max) / temperature) and returns their sum.</summary>
    public double Weigh(float temperature)
    {
        fixed (float* logits = _logits, weights = _weights)
            return LogitKernels.Weigh(logits, Count, Max, temperature, weights);
    }

    /// <summary>The number, and the weights' sum, of tokens whose logit is at least a floor.</summary>
    public (int Count, double Weight) From(float floor)
    {
        fixed (float* logits = _logits, weights = _weights, chunkMax = _chunkMax)
            return LogitKernels.From(logits, weights, Count, chunkMax, floor);
    }

    /// <summary>The next block with tokens within the limits: see <see cref="LogitKernels.Search"/>.</summary>
    public uint Search(ulong* keys, in SearchLimits limits, ref int first, uint* words)
    {
        fixed (float* logits = _logits, chunkMax = _chunkMax)
            return LogitKernels.Search(logits, Count, chunkMax, keys, limits, ref first, words);
    }

    /// <summary>The lowest id with the greatest logit.</summary>
    public int IndexOfMax()
    {
        int token = 0;
        while (_chunkMax[token / Chunk] != Max)
            token += Chunk;
        while (_logits[token] != Max)
            token++;
        return token;
    }

    /// <summary>
    /// Candidates at or above a floor among which are the <paramref name="count"/> most likely: since as many chunks have a maximum at
    /// or above the count-th greatest maximum, no token below that one is needed.
    /// </summary>
    public Span<ulong> Top(int count, float floor)
    {
        if (count <= _chunkMax.Length)
        {
            Span<ulong> maxima = _keys.AsSpan(0, _chunkMax.Length);
            for (int chunk = 0; chunk < maxima.Length; chunk++)
                maxima[chunk] = CandidateList.Key(_chunkMax[chunk], chunk);
            CandidateList.Select(maxima, count, []);
            floor = Math.Max(floor, CandidateList.Least(maxima[..count]));
        }
        return Between(floor, float.PositiveInfinity);
    }

    /// <summary>Candidates with low ≤ logit &lt; high; never a banned one.</summary>
    public Span<ulong> Between(float low, float high)
    {
        fixed (float* logits = _logits, chunkMax = _chunkMax)
        fixed (ulong* keys = _keys)
            return _keys.AsSpan(0, LogitKernels.List(logits, Count, chunkMax, Math.Max(low, float.MinValue), high, keys));
    }
}
