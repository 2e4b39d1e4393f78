using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Malrule.Inference.Diagnostics;
using Malrule.Inference.Execution;
using Malrule.Inference.Scheduling;

namespace Malrule.Inference;

/// <summary>
/// A language model that serves batches: continuous batching over paged, prefix-cached keys and values, n branches a prompt, seeded.
/// One worker thread owns the model; every member may be called from any thread at the same time.
/// <para>Results do not depend on what else is in the batch, on the number of threads or on the state of the prefix cache.</para>
/// </summary>
public sealed class LlmEngine : IAsyncDisposable
{
    private readonly LoadedModel _model;
    private readonly RequestFactory _requests;
    private readonly BlockingCollection<Action> _inbox = [];
    private readonly Task _worker;
    private readonly EngineOptions _options;
    private readonly IDisposable _watched;
    private long _cachedTokens;
    private int _disposed;

    private LlmEngine(LoadedModel model, EngineOptions options)
    {
        (_model, _options) = (model, options);
        _requests = new RequestFactory(model, options);
        _watched = EngineTelemetry.Watch(model.Core, model.Info.ModelName);
        model.Log.Loaded(Info.ModelName, Info.KernelPath, Info.MaxModelLength, Info.MaxNumSeqs, Info.Memory);
        if (Info.UnusedTensors.Count > 0)
            model.Log.UnusedTensors(Info.ModelName, Info.UnusedTensors.Count, Info.UnusedTensors[0]);
        _worker = Task.Factory.StartNew(Work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>What was loaded and how it computes.</summary>
    public EngineInfo Info => _model.Info;

    /// <summary>The checkpoint's tokenizer; null where it has none: such a checkpoint serves token ids.</summary>
    public Tokenizer? Tokenizer => _model.Tokenizer;

    /// <summary>The checkpoint's chat template, where it has one.</summary>
    public ChatTemplate? ChatTemplate => _model.ChatTemplate;

    /// <summary>What generation_config.json recommends; not merged into explicit parameters.</summary>
    public GenerationDefaults GenerationDefaults => _model.GenerationDefaults;

    /// <summary>Counters since loading; a request that was handed out is counted.</summary>
    public EngineStatistics Statistics =>
        new(_model.Core.PromptTokens, Interlocked.Read(ref _cachedTokens), _model.Core.GeneratedTokens, _model.Core.Steps, _model.Core.Preemptions);

    /// <summary>Loads a model folder, or a hub id from the local Hugging Face cache.</summary>
    /// <exception cref="InvalidInputException">The checkpoint cannot be read, its architecture is not supported, or it does not fit in memory.</exception>
    public static Task<LlmEngine> LoadAsync(string modelDirectoryOrHubId, EngineOptions? options = null, CancellationToken cancellationToken = default)
    {
        EngineOptions given = (options ?? new EngineOptions()) with { Loading = cancellationToken };
        return Task.Run(() => new LlmEngine(LoadedModel.Load(HubCache.Resolve(modelDirectoryOrHubId), given), given), cancellationToken);
    }

    /// <summary>
    /// What <see cref="LoadAsync"/> would load, found without loading it: the checkpoint's configuration, tokenizer, template and every tensor's name and
    /// shape are checked, and the memory ledger is computed. The device <c>reference</c> loads the weights all the same.
    /// </summary>
    /// <exception cref="InvalidInputException">As <see cref="LoadAsync"/>.</exception>
    public static Task<EngineInfo> PlanAsync(
        string modelDirectoryOrHubId, EngineOptions? options = null, CancellationToken cancellationToken = default) => Task.Run(() =>
    {
        using var model = LoadedModel.Load(HubCache.Resolve(modelDirectoryOrHubId), (options ?? new EngineOptions()) with { WithoutWeights = true });
        return model.Info;
    }, cancellationToken);

    /// <summary>Renders each conversation with the chat template and generates; results are in input order.</summary>
    /// <exception cref="InvalidInputException">A sampling parameter is wrong, or there is no chat template; with <see cref="EngineOptions.Strict"/> also a bad conversation.</exception>
    public Task<IReadOnlyList<RequestOutput>> ChatAsync(
        IReadOnlyList<IReadOnlyList<ChatMessage>> conversations, SamplingParams sampling, CancellationToken cancellationToken = default) =>
        GenerateAsync(Prompts(conversations), sampling, cancellationToken);

    /// <summary>The same with parameters for each conversation.</summary>
    /// <exception cref="InvalidInputException">The lists differ in length, or as above.</exception>
    public Task<IReadOnlyList<RequestOutput>> ChatAsync(
        IReadOnlyList<IReadOnlyList<ChatMessage>> conversations, IReadOnlyList<SamplingParams> sampling, CancellationToken cancellationToken = default) =>
        GenerateAsync(Prompts(conversations), sampling, cancellationToken);

    /// <summary>Generates from each prompt with the same parameters; results are in input order.</summary>
    /// <exception cref="InvalidInputException">A sampling parameter is wrong; with <see cref="EngineOptions.Strict"/> also a bad prompt.</exception>
    public async Task<IReadOnlyList<RequestOutput>> GenerateAsync(
        IReadOnlyList<Prompt> prompts, SamplingParams sampling, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        ArgumentNullException.ThrowIfNull(sampling);
        sampling.Validate();
        return await RunAsync([.. prompts.Select(prompt => new GenerationRequest(prompt, sampling))], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Generates from each prompt with its own parameters; results are in input order.</summary>
    /// <exception cref="InvalidInputException">
    /// The lists differ in length, or a sampling parameter is wrong; with <see cref="EngineOptions.Strict"/> also a bad prompt.
    /// </exception>
    public async Task<IReadOnlyList<RequestOutput>> GenerateAsync(
        IReadOnlyList<Prompt> prompts, IReadOnlyList<SamplingParams> sampling, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        ArgumentNullException.ThrowIfNull(sampling);
        if (sampling.Count != prompts.Count)
            throw new InvalidInputException($"There are {prompts.Count} prompts and {sampling.Count} sampling parameters; give one for each prompt, or one for all.");
        foreach (var parameters in sampling)
            parameters.Validate();
        return await RunAsync([.. prompts.Zip(sampling, (prompt, parameters) => new GenerationRequest(prompt, parameters))], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Generates and yields each request as it finishes; <see cref="RequestOutput.Index"/> is its place in the list. A bad request
    /// fails alone: its result carries the error. Cancelling stops the sequences and frees their pages.
    /// </summary>
    public async IAsyncEnumerable<RequestOutput> StreamAsync(
        IReadOnlyList<GenerationRequest> requests, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requests);
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        var results = Channel.CreateUnbounded<RequestOutput>(new UnboundedChannelOptions { SingleReader = true });
        var underway = new ConcurrentDictionary<int, SequenceGroup>();
        using var stopped = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        // Prompts are rendered and encoded here, while the worker computes the first ones.
        var feeder = Task.Run(() => Feed(requests, results.Writer, underway, stopped.Token), CancellationToken.None);
        try
        {
            // Not ReadAsync: it would wrap the feeder's error in its own.
            for (int i = 0; i < requests.Count;)
            {
                await results.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false);
                for (; results.Reader.TryRead(out var output); i++)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    yield return output;
                }
            }
        }
        finally
        {
            await stopped.CancelAsync().ConfigureAwait(false);
            await feeder.ConfigureAwait(false);
            Post(() =>
            {
                foreach (var group in underway.Values)
                    _model.Core.Abort(group);
            });
        }
    }

    /// <summary>
    /// Generates from one request and yields what its branches add, token by token; the last delta carries the whole output.
    /// The engine does not wait for a slow reader: what it has not taken is put together into one delta a branch.
    /// Cancelling, or leaving the loop, stops the sequences and frees their pages before the next step.
    /// </summary>
    /// <exception cref="InvalidInputException">The prompt or a parameter cannot be served.</exception>
    /// <exception cref="MalruleException">The model computed a value that is not finite, or the engine stopped.</exception>
    public async IAsyncEnumerable<GenerationDelta> StreamDeltasAsync(
        GenerationRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        var stream = new DeltaStream(request.Sampling, Tokenizer is not null && request.Sampling.Detokenize);
        var group = await Task.Run(() => Create(request, Completed, stream.Advance), cancellationToken).ConfigureAwait(false);
        void Completed(SequenceGroup finished)
        {
            Interlocked.Add(ref _cachedTokens, finished.CachedTokens);
            stream.Complete(RequestFactory.Output(0, finished));
        }
        if (!Submit(group))
            throw Stopped();
        try
        {
            await foreach (var delta in stream.ReadAsync(cancellationToken).ConfigureAwait(false))
                yield return delta;
        }
        finally
        {
            Post(() => _model.Core.Abort(group));
        }
    }

    /// <summary>Forgets what the prefix cache holds, between two steps; sequences that run go on.</summary>
    public Task ResetPrefixCacheAsync()
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!Post(() =>
        {
            _model.Core.ResetPrefixCache();
            done.SetResult();
        }))
            throw Stopped();
        return done.Task;
    }

    /// <summary>Stops all sequences, whose callers get what there is with <see cref="FinishReason.Abort"/>, and returns all memory.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _inbox.CompleteAdding();
        await _worker.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // a logger that threw
        _watched.Dispose();
        _model.Dispose();
        _inbox.Dispose();
    }

    private Prompt[] Prompts(IReadOnlyList<IReadOnlyList<ChatMessage>> conversations)
    {
        ArgumentNullException.ThrowIfNull(conversations);
        return ChatTemplate is null
            ? throw new InvalidInputException($"{Info.ModelDirectory}: the checkpoint has no chat template, so it cannot chat; use plain prompts.")
            : [.. conversations.Select(messages => new Prompt.FromConversation(messages))];
    }

    private async Task<IReadOnlyList<RequestOutput>> RunAsync(GenerationRequest[] requests, CancellationToken cancellationToken)
    {
        var outputs = new RequestOutput[requests.Length];
        await foreach (var output in StreamAsync(requests, cancellationToken).ConfigureAwait(false))
            outputs[output.Index] = output;
        return outputs;
    }

    private void Feed(IReadOnlyList<GenerationRequest> requests, ChannelWriter<RequestOutput> results, ConcurrentDictionary<int, SequenceGroup> underway, CancellationToken stopped)
    {
        for (int i = 0; i < requests.Count && !stopped.IsCancellationRequested; i++)
        {
            int index = i;
            SequenceGroup group;
            try
            {
                group = Create(requests[i], finished =>
                {
                    underway.TryRemove(index, out _); // it is the reader's now, and gone when he lets go of it
                    Interlocked.Add(ref _cachedTokens, finished.CachedTokens);
                    results.TryWrite(RequestFactory.Output(index, finished));
                });
            }
            catch (InvalidInputException error) when (!_options.Strict)
            {
                results.TryWrite(new RequestOutput { Index = index, PromptTokenIds = [], Outputs = [], Error = error });
                continue;
            }
            catch (Exception error)
            {
                results.TryComplete(error);
                return;
            }
            underway[index] = group;
            if (!Submit(group))
            {
                results.TryComplete(Stopped());
                return;
            }
        }
    }

    private SequenceGroup Create(GenerationRequest request, Action<SequenceGroup> completed, Action<Sequence>? advanced = null)
    {
        var trace = EngineTelemetry.Begin(Info.ModelName, request);
        try
        {
            return _requests.Create(request, completed, advanced, trace);
        }
        catch (Exception error)
        {
            trace.End(0, null, error);
            _model.Log.Refused(error.Message);
            throw;
        }
    }

    private bool Submit(SequenceGroup group)
    {
        bool taken = Post(() => _model.Core.Add(group));
        if (!taken)
            group.Trace?.End(0, null, Stopped());
        return taken;
    }

    /// <summary>Told about every step, on the worker; set only by <see cref="EngineBenchmark"/>.</summary>
    internal Action<StepTime>? StepTimed { get; set; }

    /// <summary>Share of the KV pages that some sequence holds.</summary>
    internal double KvCacheUsage => _model.Core.KvCacheUsage;

    /// <summary>Told the logits before every prompt token that a request scores, on the worker; set only by <see cref="ModelVerification"/>.</summary>
    internal Action<int, ReadOnlySpan<float>>? PromptScored { set => _model.Runner.PromptScored = value; }

    /// <summary>The ids that end an answer.</summary>
    internal IReadOnlyList<int> EosTokenIds => _model.EosTokenIds;

    /// <summary>Weights that each prompt token is multiplied with: the linear layers without the output layer.</summary>
    internal long BodyWeights => _model.BodyWeights;

    /// <summary>Bytes of weights that a decoding step reads.</summary>
    internal long StepWeightBytes => _model.StepWeightBytes;

    private void Step(EngineCore core)
    {
        if (StepTimed is not { } timed)
        {
            core.Step();
            return;
        }
        long start = Stopwatch.GetTimestamp(), prompt = core.PromptTokens, generated = core.GeneratedTokens;
        core.Step();
        timed(new StepTime(Stopwatch.GetElapsedTime(start).TotalSeconds, core.PromptTokens - prompt, core.GeneratedTokens - generated));
    }

    private static MalruleException Stopped() => new("The engine was disposed, or stopped after an error; load it again.");

    /// <summary>Has the worker run something between two steps; false: the engine is gone.</summary>
    private bool Post(Action action)
    {
        try
        {
            _inbox.Add(action);
            return true;
        }
        catch (InvalidOperationException) // completed or disposed
        {
            return false;
        }
    }

    /// <summary>The worker: takes what arrived, runs a step, until the engine is disposed. What throws here fails every request and ends the engine.</summary>
    private void Work()
    {
        var core = _model.Core;
        try
        {
            core.OwnThread();
            while (true)
            {
                while (core.HasWork ? _inbox.TryTake(out var action) : _inbox.TryTake(out action, Timeout.Infinite))
                    action();
                if (_inbox.IsCompleted)
                    break;
                Step(core);
            }
            core.AbortAll();
        }
        catch (Exception error)
        {
            _inbox.CompleteAdding();
            while (_inbox.TryTake(out var late))
                late();
            core.FailAll(new MalruleException($"The engine stopped: {error.Message}", error));
            _model.Log.Stopped(error);
        }
    }
}
