namespace Malrule.Inference.Execution;

/// <summary>
/// The draws of one step as flat arrays. A draw reads one row of the logits (the first tokens of n branches read the same row)
/// and returns one token. Capacity grows to the largest step and is then reused.
/// </summary>
internal sealed class SamplingBatch
{
    public int Draws { get; set; }

    // one entry a draw
    public int[] LogitsRow = [];
    public ulong[] Seed = [];

    /// <summary>Absolute position of the token to draw; with the seed and token id it keys the noise.</summary>
    public int[] Position = [];

    /// <summary>0: greedy.</summary>
    public float[] Temperature = [];

    /// <summary>0: all.</summary>
    public int[] TopK = [];
    public float[] TopP = [];
    public float[] MinP = [];
    public float[] RepetitionPenalty = [];
    public float[] PresencePenalty = [];
    public float[] FrequencyPenalty = [];

    /// <summary>Logprobs wanted beside the drawn token's own; -1: none at all, not even the token's.</summary>
    public int[] TopLogprobs = [];

    // lists in CSR form: entries [Start[draw], Start[draw + 1])

    /// <summary>Distinct token ids seen in prompt or output, with their count in the output; only where a penalty asks for them.</summary>
    public int[] SeenStart = [0];
    public int[] SeenToken = [];
    public int[] SeenCount = [];

    /// <summary>Logit biases; −∞ bans a token (min_tokens, bad words).</summary>
    public int[] BiasStart = [0];
    public int[] BiasToken = [];
    public float[] BiasValue = [];

    /// <summary>Where a draw has entries here, every other token is banned.</summary>
    public int[] AllowedStart = [0];
    public int[] AllowedToken = [];

    /// <summary>Where a draw has entries here, as many as its <see cref="TopLogprobs"/>, the logprobs wanted are theirs and not the greatest.</summary>
    public int[] WantedStart = [0];
    public int[] WantedToken = [];

    /// <summary>Row of <see cref="MaskBits"/> with one bit a token that may be drawn; -1: all may be.</summary>
    public int[] MaskRow = [];

    /// <summary>[rows, <see cref="MaskWords"/>]</summary>
    public ulong[] MaskBits = [];
    public int MaskWords { get; set; }

    /// <summary>
    /// Rows whose logprobs of a given token are wanted without a draw (prompt logprobs): row, token and top count, one entry a position.
    /// </summary>
    public int ScoredRows { get; set; }
    public int[] ScoredLogitsRow = [];
    public int[] ScoredToken = [];
    public int[] ScoredTop = [];

    /// <summary>The draw's mask; empty where all tokens may be drawn.</summary>
    public ReadOnlySpan<ulong> Mask(int draw) =>
        draw < MaskRow.Length && MaskRow[draw] >= 0 ? MaskBits.AsSpan(MaskRow[draw] * MaskWords, MaskWords) : default;
}

/// <summary>What <see cref="SamplingBatch"/> asked for: entries 0…Draws−1 are the draws, Draws…Draws+ScoredRows−1 the scored rows.</summary>
internal sealed class SamplingResult
{
    /// <summary>-1 where the row was not finite or every token was banned.</summary>
    public int[] TokenId = [];

    /// <summary>Raw log-softmax of the token, before any processing; NaN where none was asked for.</summary>
    public float[] Logprob = [];

    /// <summary>1-based rank of the token among the raw logits.</summary>
    public int[] Rank = [];

    /// <summary>Top entries of each: [TopStart[i], TopStart[i + 1]), most likely first, or the wanted tokens in their order.</summary>
    public int[] TopStart = [0];
    public int[] TopToken = [];
    public float[] TopLogprob = [];
    public int[] TopRank = [];

    /// <summary>Entries whose logits held a value that is not finite.</summary>
    public bool[] NotFinite = [];

    /// <summary>Makes room for a batch's entries and lays out <see cref="TopStart"/>.</summary>
    public void Reserve(SamplingBatch batch, int vocabulary)
    {
        int entries = batch.Draws + batch.ScoredRows;
        if (TokenId.Length < entries)
        {
            TokenId = new int[entries];
            Logprob = new float[entries];
            Rank = new int[entries];
            TopStart = new int[entries + 1];
            NotFinite = new bool[entries];
        }
        for (int entry = 0; entry < entries; entry++)
        {
            int wanted = entry < batch.Draws ? batch.TopLogprobs[entry] : batch.ScoredTop[entry - batch.Draws];
            TopStart[entry + 1] = checked(TopStart[entry] + Math.Clamp(wanted, 0, vocabulary));
        }
        if (TopToken.Length < TopStart[entries])
        {
            TopToken = new int[TopStart[entries]];
            TopLogprob = new float[TopStart[entries]];
            TopRank = new int[TopStart[entries]];
        }
    }
}
