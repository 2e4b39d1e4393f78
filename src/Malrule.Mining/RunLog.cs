using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Malrule.Inference;
using Malrule.Mining.Questions;

namespace Malrule.Mining;

/// <summary>What a run tells its user as it goes, and the timings and environment that it stores at its end. Safe for concurrent use.</summary>
internal sealed class RunLog
{
    public const string DataSetting = "data", QuestionsSetting = "questions", EmbedderSetting = "embedder";

    private readonly IProgress<MiningProgress>? _progress;
    private readonly Lock _turn = new();
    private readonly long _start = Stopwatch.GetTimestamp();

    public RunLog(IProgress<MiningProgress>? progress, EngineOptions engine)
    {
        _progress = progress;
        Describe("started", Now());
        Describe("system", RuntimeInformation.OSDescription);
        Describe("architecture", RuntimeInformation.ProcessArchitecture.ToString());
        Describe("runtime", RuntimeInformation.FrameworkDescription);
        Describe("processors", Text(Environment.ProcessorCount));
        Describe("device", engine.Device);
        Describe("threads", Text(engine.Threads));
        Describe("memory", Text(engine.Memory));
        Describe("max_num_seqs", Text(engine.MaxNumSeqs));
        Describe("max_num_batched_tokens", Text(engine.MaxNumBatchedTokens));
    }

    /// <summary>Seconds of each stage, and speeds.</summary>
    public SortedDictionary<string, double> Timings { get; } = new(StringComparer.Ordinal);

    /// <summary>The machine, and settings that do not change results.</summary>
    public SortedDictionary<string, string> Settings { get; } = new(StringComparer.Ordinal);

    public void Report(MiningProgress step)
    {
        lock (_turn)
            _progress?.Report(step);
    }

    public void Note(MiningStage stage, string line) => Report(new MiningProgress(stage) { Note = line });

    public void Describe(string setting, string value) => Settings[setting] = value;

    /// <summary>Stores where the data and the embedder are, so that commands about the finished run find them.</summary>
    public void Locate(MiningOptions options, QuestionBank bank)
    {
        Describe(DataSetting, Path.GetFullPath(options.Data));
        Describe(QuestionsSetting, Path.GetFullPath(bank.Files["questions"]));
        if (options is { Embeds: true, EmbedderEndpoint: null, Embedder: { } embedder })
            Describe(EmbedderSetting, Directory.Exists(embedder) ? Path.GetFullPath(embedder) : embedder);
    }

    /// <summary>Reports that a stage begins and times it until disposed.</summary>
    public IDisposable Time(MiningStage stage)
    {
        Report(new MiningProgress(stage));
        return new Timed(this, stage);
    }

    /// <summary>Adds what is known only at the end.</summary>
    public void Finish()
    {
        Timings["total_seconds"] = Stopwatch.GetElapsedTime(_start).TotalSeconds;
        Describe("finished", Now());
    }

    public static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);

    private static string Now() => DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private sealed class Timed(RunLog log, MiningStage stage) : IDisposable
    {
        private readonly long _start = Stopwatch.GetTimestamp();

        public void Dispose()
        {
            string name = $"{stage switch
            {
                MiningStage.LoadingModel => "loading_model",
                MiningStage.LoadingEmbedder => "loading_embedder",
                _ => stage.ToString().ToLowerInvariant(),
            }}_seconds";
            log.Timings[name] = log.Timings.GetValueOrDefault(name) + Stopwatch.GetElapsedTime(_start).TotalSeconds;
        }
    }
}
