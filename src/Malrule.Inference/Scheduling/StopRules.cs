namespace Malrule.Inference.Scheduling;

/// <summary>When a token ends a branch, in vLLM's order: end of sequence, stop ids, length, repetition; nothing but length before min_tokens.</summary>
/// <param name="EosTokenId">The tokenizer's end of sequence: stops without a stop reason.</param>
/// <param name="StopTokenIds">The request's stop ids and the checkpoint's further end-of-sequence ids: stop with the id as reason.</param>
/// <param name="MinTokens">Outputs shorter than this do not stop.</param>
/// <param name="MaxTokens">Most output tokens.</param>
internal sealed record StopRules(int? EosTokenId, IReadOnlyList<int> StopTokenIds, int MinTokens, int MaxTokens)
{
    /// <summary>Ends an output that repeats itself; null: never.</summary>
    public RepetitionDetection? Repetition { get; init; }

    /// <summary>Every id that min_tokens bans until the output is long enough.</summary>
    public IEnumerable<int> AllStopTokenIds => EosTokenId is { } eos ? StopTokenIds.Prepend(eos).Distinct() : StopTokenIds;

    public static StopRules From(SamplingParams sampling, IReadOnlyList<int> eosTokenIds, int promptTokens, int maxModelLength)
    {
        int maxTokens = Math.Min(sampling.MaxTokens ?? int.MaxValue, maxModelLength - promptTokens);
        IEnumerable<int> ids = sampling.IgnoreEos ? sampling.StopTokenIds : sampling.StopTokenIds.Concat(eosTokenIds.Skip(1));
        int? eos = sampling.IgnoreEos || eosTokenIds.Count == 0 ? null : eosTokenIds[0];
        return new StopRules(eos, [.. ids.Distinct()], sampling.MinTokens, maxTokens) { Repetition = sampling.RepetitionDetection };
    }

    /// <summary>Whether a branch ends with the newest token of its output.</summary>
    public (FinishReason Reason, StopReason? Detail)? Check(ReadOnlySpan<int> output)
    {
        bool longEnough = output.Length >= MinTokens;
        if (longEnough && output[^1] == EosTokenId)
            return (FinishReason.Stop, null);
        if (longEnough && StopTokenIds.Contains(output[^1]))
            return (FinishReason.Stop, new StopReason(output[^1], null));
        if (output.Length >= MaxTokens)
            return (FinishReason.Length, null);
        return longEnough && Repetition?.Ends(output) == true ? (FinishReason.Repetition, null) : null;
    }
}
