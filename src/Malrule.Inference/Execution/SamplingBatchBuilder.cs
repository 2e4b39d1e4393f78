using Malrule.Inference.Constraints;
using Malrule.Inference.Scheduling;

namespace Malrule.Inference.Execution;

/// <summary>
/// Fills the flat arrays of a <see cref="SamplingBatch"/> from the branches that draw, and hands the results back to them.
/// Bans are biases of −∞: stop ids before min_tokens, and the last token of a bad word whose beginning the output ends in.
/// </summary>
internal sealed class SamplingBatchBuilder(int vocabSize)
{
    private readonly List<Sequence> _branches = [];
    private readonly List<(SequenceGroup Group, int Position)> _scored = [];
    private int _seen, _biases, _allowed, _wanted, _masks;

    public SamplingBatch Batch { get; } = new() { MaskWords = TokenMasks.Words(vocabSize) };

    public void Clear()
    {
        _branches.Clear();
        _scored.Clear();
        (Batch.Draws, Batch.ScoredRows) = (0, 0);
        (_seen, _biases, _allowed, _wanted, _masks) = (0, 0, 0, 0, 0);
    }

    /// <summary>The branch draws from this row of the logits; at the end of a prompt, every branch of its group does.</summary>
    public void AddDraws(int logitsRow, Sequence branch)
    {
        if (branch.Group.Forked)
            AddDraw(logitsRow, branch);
        else
            foreach (var sibling in branch.Group.Branches)
                AddDraw(logitsRow, sibling);
    }

    public void AddScored(int logitsRow, SequenceGroup group, int position)
    {
        int i = Batch.ScoredRows++;
        Set(ref Batch.ScoredLogitsRow, i, logitsRow);
        Set(ref Batch.ScoredToken, i, group.PromptTokenIds[position]);
        Set(ref Batch.ScoredTop, i, Top(group.Sampling.PromptLogprobs));
        _scored.Add((group, position));
    }

    public void Collect(SamplingResult result, StepResult outcome)
    {
        for (int i = 0; i < Batch.Draws; i++)
        {
            var branch = _branches[i];
            if (result.NotFinite[i])
                outcome.Fail(branch.Group, "the output layer", branch.TotalTokens - 1);
            else if (result.TokenId[i] < 0)
                outcome.Fail(branch.Group, new InvalidInputException(
                    $"allowed_token_ids, structured_outputs, logit_bias, bad_words and min_tokens together leave no token to draw at position {branch.TotalTokens}."));
            outcome.Draws.Add(new StepResult.Draw(branch, result.TokenId[i], result.Logprob[i],
                branch.Group.Sampling is { Logprobs: null, LogprobTokenIds: null } ? null : LogprobsOf(result, i)));
        }
        for (int i = 0; i < Batch.ScoredRows; i++)
            outcome.Scores.Add(new StepResult.Score(_scored[i].Group, _scored[i].Position, LogprobsOf(result, Batch.Draws + i)));
    }

    private static PositionLogprobs LogprobsOf(SamplingResult result, int i)
    {
        int start = result.TopStart[i], count = result.TopStart[i + 1] - start;
        var top = new TokenLogprob[count];
        for (int k = 0; k < count; k++)
            top[k] = new TokenLogprob(result.TopToken[start + k], result.TopLogprob[start + k], result.TopRank[start + k]);
        return new PositionLogprobs(new TokenLogprob(result.TokenId[i], result.Logprob[i], result.Rank[i]), top);
    }

    private void AddDraw(int logitsRow, Sequence branch)
    {
        var sampling = branch.Group.Sampling;
        int i = Batch.Draws++;
        _branches.Add(branch);
        bool greedy = sampling.IsGreedy;
        Set(ref Batch.LogitsRow, i, logitsRow);
        Set(ref Batch.Seed, i, branch.Seed);
        Set(ref Batch.Position, i, branch.TotalTokens);
        Set(ref Batch.Temperature, i, greedy ? 0 : (float)Math.Max(sampling.Temperature, 0.01));
        Set(ref Batch.TopK, i, greedy || sampling.TopK < 0 ? 0 : sampling.TopK);
        Set(ref Batch.TopP, i, greedy ? 1 : (float)sampling.TopP);
        Set(ref Batch.MinP, i, greedy ? 0 : (float)sampling.MinP);
        Set(ref Batch.RepetitionPenalty, i, (float)sampling.RepetitionPenalty);
        Set(ref Batch.PresencePenalty, i, (float)sampling.PresencePenalty);
        Set(ref Batch.FrequencyPenalty, i, (float)sampling.FrequencyPenalty);
        Set(ref Batch.TopLogprobs, i, sampling.LogprobTokenIds?.Count ?? Top(sampling.Logprobs));

        AddSeen(branch);
        Set(ref Batch.SeenStart, i + 1, _seen);
        AddBiases(branch);
        Set(ref Batch.BiasStart, i + 1, _biases);
        if (sampling.AllowedTokenIds is { } allowed)
            foreach (int token in allowed)
                Set(ref Batch.AllowedToken, _allowed++, token);
        Set(ref Batch.AllowedStart, i + 1, _allowed);
        if (sampling.LogprobTokenIds is { } wanted)
            foreach (int token in wanted)
                Set(ref Batch.WantedToken, _wanted++, token);
        Set(ref Batch.WantedStart, i + 1, _wanted);
        AddMask(i, branch);
    }

    /// <summary>The tokens that the text may go on with; those that end the output stand in it only where the text is whole.</summary>
    private void AddMask(int draw, Sequence branch)
    {
        if (branch.Group.Constraint is not { } constraint)
        {
            Set(ref Batch.MaskRow, draw, -1);
            return;
        }
        int start = _masks * Batch.MaskWords, end = start + Batch.MaskWords;
        if (Batch.MaskBits.Length < end)
            Array.Resize(ref Batch.MaskBits, 2 * end);
        Span<ulong> mask = Batch.MaskBits.AsSpan(start, Batch.MaskWords);
        constraint.Mask(branch.ConstraintState).CopyTo(mask);
        foreach (int token in branch.Group.Stop.AllStopTokenIds)
            if (token < vocabSize)
                mask[token / 64] = constraint.MayEnd(branch.ConstraintState) ? mask[token / 64] | 1UL << token : mask[token / 64] & ~(1UL << token);
        Set(ref Batch.MaskRow, draw, _masks++);
    }

    private void AddSeen(Sequence branch)
    {
        if (branch.OutputCounts is not { } counts)
            return;
        if (branch.Group.PromptTokens is { } prompt)
            foreach (int token in prompt)
                AddSeen(token, counts.GetValueOrDefault(token));
        foreach (var (token, count) in counts)
            if (branch.Group.PromptTokens?.Contains(token) != true)
                AddSeen(token, count);
    }

    private void AddSeen(int token, int count)
    {
        Set(ref Batch.SeenToken, _seen, token);
        Set(ref Batch.SeenCount, _seen++, count);
    }

    private void AddBiases(Sequence branch)
    {
        if (branch.Group.Sampling.LogitBias is { } biases)
            foreach (var (token, bias) in biases)
                AddBias(token, Math.Clamp(bias, -100, 100));
        if (branch.OutputTokenIds.Count < branch.Group.Stop.MinTokens)
            foreach (int token in branch.Group.Stop.AllStopTokenIds)
                if (token < vocabSize) // a checkpoint may name ids that its output layer does not have
                    AddBias(token, float.NegativeInfinity);
        foreach (int[] word in branch.Group.BadWords)
            if (EndsWith(branch.OutputTokenIds, word.AsSpan(0, word.Length - 1)))
                AddBias(word[^1], float.NegativeInfinity);
    }

    private void AddBias(int token, float value)
    {
        Set(ref Batch.BiasToken, _biases, token);
        Set(ref Batch.BiasValue, _biases++, value);
    }

    private static bool EndsWith(List<int> tokens, ReadOnlySpan<int> suffix)
    {
        if (suffix.Length > tokens.Count)
            return false;
        for (int i = 0; i < suffix.Length; i++)
            if (tokens[tokens.Count - suffix.Length + i] != suffix[i])
                return false;
        return true;
    }

    /// <summary>The drawn token's own logprob is always wanted, for the cumulative one; −1: the whole vocabulary.</summary>
    private int Top(int? requested) => requested switch { null => 0, -1 => vocabSize, { } top => top };

    private static void Set<T>(ref T[] array, int index, T value)
    {
        if (index >= array.Length)
            Array.Resize(ref array, Math.Max(16, 2 * index));
        array[index] = value;
    }
}
