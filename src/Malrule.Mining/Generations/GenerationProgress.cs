using System.Diagnostics;
using Malrule.Inference;

namespace Malrule.Mining.Generations;

/// <summary>Reports how generating goes, when something is done and twice a second in between.</summary>
internal sealed class GenerationProgress : IDisposable
{
    private readonly IGenerator _generator;
    private readonly EngineStatistics _before;
    private readonly GenerationEstimate _estimate;
    private readonly int _earlier;
    private readonly MiningStage _stage;
    private readonly RunLog _log;
    private readonly Lock _turn = new();
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly Timer _timer;
    private int _done;
    private long _doneTokens;
    private bool _stopped;

    /// <summary>Begins to report.</summary>
    /// <param name="generator">Whose counters are read.</param>
    /// <param name="estimate">What is to be done.</param>
    /// <param name="earlier">Items that an earlier process did.</param>
    /// <param name="log">Whom to tell.</param>
    /// <param name="stage">What is being done.</param>
    public GenerationProgress(IGenerator generator, GenerationEstimate estimate, int earlier, RunLog log, MiningStage stage = MiningStage.Generating)
    {
        (_generator, _before, _estimate, _earlier, _log, _stage) = (generator, generator.Statistics, estimate, earlier, log, stage);
        _timer = new Timer(_ => Add(0), null, TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(0.5));
        Add(0);
    }

    /// <summary>Counts items that are safe on the disk, and the tokens of their samples.</summary>
    public void Add(int items, long tokens = 0)
    {
        lock (_turn)
        {
            if (_stopped)
                return;
            _done += items;
            _doneTokens += tokens;
            Work work = Measure();
            _log.Report(new MiningProgress(_stage, _earlier + _done, _earlier + _estimate.Requests)
            {
                PromptTokensPerSecond = work.PromptTokens / work.Seconds,
                GeneratedTokensPerSecond = work.GeneratedTokens / work.Seconds,
                PrefixHitRate = _generator.CountsCachedTokens ? work.HitRate : null,
                TimeLeft = TimeLeft(work),
            });
        }
    }

    /// <summary>Stops reporting and notes the speeds.</summary>
    public void Dispose()
    {
        lock (_turn)
            _stopped = true;
        _timer.Dispose();
        Work work = Measure();
        string kind = _stage == MiningStage.Generating ? "" : $"{_stage.ToString().ToLowerInvariant()}_";
        _log.Timings[$"{kind}prompt_tokens_per_second"] = work.PromptTokens / work.Seconds;
        _log.Timings[$"{kind}generated_tokens_per_second"] = work.GeneratedTokens / work.Seconds;
        if (_generator.CountsCachedTokens)
            _log.Timings[$"{kind}prefix_hit_rate"] = work.HitRate ?? 0;
    }

    /// <summary>
    /// By tokens, since a batch's requests end late and together: what is computed of all that will be, a generated token weighing as much
    /// more than one of a prompt as was measured. Samples are expected to be as long as those that have ended.
    /// </summary>
    private TimeSpan? TimeLeft(Work work)
    {
        (double promptCost, double generatedCost) = _estimate.Costs ?? (1, 10);
        double expected = _done == 0 ? _estimate.GeneratedTokens : (double)_doneTokens / _done * _estimate.Requests;
        double done = work.PromptTokens * promptCost + work.GeneratedTokens * generatedCost;
        double all = Math.Max(done, _estimate.PromptTokens * promptCost + expected * generatedCost);
        if (done == 0) // a server that counts no tokens
            (done, all) = (_done, _estimate.Requests);
        return _done == _estimate.Requests ? TimeSpan.Zero : done == 0 ? null : TimeSpan.FromSeconds(work.Seconds * (all - done) / done);
    }

    private Work Measure()
    {
        EngineStatistics now = _generator.Statistics;
        long cached = now.CachedPromptTokens - _before.CachedPromptTokens;
        return new Work(
            Stopwatch.GetElapsedTime(_start).TotalSeconds, now.PromptTokens - _before.PromptTokens + cached, cached, now.GeneratedTokens - _before.GeneratedTokens);
    }

    /// <summary>What was done since the start; cached tokens are among those of prompts.</summary>
    private readonly record struct Work(double Seconds, long PromptTokens, long CachedTokens, long GeneratedTokens)
    {
        public double? HitRate => PromptTokens == 0 ? null : (double)CachedTokens / PromptTokens;
    }
}
