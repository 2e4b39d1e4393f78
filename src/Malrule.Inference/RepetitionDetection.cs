namespace Malrule.Inference;

/// <summary>
/// Ends an output whose last tokens are one pattern over and over, with <see cref="FinishReason.Repetition"/>; vLLM's
/// <c>repetition_detection</c>. Nothing ends before <c>min_tokens</c>.
/// </summary>
public sealed record RepetitionDetection
{
    /// <summary>Longest pattern looked for, in tokens; 0: none.</summary>
    public int MaxPatternSize { get; init; }

    /// <summary>Shortest pattern looked for, in tokens; 0 means 1.</summary>
    public int MinPatternSize { get; init; }

    /// <summary>How often a pattern must stand at the end, one right after the other; at least 2.</summary>
    public int MinCount { get; init; }

    internal void Validate()
    {
        SamplingParams.Require(MaxPatternSize >= 0, "repetition_detection.max_pattern_size", MaxPatternSize, "at least 0");
        SamplingParams.Require(MinPatternSize >= 0 && MinPatternSize <= MaxPatternSize, "repetition_detection.min_pattern_size", MinPatternSize, "from 0 to max_pattern_size");
        SamplingParams.Require(MaxPatternSize == 0 || MinCount >= 2, "repetition_detection.min_count", MinCount, "at least 2");
    }

    /// <summary>Whether the tokens end in a pattern that stands there often enough.</summary>
    internal bool Ends(ReadOnlySpan<int> tokens)
    {
        for (int size = Math.Max(1, MinPatternSize); size <= MaxPatternSize && (long)size * MinCount <= tokens.Length; size++)
        {
            var repeats = tokens[^(size * MinCount)..];
            if (repeats[size..].SequenceEqual(repeats[..^size]))
                return true;
        }
        return false;
    }
}
