using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Malrule.Inference;
using Malrule.Mining.Endpoints;
using Malrule.Mining.Rankings.Reranking;

namespace Malrule.Mining.Generations;

/// <summary>
/// Generates on an OpenAI-compatible server. A request that brings fewer samples than asked for is followed by others for the rest, with the seeds
/// that these samples would have had; where a server refuses so many at once, fewer are asked for from then on. A request that fails, fails alone, and
/// what had come of it by then is handed on with the error.
/// </summary>
internal sealed class EndpointGenerator : IGenerator
{
    /// <summary>Characters of a token in prompts of mathematics, and tokens around a turn, as Qwen2.5's tokenizer and template have them on Eedi's questions.</summary>
    private const double CharactersOfToken = 3.1, TokensOfTurn = 5;

    private readonly OpenAiClient _client;
    private readonly EndpointOptions _options;
    private readonly string _model;
    private readonly ConcurrentDictionary<GenerationRequest, GeneratorOutput> _tried = new(ReferenceEqualityComparer.Instance);
    private long _promptTokens, _cachedTokens, _generatedTokens, _requests;
    private int _mostSamples = int.MaxValue, _provenSamples;
    private bool _countsCachedTokens;

    private EndpointGenerator(OpenAiClient client, EndpointOptions options, string model, int? maxModelLength, IReadOnlyList<string> description) =>
        (_client, _options, _model, MaxModelLength, Description) = (client, options, model, maxModelLength, description);

    public string KernelPath => OpenAiClient.KernelPath;

    public IReadOnlyList<string> Description { get; }

    public int? MaxModelLength { get; }

    public bool CountsTokens => false;

    public bool CountsCachedTokens => Volatile.Read(ref _countsCachedTokens);

    public EngineStatistics Statistics
    {
        get
        {
            long cached = Volatile.Read(ref _cachedTokens);
            return new EngineStatistics(Volatile.Read(ref _promptTokens) - cached, cached, Volatile.Read(ref _generatedTokens), Volatile.Read(ref _requests), 0);
        }
    }

    /// <summary>Asks the server what it serves, so that a wrong address, key or model shows before anything is generated.</summary>
    /// <param name="options">The server.</param>
    /// <param name="model">The model's name there.</param>
    /// <param name="maxModelLength">Longest sequence, where the user knows it.</param>
    /// <param name="cancellationToken">Ends the asking.</param>
    /// <exception cref="MalruleException">The server cannot be reached or refuses the key.</exception>
    public static async Task<IGenerator> LoadAsync(EndpointOptions options, string model, int? maxModelLength, CancellationToken cancellationToken)
    {
        var client = new OpenAiClient(options);
        try
        {
            IReadOnlyList<ModelEntry>? listed = await client.ListModelsAsync(cancellationToken).ConfigureAwait(false);
            int? served = listed?.FirstOrDefault(entry => entry.Id == model)?.MaxModelLen is { } length and > 0 ? length : null;
            int? most = maxModelLength is { } asked && served is { } limit ? Math.Min(asked, limit) : maxModelLength ?? served;
            string longest = most is null ? "its longest sequence not known (--max-model-len)" : $"at most {most} tokens a sequence";
            return new EndpointGenerator(
                client, options, model, most, [$"Model {model} at {client.Address}, {options.Concurrency} requests at once, {longest}.", .. client.Warnings(model, listed)]);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Refuses what would change the output and is not sent, rather than leaving it out.</summary>
    /// <exception cref="InvalidInputException">A field is set that servers are not told; the message names it.</exception>
    public static void Check(SamplingParams sampling)
    {
        string? field = sampling switch
        {
            { StopTokenIds.Count: > 0 } => "stop_token_ids",
            { IgnoreEos: true } => "ignore_eos",
            { MinTokens: > 0 } => "min_tokens",
            { Logprobs: not null } => "logprobs",
            { LogprobTokenIds: not null } => "logprob_token_ids",
            { PromptLogprobs: not null } => "prompt_logprobs",
            { Detokenize: false } => "detokenize",
            { SpacesBetweenSpecialTokens: false } => "spaces_between_special_tokens",
            { IncludeStopStrInOutput: true } => "include_stop_str_in_output",
            { LogitBias: not null } => "logit_bias",
            { AllowedTokenIds: not null } => "allowed_token_ids",
            { BadWords.Count: > 0 } => "bad_words",
            { StructuredOutputs: not null } => "structured_outputs",
            { RepetitionDetection: not null } => "repetition_detection",
            { TruncatePromptTokens: not null } => "truncate_prompt_tokens",
            { SkipReadingPrefixCache: true } => "skip_reading_prefix_cache",
            _ => null,
        };
        if (field is not null)
            throw new InvalidInputException($"{field} is not sent to servers, since not every one knows it. Leave it out, or put it into the extra body in the server's own form.");
    }

    /// <summary>An estimate by characters; the server alone knows its tokenizer.</summary>
    public int CountTokens(IReadOnlyList<ChatMessage> conversation) =>
        (int)Math.Ceiling(conversation.Sum(turn => turn.Content.Length / CharactersOfToken + TokensOfTurn));

    /// <summary>Serves the request for good: <see cref="StreamAsync"/> yields its output and does not ask again.</summary>
    public async Task<GenerationTrial?> TryAsync(GenerationRequest request, int tokens, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        GeneratorOutput output = _tried[request] = await AnswerAsync(0, request, cancellationToken).ConfigureAwait(false);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return output.Error is not null ? null : new GenerationTrial(seconds / tokens / _options.Concurrency, 0, (double)(output.PromptTokens ?? tokens) / tokens);
    }

    public async IAsyncEnumerable<GeneratorOutput> StreamAsync(
        IReadOnlyList<GenerationRequest> requests, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var finished = Channel.CreateUnbounded<GeneratorOutput>(new UnboundedChannelOptions { SingleReader = true });
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = _options.Concurrency, CancellationToken = stop.Token };
        Task serving = ServeAsync();
        try
        {
            // What is answered is paid for: it is handed on even when the rest is cancelled or cannot succeed.
            await foreach (GeneratorOutput output in finished.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
                yield return output;
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await serving.ConfigureAwait(false);
        }

        async Task ServeAsync()
        {
            try
            {
                await Parallel.ForEachAsync(Enumerable.Range(0, requests.Count), parallel, async (index, token) =>
                {
                    GeneratorOutput output = _tried.TryRemove(requests[index], out GeneratorOutput? tried)
                        ? tried with { Index = index } : await AnswerAsync(index, requests[index], token).ConfigureAwait(false);
                    finished.Writer.TryWrite(output);
                }).ConfigureAwait(false);
                finished.Writer.Complete();
            }
            catch (Exception error)
            {
                finished.Writer.Complete(error);
            }
        }
    }

    public IAsyncEnumerable<LetterOutput> StreamLettersAsync(IReadOnlyList<LetterRequest> requests, CancellationToken cancellationToken) =>
        throw new InvalidInputException($"{_client.Address} tells the probabilities of a few tokens only; letters need a language model on this machine.");

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>All samples of a request, or those that came before it failed. Without any, only a failure of this request alone is an answer.</summary>
    private async Task<GeneratorOutput> AnswerAsync(int index, GenerationRequest request, CancellationToken cancellationToken)
    {
        SamplingParams sampling = request.Sampling;
        var choices = new List<ChatChoice>(sampling.N);
        long promptTokens = 0, generatedTokens = 0;
        bool counted = true;
        string? error = null;
        try
        {
            int most = Volatile.Read(ref _mostSamples);
            while (choices.Count < sampling.N)
            {
                int asked = Math.Min(sampling.N - choices.Count, most);
                ChatAnswer answer;
                try
                {
                    answer = await _client.PostAsync("chat/completions", Body(request, asked, choices.Count), OpenAiJson.Wire.ChatAnswer, WrongWith, cancellationToken).ConfigureAwait(false);
                }
                catch (RequestFailedException refusal) when (refusal.IsRefused && asked > 1 && asked > Volatile.Read(ref _provenSamples))
                {
                    most = asked / 2; // perhaps it serves fewer at once
                    continue;
                }
                if (most < Volatile.Read(ref _mostSamples))
                    Volatile.Write(ref _mostSamples, most);
                if (asked > Volatile.Read(ref _provenSamples))
                    Volatile.Write(ref _provenSamples, asked);
                choices.AddRange(answer.Choices!.OrderBy(choice => choice.Index).Take(asked));
                Count(answer.Usage);
                counted &= answer.Usage is not null;
                promptTokens += answer.Usage?.PromptTokens ?? 0;
                generatedTokens += answer.Usage?.CompletionTokens ?? 0;
            }
        }
        catch (Exception failure) when (failure is RequestFailedException || (choices.Count > 0 && failure is MalruleException or OperationCanceledException))
        {
            // Samples that came are paid for. What ends the run meets the next request too.
            error = failure is MalruleException ? failure.Message : "The run was stopped.";
        }
        return new GeneratorOutput(index)
        {
            Error = error,
            Texts = [.. choices.Select(choice => choice.Message?.Content ?? "")],
            FinishReasons = [.. choices.Select(choice => choice.FinishReason ?? "stop")],
            PromptTokens = counted && choices.Count > 0 ? (int)promptTokens : null,
            GeneratedTokens = counted && choices.Count > 0 ? (int)generatedTokens : null,
        };
    }

    private JsonObject Body(GenerationRequest request, int samples, int first)
    {
        SamplingParams sampling = request.Sampling, defaults = new();
        var body = new JsonObject
        {
            ["model"] = _model,
            ["messages"] = new JsonArray([.. ((Prompt.FromConversation)request.Prompt).Messages.Select(turn => new JsonObject { ["role"] = turn.Role, ["content"] = turn.Content })]),
            ["n"] = samples,
            ["temperature"] = sampling.Temperature,
            ["max_tokens"] = sampling.MaxTokens,
            ["seed"] = sampling.Seed + first,
        };
        if (sampling.Stop.Count > 0)
            body["stop"] = new JsonArray([.. sampling.Stop.Select(text => JsonValue.Create(text))]);
        // Not every server knows these, so they are sent only where they say something.
        Add("top_p", sampling.TopP, defaults.TopP);
        Add("top_k", sampling.TopK, defaults.TopK);
        Add("min_p", sampling.MinP, defaults.MinP);
        Add("presence_penalty", sampling.PresencePenalty, defaults.PresencePenalty);
        Add("frequency_penalty", sampling.FrequencyPenalty, defaults.FrequencyPenalty);
        Add("repetition_penalty", sampling.RepetitionPenalty, defaults.RepetitionPenalty);
        Add("skip_special_tokens", sampling.SkipSpecialTokens, defaults.SkipSpecialTokens);
        return body;

        void Add<T>(string name, T value, T ordinary) where T : IEquatable<T>
        {
            if (!value.Equals(ordinary))
                body[name] = JsonValue.Create(value);
        }
    }

    private static string? WrongWith(ChatAnswer answer) => answer.Choices switch
    {
        null or { Count: 0 } => "without choices",
        var choices when choices.Any(choice => choice?.Message is null) => "with a choice that holds no message",
        _ => answer.Usage is { PromptTokens: < 0 or > int.MaxValue } or { CompletionTokens: < 0 or > int.MaxValue } ? "with counts of tokens that cannot be" : null,
    };

    private void Count(TokenUsage? usage)
    {
        Interlocked.Increment(ref _requests);
        if (usage is null)
            return;
        Interlocked.Add(ref _promptTokens, usage.PromptTokens);
        Interlocked.Add(ref _generatedTokens, usage.CompletionTokens);
        if (usage.PromptTokensDetails?.CachedTokens is { } cached)
        {
            Interlocked.Add(ref _cachedTokens, Math.Clamp(cached, 0, usage.PromptTokens));
            Volatile.Write(ref _countsCachedTokens, true);
        }
    }
}
