using Malrule.Inference.Scheduling;

namespace Malrule.Inference.Execution;

/// <summary>The engine's step: schedule, run, commit. Owned by one thread.</summary>
internal sealed class EngineCore(Scheduler scheduler, ModelRunner runner) : IDisposable
{
    private readonly StepResult _result = new();

    public bool HasWork => scheduler.HasWork;
    public long PromptTokens { get; private set; }
    public long GeneratedTokens { get; private set; }
    public long Steps { get; private set; }
    public long Preemptions => scheduler.Preemptions;

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
        group.Completed?.Invoke(group);
    }

    public void AbortAll()
    {
        foreach (var group in scheduler.Groups.ToList())
            Abort(group);
    }

    /// <summary>Ends every group with an error.</summary>
    public void FailAll(MalruleException error)
    {
        foreach (var group in scheduler.Groups.ToList())
        {
            group.Error = error;
            Abort(group);
        }
    }

    public void Step()
    {
        var step = scheduler.Schedule();
        if (step.Chunks.Count == 0)
            throw new InvalidOperationException("The scheduler has work but could place none of it.");
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
            group.Completed?.Invoke(group);
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
        branch.OutputTokenIds.Add(draw.TokenId);
        branch.CumulativeLogprob += draw.Logprob;
        if (draw.Logprobs is { } logprobs)
            (branch.Logprobs ??= []).Add(logprobs);
        if (branch.OutputCounts is { } counts)
            counts[draw.TokenId] = counts.GetValueOrDefault(draw.TokenId) + 1;

        var end = group.Stop.Check(draw.TokenId, branch.OutputTokenIds.Count);
        if (branch.Text.Append(draw.TokenId, endsOutput: end is { Reason: FinishReason.Stop }) is { } stop)
            end = (FinishReason.Stop, new StopReason(null, stop));
        if (end is { } ended)
        {
            branch.Text.Finish();
            (branch.FinishReason, branch.StopReason) = ended;
            scheduler.Finish(branch);
        }
        group.Advanced?.Invoke(branch);
        if (group.Finished)
            group.Completed?.Invoke(group);
    }
}
