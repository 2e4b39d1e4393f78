using System.Diagnostics;
using Malrule.Inference.Compute.Cpu;
using Malrule.Inference.Diagnostics;

namespace Malrule.Inference;

/// <summary>
/// Times a cold, full job: random prompts nobody has seen, no prefix hit, exactly n × m tokens. A warm-up runs on other prompts, and
/// the timed tokens are compared with those of a second, warm run. The machine's peaks are measured in the same process, after the
/// runs, so that their memory does not count.
/// </summary>
public static class EngineBenchmark
{
    /// <exception cref="MalruleException">A run was not cold, or a repeated one drew other tokens.</exception>
    public static async Task<EngineBenchmarkResult> RunAsync(string modelDirectoryOrHubId, EngineBenchmarkOptions options, Action<string>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        long start = Stopwatch.GetTimestamp();
        await using var engine = await LlmEngine.LoadAsync(modelDirectoryOrHubId, options.Engine, cancellationToken).ConfigureAwait(false);
        double load = Stopwatch.GetElapsedTime(start).TotalSeconds;
        progress?.Invoke(FormattableString.Invariant($"{engine.Info.KernelPath}, loaded in {load:0.00} s; {engine.Info.Memory}"));

        var warmUp = Requests(options with { Requests = 1, OutputTokens = Math.Min(4, options.OutputTokens) }, run: -1, engine.Info.VocabSize);
        await Collect(engine, warmUp, cancellationToken).ConfigureAwait(false);
        var runs = new List<Run>();
        long memory = 0;
        for (int i = 0; i < options.Runs; i++)
        {
            runs.Add(await Time(engine, Requests(options, i, engine.Info.VocabSize), cancellationToken).ConfigureAwait(false));
            memory = i == 0 ? PeakMemory() : memory; // later runs' prompts join the prefix cache
            progress?.Invoke(FormattableString.Invariant($"run {i + 1} of {options.Runs}: {runs[^1].Seconds:0.000} s"));
        }
        var again = await Collect(engine, Requests(options, 0, engine.Info.VocabSize), cancellationToken).ConfigureAwait(false);
        if (again != runs[0].Tokens)
            throw new MalruleException("The timed run and its repetition drew different tokens; the engine is not deterministic here.");
        long expected = (long)options.Requests * options.Samples * options.OutputTokens;
        if (runs.Find(run => run.Steps.Sum(step => step.GeneratedTokens) != expected) is { } odd)
            throw new MalruleException($"A timed run drew {odd.Steps.Sum(step => step.GeneratedTokens)} tokens; expected exactly {expected}.");
        if (runs.Sum(run => run.PrefixHits) is > 0 and var hits)
            throw new MalruleException($"{hits} prompt tokens of the timed runs came from the prefix cache; the runs were not cold.");

        int threads = options.Engine.Threads > 0 ? options.Engine.Threads : Environment.ProcessorCount;
        progress?.Invoke("measuring the machine's peaks");
        var peaks = await Task.Run(() => MachinePeaks.Measure(threads), cancellationToken).ConfigureAwait(false);
        return Summarise(engine, options, load, memory, [.. runs.OrderBy(run => run.Seconds)], peaks);
    }

    private static long PeakMemory()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }

    /// <summary>One timed run: its steps, and every token it drew.</summary>
    private sealed record Run(double Seconds, IReadOnlyList<StepTime> Steps, double FirstToken, long PrefixHits, string Tokens);

    private static async Task<Run> Time(LlmEngine engine, List<GenerationRequest> requests, CancellationToken cancellationToken)
    {
        var steps = new List<StepTime>();
        double firstToken = 0;
        long start = Stopwatch.GetTimestamp(), hits = engine.Statistics.CachedPromptTokens;
        engine.StepTimed = step =>
        {
            steps.Add(step);
            if (step.GeneratedTokens > 0 && firstToken == 0)
                firstToken = Stopwatch.GetElapsedTime(start).TotalSeconds;
        };
        try
        {
            string tokens = await Collect(engine, requests, cancellationToken).ConfigureAwait(false);
            return new Run(Stopwatch.GetElapsedTime(start).TotalSeconds, steps, firstToken, engine.Statistics.CachedPromptTokens - hits, tokens);
        }
        finally
        {
            engine.StepTimed = null;
        }
    }

    private static List<GenerationRequest> Requests(EngineBenchmarkOptions options, int run, int vocabSize)
    {
        var random = new Random(HashCode.Combine(options.Seed, run)); // differs from process to process on purpose: prompts are fresh
        var sampling = new SamplingParams { N = options.Samples, Temperature = options.Samples == 1 ? 0 : 0.7, Seed = options.Seed, MaxTokens = options.OutputTokens, IgnoreEos = true, Detokenize = false };
        return [.. Enumerable.Range(0, options.Requests).Select(_ =>
            new GenerationRequest((int[])[.. Enumerable.Range(0, options.PromptTokens).Select(_ => random.Next(vocabSize))], sampling))];
    }

    private static async Task<string> Collect(LlmEngine engine, List<GenerationRequest> requests, CancellationToken cancellationToken)
    {
        var tokens = new string[requests.Count];
        await foreach (var output in engine.StreamAsync(requests, cancellationToken).ConfigureAwait(false))
        {
            if (output.Error is { } error)
                throw error;
            tokens[output.Index] = string.Join('|', output.Outputs.Select(branch => string.Join(' ', branch.TokenIds)));
        }
        return string.Join('\n', tokens);
    }

    private static EngineBenchmarkResult Summarise(LlmEngine engine, EngineBenchmarkOptions options, double load, long memory, Run[] runs, MachinePeaks peaks)
    {
        var median = runs[runs.Length / 2];
        var prompt = median.Steps.Where(step => step.PromptTokens > 0).ToList();
        var decode = median.Steps.Where(step => step.PromptTokens == 0).ToList();
        long promptTokens = prompt.Sum(step => step.PromptTokens);
        double promptLimit = promptTokens * 2.0 * engine.BodyWeights / 1e9 / (options.Engine.Mode == ComputeMode.Fast ? peaks.Int8Gops : peaks.Fp32Gflops);
        double decodeLimit = (double)engine.StepWeightBytes * decode.Count / 1e9 / peaks.ReadGbps;
        double[] seconds = [.. median.Steps.Select(step => step.Seconds).Order()];
        double Percentile(double share) => seconds[(int)Math.Min(seconds.Length - 1, share * seconds.Length)];
        return new EngineBenchmarkResult
        {
            Model = Path.GetFileName(Path.TrimEndingDirectorySeparator(engine.Info.ModelDirectory)),
            PromptTokens = options.PromptTokens,
            Samples = options.Samples,
            OutputTokens = options.OutputTokens,
            Requests = options.Requests,
            KernelPath = engine.Info.KernelPath,
            Threads = peaks.Threads,
            LoadSeconds = load,
            TotalSeconds = median.Seconds,
            AllTotalSeconds = [.. runs.Select(run => run.Seconds)],
            PromptTokensPerSecond = Rate(promptTokens, prompt),
            OutputTokensPerSecond = Rate(decode.Sum(step => step.GeneratedTokens), decode),
            TimeToFirstTokenSeconds = median.FirstToken,
            StepSecondsP50 = Percentile(0.5),
            StepSecondsP90 = Percentile(0.9),
            StepSecondsP99 = Percentile(0.99),
            PeakInt8Gops = peaks.Int8Gops,
            PeakFp32Gflops = peaks.Fp32Gflops,
            PeakReadGbps = peaks.ReadGbps,
            PeaksPlausible = peaks.ArePlausible,
            JobShareOfLimits = (promptLimit + decodeLimit) / median.Seconds,
            PromptShareOfPeak = Rate(promptLimit, prompt),
            DecodeShareOfReadPeak = Rate(decodeLimit, decode),
            PeakMemoryBytes = memory,
            PrefixHitTokens = 0,
        };
    }

    /// <summary>What some steps did, a second.</summary>
    private static double Rate(double amount, List<StepTime> steps) => steps.Count == 0 ? 0 : amount / steps.Sum(step => step.Seconds);
}
