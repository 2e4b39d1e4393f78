namespace Malrule.Inference;

/// <summary>
/// How output tokens are chosen and when a sequence ends. Fields, defaults and checks are vLLM's <c>SamplingParams</c>;
/// each is named after its snake_case original. What of vLLM's is not here is listed, with the reason, in docs/engine.md.
/// </summary>
public sealed record SamplingParams
{
    /// <summary>Branches sampled from one prompt. Branch i uses <see cref="Seed"/> + i.</summary>
    public int N { get; init; } = 1;

    /// <summary>0…2; below 1e-5 greedy, and then <see cref="TopP"/>, <see cref="TopK"/> and <see cref="MinP"/> have no effect.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Keep the k most likely tokens (ties with the k-th are kept); 0 or -1: all.</summary>
    public int TopK { get; init; }

    /// <summary>Keep the smallest set of most likely tokens whose probabilities reach this sum; (0, 1].</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Drop tokens less likely than this share of the most likely one; [0, 1].</summary>
    public double MinP { get; init; }

    /// <summary>Taken off the logit of any token already in the output; [-2, 2].</summary>
    public double PresencePenalty { get; init; }

    /// <summary>Taken off a token's logit once for each time it stands in the output; [-2, 2].</summary>
    public double FrequencyPenalty { get; init; }

    /// <summary>Divides positive and multiplies negative logits of tokens in the prompt or output; &gt; 0.</summary>
    public double RepetitionPenalty { get; init; } = 1;

    /// <summary>Seed of the noise; null: derived from the engine's seed, different for every branch. -1 means null.</summary>
    public long? Seed { get; init; }

    /// <summary>Strings that end the output; the text is cut before the one that completes first.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>Token ids that end the output, beside the checkpoint's end-of-sequence ids.</summary>
    public IReadOnlyList<int> StopTokenIds { get; init; } = [];

    /// <summary>Whether generation goes on past end-of-sequence ids.</summary>
    public bool IgnoreEos { get; init; }

    /// <summary>Most tokens a branch may generate; null: up to the longest sequence the engine serves.</summary>
    public int? MaxTokens { get; init; } = 16;

    /// <summary>Tokens generated before any end-of-sequence id, stop id or stop string counts.</summary>
    public int MinTokens { get; init; }

    /// <summary>Logprobs returned per output position beside the sampled token's; null: none, -1: the whole vocabulary.</summary>
    public int? Logprobs { get; init; }

    /// <summary>
    /// The tokens whose logprobs are returned per output position, at most 128, in this order instead of the most likely ones; null: those
    /// that <see cref="Logprobs"/> asks for. Where both are set, <see cref="Logprobs"/> must be their number.
    /// </summary>
    public IReadOnlyList<int>? LogprobTokenIds { get; init; }

    /// <summary>Logprobs returned per prompt position; null: none. A request that asks for them computes its whole prompt.</summary>
    public int? PromptLogprobs { get; init; }

    /// <summary>Whether token ids are turned into text; without it stop strings cannot be used.</summary>
    public bool Detokenize { get; init; } = true;

    /// <summary>Whether special tokens are left out of the text.</summary>
    public bool SkipSpecialTokens { get; init; } = true;

    /// <summary>Whether special tokens that follow each other, where they are kept, have the tokenizer's space between them.</summary>
    public bool SpacesBetweenSpecialTokens { get; init; } = true;

    /// <summary>Whether the stop string or token that ended the output is kept in the text.</summary>
    public bool IncludeStopStrInOutput { get; init; }

    /// <summary>Added to the logits of the given tokens, clamped to ±100.</summary>
    public IReadOnlyDictionary<int, float>? LogitBias { get; init; }

    /// <summary>The only tokens that may be generated; null: all.</summary>
    public IReadOnlyList<int>? AllowedTokenIds { get; init; }

    /// <summary>Words that may not be generated; at most 128 token sequences, each word counted as it is written with and without a space before it.</summary>
    public IReadOnlyList<string> BadWords { get; init; } = [];

    /// <summary>What the output's text must be; null: anything.</summary>
    public StructuredOutputs? StructuredOutputs { get; init; }

    /// <summary>Ends an output that repeats itself; null: never.</summary>
    public RepetitionDetection? RepetitionDetection { get; init; }

    /// <summary>
    /// Most tokens of the prompt that are read: of a longer one the last are kept, and <see cref="RequestOutput.DroppedPromptTokens"/>
    /// counts the others; -1: as many as leave room for <see cref="MaxTokens"/>. Null: a prompt that is too long is an error.
    /// </summary>
    public int? TruncatePromptTokens { get; init; }

    /// <summary>Whether the prompt is computed even where the prefix cache holds its beginning. Other requests may still take over what it stores.</summary>
    public bool SkipReadingPrefixCache { get; init; }

    /// <summary>What <see cref="LlmEngine.StreamDeltasAsync"/> yields; calls that return finished requests do not look at it.</summary>
    public OutputKind OutputKind { get; init; }

    /// <summary>Fewest tokens between two deltas of a branch in <see cref="LlmEngine.StreamDeltasAsync"/>; the first and the last do not wait.</summary>
    public int StreamInterval { get; init; } = 1;

    /// <summary>Whether the most likely token is always taken.</summary>
    public bool IsGreedy => Temperature < 1e-5;

    /// <summary>Checks every field that can be checked without a model.</summary>
    /// <exception cref="InvalidInputException">A field is outside its range; the message names it and its value.</exception>
    public void Validate()
    {
        Require(N is >= 1 and <= 16384, "n", N, "from 1 to 16384");
        Require(double.IsFinite(Temperature) && Temperature is >= 0 and <= 2, "temperature", Temperature, "from 0 to 2");
        Require(!(IsGreedy && N > 1), "n", N, "1 when temperature is 0 (all branches would be the same)");
        Require(TopK >= -1, "top_k", TopK, "at least 1, or 0 or -1 for all");
        Require(TopP is > 0 and <= 1, "top_p", TopP, "above 0 and at most 1");
        Require(MinP is >= 0 and <= 1, "min_p", MinP, "from 0 to 1");
        Require(PresencePenalty is >= -2 and <= 2, "presence_penalty", PresencePenalty, "from -2 to 2");
        Require(FrequencyPenalty is >= -2 and <= 2, "frequency_penalty", FrequencyPenalty, "from -2 to 2");
        Require(double.IsFinite(RepetitionPenalty) && RepetitionPenalty > 0, "repetition_penalty", RepetitionPenalty, "finite and above 0");
        Require(MaxTokens is null or >= 1, "max_tokens", MaxTokens, "at least 1");
        Require(MinTokens >= 0 && MinTokens <= (MaxTokens ?? int.MaxValue), "min_tokens", MinTokens, "from 0 to max_tokens");
        Require(Logprobs is null or >= -1, "logprobs", Logprobs, "at least 0, or -1 for the whole vocabulary");
        Require(LogprobTokenIds is null or { Count: > 0 and <= 128 }, "logprob_token_ids", $"a list of {LogprobTokenIds?.Count}", "null or a list of 1 to 128");
        Require(LogprobTokenIds is null || Logprobs is null || Logprobs == LogprobTokenIds.Count, "logprobs", Logprobs, "left out, or the number of logprob_token_ids");
        Require(PromptLogprobs is null or >= -1, "prompt_logprobs", PromptLogprobs, "at least 0, or -1 for the whole vocabulary");
        Require(!Stop.Any(string.IsNullOrEmpty), "stop", "\"\"", "without empty strings");
        Require(Detokenize || Stop.Count == 0, "stop", string.Join(", ", Stop), "empty when detokenize is false");
        Require(!BadWords.Any(string.IsNullOrEmpty), "bad_words", "\"\"", "without empty strings");
        Require(AllowedTokenIds is null or { Count: > 0 }, "allowed_token_ids", "[]", "null or not empty");
        foreach (var (token, bias) in LogitBias ?? new Dictionary<int, float>())
            Require(!float.IsNaN(bias), $"logit_bias of token {token}", bias, "a number");
        Require(TruncatePromptTokens is null or -1 or >= 1, "truncate_prompt_tokens", TruncatePromptTokens, "at least 1, or -1 for as many as fit");
        Require(Enum.IsDefined(OutputKind), "output_kind", OutputKind, "delta, cumulative or final only");
        Require(StreamInterval >= 1, "stream_interval", StreamInterval, "at least 1");
        StructuredOutputs?.Validate();
        RepetitionDetection?.Validate();
    }

    /// <summary>The same with lists of its own: steps read them long after the caller may have changed theirs.</summary>
    internal SamplingParams Copy() => this with
    {
        Stop = [.. Stop],
        LogprobTokenIds = LogprobTokenIds?.ToArray(),
        LogitBias = LogitBias?.ToDictionary(),
        AllowedTokenIds = AllowedTokenIds?.ToArray(),
    };

    internal static void Require(bool condition, string field, object? value, string expected)
    {
        if (!condition)
            throw new InvalidInputException(FormattableString.Invariant($"{field} must be {expected}; it is {value}."));
    }
}
