using System.Runtime.InteropServices;
using Malrule.Inference.Diagnostics;
using Malrule.Inference.Scheduling;
using Microsoft.Extensions.Logging;

namespace Malrule.Inference.Execution;

/// <summary>The engine's step: schedule, run, commit. Owned by one thread.</summary>
internal sealed class EngineCore(Scheduler scheduler, BlockManager pages, ModelRunner runner, ILogger log) : IDisposable
{
    private readonly StepResult _result = new();
    private long _preemptionsToTell = 1, _evictionsToTell = pages.Pages;

    public bool HasWork => scheduler.HasWork;
    public long PromptTokens { get; private set; }
    public long GeneratedTokens { get; private set; }
    public long Steps { get; private set; }
    public long Preemptions => scheduler.Preemptions;

    // Read by any thread; each is one number that the worker writes.
    public int RunningRequests => scheduler.RunningGroups;
    public int WaitingRequests => scheduler.WaitingGroups;
    public double KvCacheUsage => 1 - (double)pages.FreePages / pages.Pages;
    public long QueriedTokens => scheduler.QueriedTokens;
    public long CachedTokens => scheduler.CachedTokens;

    public void Add(SequenceGroup group) => scheduler.Add(group);

    /// <summary>Ends a group that is not wanted any more; unknown or finished ones are left alone.</summary>
    public void Abort(SequenceGroup group)
    {
        if (group.Finished)
            return;
        foreach (var branch in group.Branches)
            if (branch.State != SequenceState.Finished)
                branch.FinishReason = FinishReason.Abort;
        scheduler.Abort(group);
        Complete(group);
    }

    public void AbortAll()
    {
        foreach (var group in scheduler.Groups.ToList())
            Abort(group);
    }

    /// <summary>Tells every caller of an error after which no step is run; pages are left as they are.</summary>
    public void FailAll(MalruleException error)
    {
        foreach (var group in scheduler.Groups.ToList())
        {
            group.Error = error;
            Complete(group);
        }
    }

    public void ResetPrefixCache() => pages.UnpublishAll();

    /// <summary>Says that the calling thread lives for this core alone and makes all further calls.</summary>
    public void OwnThread() => runner.OwnThread();

    public void Step()
    {
        var step = scheduler.Schedule();
        if (step.Chunks.Count == 0)
            throw new InvalidOperationException("The scheduler has work but could place none of it.");
        TellPressure();
        runner.Run(step, _result);
        Commit(step);
    }

    public void Dispose() => runner.Dispose();

    private void Commit(Step step)
    {
        Steps++;
        foreach (var group in _result.Failed)
        {
            scheduler.Abort(group, spoiled: true);
            if (group.Error is NotFiniteException)
                log.NotFinite(group.PromptTokenIds.Length, group.Error.Message);
            else
                log.Failed(group.PromptTokenIds.Length, group.Error!.Message);
            Complete(group);
        }
        foreach (var chunk in step.Chunks)
        {
            var group = chunk.Branch.Group;
            if (group.Error is not null)
                continue;
            chunk.Branch.ComputedTokens = chunk.End;
            if (!group.Forked)
                PromptTokens += chunk.Count;
            if (!group.Forked && chunk.End == group.PromptTokenIds.Length)
                scheduler.Fork(group);
        }
        foreach (var score in _result.Scores)
            if (score.Position == score.Group.PromptLogprobs!.Count)
                score.Group.PromptLogprobs.Add(score.Logprobs);
        foreach (var draw in _result.Draws)
            if (draw.Branch.Group.Error is null)
                Append(draw);
    }

    /// <summary>Adds a drawn token to its branch and ends the branch where a stop rule or stop string says so.</summary>
    private void Append(StepResult.Draw draw)
    {
        var branch = draw.Branch;
        var group = branch.Group;
        GeneratedTokens++;
        group.Trace?.Drew();
        branch.OutputTokenIds.Add(draw.TokenId);
        branch.CumulativeLogprob += draw.Logprob;
        if (draw.Logprobs is { } logprobs)
            (branch.Logprobs ??= []).Add(logprobs);
        if (branch.OutputCounts is { } counts)
            counts[draw.TokenId] = counts.GetValueOrDefault(draw.TokenId) + 1;

        var end = group.Stop.Check(CollectionsMarshal.AsSpan(branch.OutputTokenIds));
        if (branch.Text.Append(draw.TokenId, endsOutput: end is { Reason: FinishReason.Stop }) is { } stop)
            end = (FinishReason.Stop, new StopReason(null, stop));
        else if (end is not { Reason: FinishReason.Stop } && branch.CompletesText(draw.TokenId))
            end = (FinishReason.Stop, null);
        if (end is { } ended)
        {
            branch.Text.Finish();
            (branch.FinishReason, branch.StopReason) = ended;
            scheduler.Finish(branch);
        }
        group.Advanced?.Invoke(branch);
        if (group.Finished)
            Complete(group);
    }

    private void Complete(SequenceGroup group)
    {
        try
        {
            group.Trace?.End(group);
        }
        catch (Exception error) // what listens to metrics and spans threw: no request is to pay for it
        {
            log.ListenerFailed(error);
        }
        group.Completed?.Invoke(group);
    }

    /// <summary>Tells that pages are short, the first time and then each time it has doubled.</summary>
    private void TellPressure()
    {
        if (scheduler.Preemptions >= _preemptionsToTell)
        {
            log.Preempted(scheduler.Preemptions, scheduler.RunningGroups, scheduler.WaitingGroups);
            _preemptionsToTell = 2 * scheduler.Preemptions;
        }
        if (pages.Evictions >= _evictionsToTell)
        {
            log.Evicted(pages.Evictions, pages.Pages);
            _evictionsToTell = 2 * pages.Evictions;
        }
    }
}
