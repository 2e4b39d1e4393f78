namespace Malrule.Inference.Scheduling;

/// <summary>When a token ends a branch, in vLLM's order: end of sequence, stop ids, length; nothing before min_tokens.</summary>
/// <param name="EosTokenId">The tokenizer's end of sequence: stops without a stop reason.</param>
/// <param name="StopTokenIds">The request's stop ids and the checkpoint's further end-of-sequence ids: stop with the id as reason.</param>
/// <param name="MinTokens">Outputs shorter than this do not stop.</param>
/// <param name="MaxTokens">Most output tokens.</param>
internal sealed record StopRules(int? EosTokenId, IReadOnlyList<int> StopTokenIds, int MinTokens, int MaxTokens)
{
    /// <summary>Every id that min_tokens bans until the output is long enough.</summary>
    public IEnumerable<int> AllStopTokenIds => EosTokenId is { } eos ? StopTokenIds.Prepend(eos).Distinct() : StopTokenIds;

    public static StopRules From(SamplingParams sampling, IReadOnlyList<int> eosTokenIds, int promptTokens, int maxModelLength)
    {
        int maxTokens = Math.Min(sampling.MaxTokens ?? int.MaxValue, maxModelLength - promptTokens);
        IEnumerable<int> ids = sampling.IgnoreEos ? sampling.StopTokenIds : sampling.StopTokenIds.Concat(eosTokenIds.Skip(1));
        int? eos = sampling.IgnoreEos || eosTokenIds.Count == 0 ? null : eosTokenIds[0];
        return new StopRules(eos, [.. ids.Distinct()], sampling.MinTokens, maxTokens);
    }

    /// <summary>Whether a branch whose newest token is <paramref name="token"/> and whose output has <paramref name="outputTokens"/> tokens ends.</summary>
    public (FinishReason Reason, StopReason? Detail)? Check(int token, int outputTokens)
    {
        if (outputTokens >= MinTokens)
        {
            if (token == EosTokenId)
                return (FinishReason.Stop, null);
            if (StopTokenIds.Contains(token))
                return (FinishReason.Stop, new StopReason(token, null));
        }
        return outputTokens >= MaxTokens ? (FinishReason.Length, null) : null;
    }
}
