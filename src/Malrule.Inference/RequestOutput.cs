namespace Malrule.Inference;

/// <summary>Why a branch ended.</summary>
public enum FinishReason
{
    /// <summary>An end-of-sequence id, a stop id or a stop string.</summary>
    Stop,

    /// <summary><c>max_tokens</c> or the longest sequence the engine serves.</summary>
    Length,

    /// <summary>The output repeats itself, and <see cref="SamplingParams.RepetitionDetection"/> says to end then.</summary>
    Repetition,

    /// <summary>The caller cancelled.</summary>
    Abort,

    /// <summary>The request failed; <see cref="RequestOutput.Error"/> says why.</summary>
    Error,
}

/// <summary>What stopped a branch, where it was not the tokenizer's end-of-sequence id: a stop id or a stop string.</summary>
public readonly record struct StopReason(int? TokenId, string? Text);

/// <summary>The log probability of one token at one position.</summary>
/// <param name="TokenId">The token.</param>
/// <param name="Logprob">Natural logarithm of its probability, before temperature, penalties and masks.</param>
/// <param name="Rank">1 for the most likely token of the vocabulary at this position.</param>
public readonly record struct TokenLogprob(int TokenId, float Logprob, int Rank);

/// <summary>
/// The logprobs of one position: the token that stands there first, then the most likely ones in order, or those of
/// <see cref="SamplingParams.LogprobTokenIds"/> in theirs.
/// </summary>
public sealed record PositionLogprobs(TokenLogprob Token, IReadOnlyList<TokenLogprob> Top);

/// <summary>One branch of a request.</summary>
public sealed record CompletionOutput
{
    /// <summary>The branch's place in its request, 0…n-1.</summary>
    public required int Index { get; init; }

    /// <summary>The generated text, cut at the stop string.</summary>
    public required string Text { get; init; }

    /// <summary>All generated ids, the stopping one included.</summary>
    public required IReadOnlyList<int> TokenIds { get; init; }

    /// <summary>Sum of the logprobs of <see cref="TokenIds"/>.</summary>
    public required double CumulativeLogprob { get; init; }

    /// <summary>One entry for each of <see cref="TokenIds"/> where the request asked for logprobs.</summary>
    public IReadOnlyList<PositionLogprobs>? Logprobs { get; init; }

    /// <summary>Why the branch ended.</summary>
    public required FinishReason FinishReason { get; init; }

    /// <summary>The stop id or string; null after the end-of-sequence id or a length limit.</summary>
    public StopReason? StopReason { get; init; }
}

/// <summary>A finished request: its prompt and its n branches.</summary>
public sealed record RequestOutput
{
    /// <summary>The request's place in the call's list.</summary>
    public required int Index { get; init; }

    /// <summary>The prompt's text as the model read it, where it came as text or as a conversation.</summary>
    public string? Prompt { get; init; }

    /// <summary>The prompt's token ids.</summary>
    public required IReadOnlyList<int> PromptTokenIds { get; init; }

    /// <summary>Tokens cut from the prompt's beginning because <see cref="SamplingParams.TruncatePromptTokens"/> says so.</summary>
    public int DroppedPromptTokens { get; init; }

    /// <summary>One entry a prompt token where asked for; the first is null, nothing stands before it.</summary>
    public IReadOnlyList<PositionLogprobs?>? PromptLogprobs { get; init; }

    /// <summary>The branches in order of <see cref="CompletionOutput.Index"/>; empty when <see cref="Error"/> is set.</summary>
    public required IReadOnlyList<CompletionOutput> Outputs { get; init; }

    /// <summary>Prompt tokens whose keys and values came from the prefix cache.</summary>
    public int CachedTokens { get; init; }

    /// <summary>Why the request failed, where it did.</summary>
    public MalruleException? Error { get; init; }
}
