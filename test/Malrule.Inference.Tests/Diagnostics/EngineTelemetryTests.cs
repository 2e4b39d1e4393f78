using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Malrule.Tests;

namespace Malrule.Inference.Tests.Diagnostics;

/// <summary>What an OpenTelemetry exporter would get. Each test has a model of its own name, since all engines share the meter.</summary>
public sealed class EngineTelemetryTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_is_measured_under_the_conventions_names()
    {
        using var measured = new Measured();
        await using var engine = await LoadAsync(measured.Model);
        await engine.GenerateAsync([(int[])[1, 2, 3]], new SamplingParams { N = 2, Seed = 1, MaxTokens = 5, IgnoreEos = true }, Cancel);

        (string, double, string?)[] all = measured.Take();
        Assert.Equal(["gen_ai.client.token.usage", "gen_ai.client.token.usage", "gen_ai.server.request.duration", "gen_ai.server.time_per_output_token", "gen_ai.server.time_to_first_token"],
            all.Select(item => item.Item1).Order());
        Assert.Contains(("gen_ai.client.token.usage", 3, "input"), all);
        Assert.Contains(("gen_ai.client.token.usage", 10, "output"), all);
        Assert.All(all.Where(item => item.Item1.Contains("server", StringComparison.Ordinal)), item => Assert.InRange(item.Item2, 1e-9, 60));
    }

    [Fact]
    public async Task A_refused_request_counts_with_its_error_and_measures_no_tokens()
    {
        using var measured = new Measured();
        await using var engine = await LoadAsync(measured.Model);
        await engine.GenerateAsync([Array.Empty<int>()], new SamplingParams(), Cancel);
        Assert.Equal([("gen_ai.server.request.duration", "Malrule.Inference.InvalidInputException")], measured.Take().Select(item => (item.Item1, item.Item3!)));
    }

    [Fact]
    public async Task Gauges_and_counters_tell_of_a_loaded_engine_until_it_is_disposed()
    {
        using var measured = new Measured();
        var engine = await LoadAsync(measured.Model);
        int[] prompt = [.. Enumerable.Range(1, 40)];
        await engine.GenerateAsync([prompt], new SamplingParams { MaxTokens = 4, IgnoreEos = true }, Cancel);
        await engine.GenerateAsync([prompt], new SamplingParams { MaxTokens = 4, IgnoreEos = true }, Cancel);
        await engine.GenerateAsync([prompt], new SamplingParams { MaxTokens = 1, PromptLogprobs = 1 }, Cancel); // looks nothing up
        measured.Take();

        measured.Observe();
        var all = measured.Take().ToDictionary(item => item.Item1, item => item.Item2);
        Assert.Equal(80, all["malrule.prefix_cache_queries"]);
        Assert.Equal(32, all["malrule.prefix_cache_hits"]);
        Assert.Equal(40 + 8 + 40, all["malrule.prompt_tokens"]);
        Assert.Equal(9, all["malrule.generation_tokens"]);
        Assert.Equal((0, 0, 0, 0), (all["malrule.num_requests_running"], all["malrule.num_requests_waiting"], all["malrule.num_preemptions"], all["malrule.kv_cache_usage_perc"]));

        await engine.DisposeAsync();
        measured.Observe();
        Assert.Empty(measured.Take());
    }

    [Fact]
    public async Task A_span_is_the_callers_child_and_holds_no_text()
    {
        string model = Guid.NewGuid().ToString("N");
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is EngineTelemetry.Name or "test",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (activity.DisplayName.EndsWith(model, StringComparison.Ordinal))
                    spans.Enqueue(activity);
            },
        };
        ActivitySource.AddActivityListener(listener);
        await using var engine = await LoadAsync(model);
        using var source = new ActivitySource("test");
        using (Activity caller = source.StartActivity("caller")!)
        {
            await engine.GenerateAsync([(int[])[1, 2, 3], (int[])[4, 5], Array.Empty<int>()], new SamplingParams { Temperature = 0.5, Seed = 1, MaxTokens = 5, IgnoreEos = true }, Cancel);
            Assert.Same(caller, Activity.Current);
            Assert.All(spans, span => Assert.Equal(caller.SpanId, span.ParentSpanId));
        }
        Assert.Equal(3, spans.Count);
        Activity good = spans.Single(span => span.GetTagItem("gen_ai.usage.input_tokens") is 3L);
        Assert.Equal($"text_completion {model}", good.DisplayName);
        Assert.Equal(("text_completion", "malrule", 0.5, 5L), (good.GetTagItem("gen_ai.operation.name"), good.GetTagItem("gen_ai.provider.name"), good.GetTagItem("gen_ai.request.temperature"), good.GetTagItem("gen_ai.usage.output_tokens")));
        Assert.Equal(["length"], (string[])good.GetTagItem("gen_ai.response.finish_reasons")!);
        Activity refused = spans.Single(span => span.Status == ActivityStatusCode.Error);
        Assert.Equal("Malrule.Inference.InvalidInputException", refused.GetTagItem("error.type"));
    }

    /// <summary>Metrics are told on the engine's thread: what listens to them must not be able to end it.</summary>
    [Fact]
    public async Task A_listener_that_throws_fails_no_request()
    {
        using var measured = new Measured { Throws = true };
        await using var engine = await LoadAsync(measured.Model);
        for (int i = 0; i < 3; i++)
            Assert.Null((await engine.GenerateAsync([(int[])[1, 2, 3]], new SamplingParams { Seed = 1, MaxTokens = 5, IgnoreEos = true }, Cancel).WaitAsync(TimeSpan.FromMinutes(2), Cancel))[0].Error);
        Assert.Equal(3, measured.Take().Length);
    }

    /// <summary>The conventions say where buckets end.</summary>
    [Fact]
    public void Histograms_advise_the_conventions_boundaries()
    {
        var advised = new Dictionary<string, double[]>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument is Histogram<double> histogram && instrument.Meter.Name == EngineTelemetry.Name)
                    advised[instrument.Name] = [.. histogram.Advice!.HistogramBucketBoundaries!];
                else if (instrument is Histogram<long> counted && instrument.Meter.Name == EngineTelemetry.Name)
                    advised[instrument.Name] = [.. counted.Advice!.HistogramBucketBoundaries!.Select(bound => (double)bound)];
            },
        };
        EngineTelemetry.BeginEmbedding("m"); // makes the instruments
        listener.Start();
        Assert.Equal(Enumerable.Range(0, 14).Select(i => Math.Pow(4, i)), advised["gen_ai.client.token.usage"]);
        Assert.Equal(Enumerable.Range(0, 14).Select(i => Math.Round(0.01 * Math.Pow(2, i), 2)), advised["gen_ai.server.request.duration"]);
        Assert.Equal([0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5], advised["gen_ai.server.time_per_output_token"]);
        Assert.Equal([0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10], advised["gen_ai.server.time_to_first_token"]);
        Assert.Equal(4, advised.Count);
    }

    [Fact]
    public async Task Embedding_is_measured_too()
    {
        using var measured = new Measured();
        await using (var embedder = await TextEmbedder.LoadAsync(Copy("bert-tiny", measured.Model), cancellationToken: Cancel))
            await embedder.EmbedAsync([[5, 6, 7], [8, 9]], Cancel);
        (string, double, string?)[] all = measured.Take();
        Assert.Equal(("gen_ai.client.token.usage", 5, "input"), Assert.Single(all, item => item.Item1 == "gen_ai.client.token.usage"));
        Assert.Single(all, item => item.Item1 == "gen_ai.server.request.duration");
    }

    [Fact]
    public void Nothing_is_allocated_when_nobody_listens()
    {
        var trace = EngineTelemetry.BeginEmbedding("m");
        trace.Drew();
        trace.End(1, 2, null);
        Assert.Equal(0, Garbage.Of(() =>
        {
            for (int i = 0; i < 100; i++)
            {
                trace.Drew();
                trace.End(1, 2, null);
            }
        }));
    }

    private static Task<LlmEngine> LoadAsync(string model) =>
        LlmEngine.LoadAsync(Copy("qwen2-fp16-tiny", model), new EngineOptions { Memory = 64 << 20, MaxModelLength = 256, Threads = 1 }, Cancel);

    /// <summary>A copy of a fixture in a folder of this name, which is what the model is called.</summary>
    private static string Copy(string fixture, string name)
    {
        string folder = Directory.CreateDirectory(Path.Combine(TestPaths.TemporaryFolder(), name)).FullName;
        foreach (string file in Directory.GetFiles(TestPaths.Data("fixtures", fixture)))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        return folder;
    }

    /// <summary>Measurements of one model: instrument, value, and the token type or error type.</summary>
    private sealed class Measured : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentQueue<(string, double, string?)> _all = new();

        public Measured()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == EngineTelemetry.Name)
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.Start();
        }

        public string Model { get; } = Guid.NewGuid().ToString("N");

        public bool Throws { get; init; }

        public void Observe() => _listener.RecordObservableInstruments();

        public (string, double, string?)[] Take()
        {
            (string, double, string?)[] all = [.. _all];
            _all.Clear();
            return all;
        }

        public void Dispose() => _listener.Dispose();

        private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var named = tags.ToArray().ToDictionary();
            if (named["gen_ai.request.model"] is not string model || model != Model)
                return;
            _all.Enqueue((instrument.Name, value, (string?)(named.GetValueOrDefault("gen_ai.token.type") ?? named.GetValueOrDefault("error.type"))));
            if (Throws)
                throw new InvalidOperationException("a listener of the host");
        }
    }
}
