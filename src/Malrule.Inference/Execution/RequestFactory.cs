using Malrule.Inference.Constraints;
using Malrule.Inference.Scheduling;
using Malrule.Inference.Tokenization;

namespace Malrule.Inference.Execution;

/// <summary>Turns requests into groups of branches, refusing what the model cannot serve, and finished groups into outputs. Thread-safe.</summary>
internal sealed class RequestFactory(LoadedModel model, EngineOptions options)
{
    private const int MaxBadWords = 128;

    private readonly ConstraintCompiler? _constraints = model.Tokenizer is { } tokenizer ? new ConstraintCompiler(tokenizer, model.Info.VocabSize) : null;
    private long _arrivals;

    /// <exception cref="InvalidInputException">The prompt or a parameter cannot be served.</exception>
    public SequenceGroup Create(GenerationRequest request, Action<SequenceGroup> completed, Action<Sequence>? advanced = null, EngineTelemetry.RequestTrace? trace = null)
    {
        var sampling = request.Sampling.Copy();
        sampling.Validate();
        CheckAgainstModel(sampling);
        if (request.CacheSalt is "")
            throw new InvalidInputException("cache_salt is empty; leave it out for no salt.");
        var (text, whole) = Encode(request.Prompt);
        int[] prompt = Truncate(whole, sampling);
        CheckPrompt(prompt);

        var stop = StopRules.From(sampling, model.EosTokenIds, prompt.Length, model.Info.MaxModelLength);
        return new SequenceGroup(prompt, sampling, stop, SeedOf(sampling), () => new OutputText(model.Tokenizer, prompt, sampling))
        {
            PromptText = text,
            ChainRoot = BlockManager.RootOf(request.CacheSalt),
            DroppedPromptTokens = whole.Length - prompt.Length,
            PromptTokens = sampling.RepetitionPenalty != 1 ? [.. prompt] : null,
            BadWords = BadWords(sampling),
            Constraint = sampling.StructuredOutputs is { } outputs ? _constraints!.Compile(outputs) : null,
            Completed = completed,
            Advanced = advanced,
            Trace = trace,
        };
    }

    public static RequestOutput Output(int index, SequenceGroup group) => new()
    {
        Index = index,
        Prompt = group.PromptText,
        PromptTokenIds = group.PromptTokenIds,
        DroppedPromptTokens = group.DroppedPromptTokens,
        PromptLogprobs = group.PromptLogprobs,
        CachedTokens = group.CachedTokens,
        Error = group.Error,
        Outputs = group.Error is not null ? [] : [.. group.Branches.Select(branch => new CompletionOutput
        {
            Index = branch.Index,
            Text = branch.Text.ToString(),
            TokenIds = [.. branch.OutputTokenIds], // the list has room for the longest output
            CumulativeLogprob = branch.CumulativeLogprob,
            Logprobs = branch.Logprobs,
            FinishReason = branch.FinishReason,
            StopReason = branch.StopReason,
        })],
    };

    private (string? Text, int[] TokenIds) Encode(Prompt prompt)
    {
        if (prompt is Prompt.FromTokenIds ids)
            return (null, [.. ids.TokenIds]);
        var tokenizer = model.Tokenizer ?? throw new InvalidInputException(
            $"{model.Info.ModelDirectory}: there is no tokenizer.json, so the prompt must be given as token ids.");
        switch (prompt)
        {
            case Prompt.FromText { Text: var text }:
                return (text, tokenizer.Encode(text, addSpecialTokens: true));
            case Prompt.FromConversation conversation:
                var template = model.ChatTemplate ?? throw new InvalidInputException($"{model.Info.ModelDirectory}: the checkpoint has no chat template; give the prompt as text.");
                string rendered = template.Render(conversation.Messages, conversation.AddGenerationPrompt, conversation.Variables);
                return (rendered, tokenizer.Encode(rendered, addSpecialTokens: false)); // the template writes the special tokens
            default:
                throw new InvalidInputException($"A prompt of type {prompt.GetType().Name} is not known.");
        }
    }

    /// <summary>The last tokens of the prompt, as many as truncate_prompt_tokens allows.</summary>
    private int[] Truncate(int[] prompt, SamplingParams sampling)
    {
        int most = sampling.TruncatePromptTokens switch
        {
            null => prompt.Length,
            -1 => Math.Max(1, model.Info.MaxModelLength - (sampling.MaxTokens ?? 1)),
            { } wanted => wanted,
        };
        return prompt.Length <= most ? prompt : prompt[^most..];
    }

    private void CheckPrompt(int[] prompt)
    {
        if (prompt.Length == 0)
            throw new InvalidInputException("The prompt is empty; a model needs at least one token to go on from.");
        if (prompt.Length >= model.Info.MaxModelLength)
            throw new InvalidInputException(
                $"The prompt has {prompt.Length} tokens; at most {model.Info.MaxModelLength - 1} fit, since prompt and output together may have {model.Info.MaxModelLength} (max_model_len).");
        foreach (int id in prompt)
            CheckTokenId("The prompt", id);
    }

    private void CheckAgainstModel(SamplingParams sampling)
    {
        CheckLogprobs("logprobs", sampling.LogprobTokenIds is null ? sampling.Logprobs : null);
        CheckLogprobs("prompt_logprobs", sampling.PromptLogprobs);
        foreach (int id in sampling.LogitBias?.Keys ?? [])
            CheckTokenId("logit_bias", id);
        foreach (int id in sampling.AllowedTokenIds ?? [])
            CheckTokenId("allowed_token_ids", id);
        foreach (int id in sampling.LogprobTokenIds ?? [])
            CheckTokenId("logprob_token_ids", id);
        foreach (int id in sampling.StopTokenIds)
            CheckTokenId("stop_token_ids", id);
        if (model.Tokenizer is null && (sampling.Stop.Count > 0 || sampling.BadWords.Count > 0 || sampling.StructuredOutputs is not null))
            throw new InvalidInputException("stop, bad_words and structured_outputs need a tokenizer, which this checkpoint does not have; use stop_token_ids and allowed_token_ids.");
    }

    private void CheckLogprobs(string field, int? count)
    {
        int most = options.MaxLogprobs;
        if (count is { } wanted && most >= 0 && (wanted < 0 || wanted > most))
            throw new InvalidInputException($"{field} is {wanted}; this engine gives at most {most} (max_logprobs).");
    }

    private void CheckTokenId(string where, int id)
    {
        if (id < 0 || id >= model.Info.VocabSize)
            throw new InvalidInputException($"{where} names the token id {id}; the model's vocabulary has the ids 0 to {model.Info.VocabSize - 1}.");
    }

    /// <summary>Without a seed of its own, a request derives one from the engine's and its arrival (SplitMix64's finaliser).</summary>
    private ulong SeedOf(SamplingParams sampling)
    {
        if (sampling.Seed is { } seed and not -1)
            return unchecked((ulong)seed);
        ulong z = unchecked((ulong)options.Seed * 0x9E3779B97F4A7C15 + (ulong)Interlocked.Increment(ref _arrivals) * 0xD1B54A32D192ED03);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>
    /// Each word as it is encoded at the start of a text and after a space, as vLLM bans them; a tokenizer may know tokens that the
    /// model cannot draw, and these need no ban.
    /// </summary>
    private List<int[]> BadWords(SamplingParams sampling)
    {
        var words = new List<int[]>();
        foreach (string word in sampling.BadWords)
            foreach (string form in (ReadOnlySpan<string>)[word.TrimStart(), " " + word.TrimStart()])
            {
                int[] ids = model.Tokenizer!.Encode(form, addSpecialTokens: false);
                if (ids.Length > 0 && ids[^1] < model.Info.VocabSize && !words.Any(other => other.AsSpan().SequenceEqual(ids)))
                    words.Add(ids);
            }
        if (words.Count > MaxBadWords)
            throw new InvalidInputException($"bad_words come to {words.Count} token sequences, with and without a space before each; at most {MaxBadWords} can be banned.");
        return words;
    }
}
