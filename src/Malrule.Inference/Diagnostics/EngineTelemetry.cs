using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Malrule.Inference.Execution;
using Malrule.Inference.Scheduling;

namespace Malrule.Inference;

/// <summary>
/// What engines and embedders tell OpenTelemetry: give <see cref="Name"/> to AddSource and AddMeter. Names are those of the generative-AI
/// conventions (in development, so they all stand in this file), and vLLM's, with malrule for vllm, where there are none: <c>malrule.num_requests_running</c>,
/// <c>malrule.num_requests_waiting</c>, <c>malrule.kv_cache_usage_perc</c>, <c>malrule.num_preemptions</c>, <c>malrule.prompt_tokens</c>,
/// <c>malrule.generation_tokens</c>, <c>malrule.prefix_cache_queries</c>, <c>malrule.prefix_cache_hits</c>. No text of a request is told.
/// </summary>
public static class EngineTelemetry
{
    /// <summary>Name of the activity source and of the meter.</summary>
    public const string Name = "Malrule.Inference";

    private const string Operation = "gen_ai.operation.name", Provider = "gen_ai.provider.name", RequestModel = "gen_ai.request.model",
        ResponseModel = "gen_ai.response.model", TokenType = "gen_ai.token.type", ErrorType = "error.type", Malrule = "malrule";

    private static readonly string Version = typeof(EngineTelemetry).Assembly.GetName().Version!.ToString(3);
    private static readonly ActivitySource Source = new(Name, Version);
    private static readonly Meter Meter = new(Name, Version);
    private static readonly ConcurrentDictionary<EngineCore, KeyValuePair<string, object?>[]> Engines = [];

    private static readonly Histogram<double> Duration = Seconds("gen_ai.server.request.duration", "Time from a request's arrival to its end.",
        0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92);

    private static readonly Histogram<double> TimeToFirstToken = Seconds("gen_ai.server.time_to_first_token", "Time from a request's arrival to its first token.",
        0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10);

    private static readonly Histogram<double> TimePerOutputToken = Seconds("gen_ai.server.time_per_output_token", "Time per token after the first, of a request's longest branch.",
        0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5);

    private static readonly Histogram<long> TokenUsage = Meter.CreateHistogram("gen_ai.client.token.usage", "{token}", "Tokens of a request's prompt and of all its branches.", tags: null,
        new InstrumentAdvice<long> { HistogramBucketBoundaries = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864] });

    static EngineTelemetry()
    {
        Meter.CreateObservableGauge("malrule.num_requests_running", () => Read<long>(core => core.RunningRequests), "{request}", "Requests being computed.");
        Meter.CreateObservableGauge("malrule.num_requests_waiting", () => Read<long>(core => core.WaitingRequests), "{request}", "Requests that wait for room.");
        Meter.CreateObservableGauge("malrule.kv_cache_usage_perc", () => Read(core => core.KvCacheUsage), "1", "Share of KV pages in use, 0 to 1.");
        Meter.CreateObservableCounter("malrule.num_preemptions", () => Read(core => core.Preemptions), "{preemption}", "Times that a branch or request gave its pages back.");
        Meter.CreateObservableCounter("malrule.prompt_tokens", () => Read(core => core.PromptTokens), "{token}", "Prompt tokens computed.");
        Meter.CreateObservableCounter("malrule.generation_tokens", () => Read(core => core.GeneratedTokens), "{token}", "Tokens drawn.");
        Meter.CreateObservableCounter("malrule.prefix_cache_queries", () => Read(core => core.QueriedTokens), "{token}", "Prompt tokens looked up in the prefix cache.");
        Meter.CreateObservableCounter("malrule.prefix_cache_hits", () => Read(core => core.CachedTokens), "{token}", "Prompt tokens found there.");
    }

    /// <summary>Has the gauges and counters tell of an engine until the result is disposed.</summary>
    internal static IDisposable Watch(EngineCore core, string model)
    {
        Engines[core] = [new(Provider, Malrule), new(RequestModel, model)];
        return new Watched(core);
    }

    /// <summary>Begins to time a request; the span, where somebody listens, is a child of the caller's.</summary>
    internal static RequestTrace Begin(string model, GenerationRequest request)
    {
        string operation = request.Prompt is Prompt.FromConversation ? "chat" : "text_completion";
        Activity? activity = Span(operation, model);
        if (activity is { IsAllDataRequested: true })
        {
            SamplingParams sampling = request.Sampling;
            activity.SetTag("gen_ai.request.temperature", sampling.Temperature).SetTag("gen_ai.request.top_p", sampling.TopP).SetTag("gen_ai.request.top_k", sampling.TopK)
                .SetTag("gen_ai.request.frequency_penalty", sampling.FrequencyPenalty).SetTag("gen_ai.request.presence_penalty", sampling.PresencePenalty)
                .SetTag("gen_ai.request.max_tokens", sampling.MaxTokens).SetTag("gen_ai.request.seed", sampling.Seed);
            if (sampling.N != 1)
                activity.SetTag("gen_ai.request.choice.count", sampling.N);
        }
        return new RequestTrace(operation, model, activity);
    }

    /// <summary>Begins to time a call of an embedder.</summary>
    internal static RequestTrace BeginEmbedding(string model) => new("embeddings", model, Span("embeddings", model));

    /// <summary>A request under way.</summary>
    internal sealed class RequestTrace(string operation, string model, Activity? activity)
    {
        private readonly long _arrived = Stopwatch.GetTimestamp();
        private long _firstToken;

        /// <summary>A token was drawn; the first one counts.</summary>
        public void Drew()
        {
            if (_firstToken == 0)
                _firstToken = Stopwatch.GetTimestamp();
        }

        /// <summary>The request has ended, well or not.</summary>
        public void End(SequenceGroup group)
        {
            int output = 0, longest = 0;
            bool aborted = false;
            foreach (Sequence branch in group.Branches)
            {
                output += branch.OutputTokenIds.Count;
                longest = Math.Max(longest, branch.OutputTokenIds.Count);
                aborted |= branch.FinishReason == FinishReason.Abort;
            }
            if (group.Error is null && !aborted && _firstToken != 0)
            {
                TagList tags = Tags(null);
                TimeToFirstToken.Record(Stopwatch.GetElapsedTime(_arrived, _firstToken).TotalSeconds, tags);
                if (longest > 1)
                    TimePerOutputToken.Record(Stopwatch.GetElapsedTime(_firstToken).TotalSeconds / (longest - 1), tags);
            }
            if (activity is { IsAllDataRequested: true } && group.Error is null)
                activity.SetTag("gen_ai.response.finish_reasons", group.Branches.Select(branch => branch.FinishReason.ToString().ToLowerInvariant()).ToArray())
                    .SetTag("gen_ai.usage.cache_read.input_tokens", group.CachedTokens);
            End(group.PromptTokenIds.Length, output, group.Error);
        }

        public void End(long inputTokens, long? outputTokens, Exception? error)
        {
            TagList tags = Tags(error);
            Duration.Record(Stopwatch.GetElapsedTime(_arrived).TotalSeconds, tags);
            if (error is null && TokenUsage.Enabled)
            {
                tags.Add(TokenType, "input");
                TokenUsage.Record(inputTokens, tags);
                tags[tags.Count - 1] = new(TokenType, "output");
                if (outputTokens is { } output)
                    TokenUsage.Record(output, tags);
            }
            if (activity is null)
                return;
            activity.SetTag("gen_ai.usage.input_tokens", inputTokens).SetTag("gen_ai.usage.output_tokens", outputTokens);
            if (error is not null)
                activity.SetTag(ErrorType, error.GetType().FullName).SetStatus(ActivityStatusCode.Error);
            Activity? current = Activity.Current;
            activity.Stop(); // puts the caller's in place of this thread's own
            Activity.Current = current;
        }

        private TagList Tags(Exception? error)
        {
            var tags = new TagList { { Operation, operation }, { Provider, Malrule }, { RequestModel, model }, { ResponseModel, model } };
            if (error is not null)
                tags.Add(ErrorType, error.GetType().FullName);
            return tags;
        }
    }

    private sealed class Watched(EngineCore core) : IDisposable
    {
        public void Dispose() => Engines.TryRemove(core, out _);
    }

    private static Histogram<double> Seconds(string name, string description, params double[] boundaries) =>
        Meter.CreateHistogram(name, "s", description, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = boundaries });

    private static IEnumerable<Measurement<T>> Read<T>(Func<EngineCore, T> value) where T : struct =>
        Engines.Select(engine => new Measurement<T>(value(engine.Key), engine.Value));

    /// <summary>A span that does not become the thread's current one, since it ends on another.</summary>
    private static Activity? Span(string operation, string model)
    {
        if (!Source.HasListeners())
            return null;
        Activity? caller = Activity.Current;
        Activity? activity = Source.StartActivity(ActivityKind.Internal, tags: [new(Operation, operation), new(Provider, Malrule), new(RequestModel, model), new(ResponseModel, model)], name: $"{operation} {model}");
        Activity.Current = caller;
        return activity;
    }
}
