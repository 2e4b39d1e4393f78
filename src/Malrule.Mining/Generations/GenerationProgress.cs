using System.Diagnostics;
using Malrule.Inference;

namespace Malrule.Mining.Generations;

/// <summary>Reports how generating goes, when something is done and twice a second in between.</summary>
internal sealed class GenerationProgress : IDisposable
{
    private readonly IGenerator _generator;
    private readonly EngineStatistics _before;
    private readonly int _earlier;
    private readonly int _total;
    private readonly RunLog _log;
    private readonly Lock _turn = new();
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly Timer _timer;
    private int _done;
    private bool _stopped;

    /// <summary>Begins to report.</summary>
    /// <param name="generator">Whose counters are read.</param>
    /// <param name="earlier">Items that an earlier process did.</param>
    /// <param name="total">All items.</param>
    /// <param name="log">Whom to tell.</param>
    public GenerationProgress(IGenerator generator, int earlier, int total, RunLog log)
    {
        (_generator, _before, _earlier, _total, _log) = (generator, generator.Statistics, earlier, total, log);
        _timer = new Timer(_ => Add(0), null, TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(0.5));
        Add(0);
    }

    /// <summary>Counts items that are safe on the disk.</summary>
    public void Add(int items)
    {
        lock (_turn)
        {
            if (_stopped)
                return;
            _done += items;
            TimeSpan elapsed = Stopwatch.GetElapsedTime(_start);
            (double promptSpeed, double generatedSpeed, double? hitRate) = Speeds();
            _log.Report(new MiningProgress(MiningStage.Generating, _earlier + _done, _total)
            {
                PromptTokensPerSecond = promptSpeed,
                GeneratedTokensPerSecond = generatedSpeed,
                PrefixHitRate = hitRate,
                TimeLeft = _done == 0 ? null : elapsed * ((double)(_total - _earlier - _done) / _done),
            });
        }
    }

    /// <summary>Stops reporting and notes the speeds.</summary>
    public void Dispose()
    {
        lock (_turn)
            _stopped = true;
        _timer.Dispose();
        (_log.Timings["prompt_tokens_per_second"], _log.Timings["generated_tokens_per_second"], double? hitRate) = Speeds();
        _log.Timings["prefix_hit_rate"] = hitRate ?? 0;
    }

    private (double Prompt, double Generated, double? HitRate) Speeds()
    {
        EngineStatistics now = _generator.Statistics;
        double seconds = Stopwatch.GetElapsedTime(_start).TotalSeconds;
        long cached = now.CachedPromptTokens - _before.CachedPromptTokens;
        long prompt = now.PromptTokens - _before.PromptTokens + cached;
        return (prompt / seconds, (now.GeneratedTokens - _before.GeneratedTokens) / seconds, prompt == 0 ? null : (double)cached / prompt);
    }
}
