namespace Malrule.Inference;

/// <summary>
/// What one branch of a streamed request added since its last delta; under <see cref="OutputKind.Cumulative"/>, all of the branch so far.
/// </summary>
/// <param name="Index">The branch, 0…n−1.</param>
/// <param name="Text">New text; what could still become a stop string is held back until it is clear.</param>
/// <param name="TokenIds">New token ids.</param>
/// <param name="FinishReason">Set in a branch's last delta.</param>
/// <param name="StopReason">The stop id or string, where one ended the branch.</param>
public sealed record GenerationDelta(int Index, string Text, IReadOnlyList<int> TokenIds, FinishReason? FinishReason = null, StopReason? StopReason = null)
{
    /// <summary>One entry for each of <see cref="TokenIds"/> where the request asked for logprobs.</summary>
    public IReadOnlyList<PositionLogprobs>? Logprobs { get; init; }

    /// <summary>In the request's very last delta: the whole output.</summary>
    public RequestOutput? Output { get; init; }
}
