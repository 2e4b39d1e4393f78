using Malrule.Inference.Compute;

namespace Malrule.Inference.Scheduling;

/// <summary>
/// Continuous batching as vLLM does it, with the group as the unit: each step spends a token budget on running branches in order of
/// arrival, then on waiting groups, whose prompts are cut to fit. A group is admitted when its whole prompt fits in pages. Without a
/// free page the newest group is preempted: its pages go back and it is computed again later, output tokens kept.
/// <para>A group's leader computes the prompt; <see cref="Fork"/> then lets all branches share its pages.</para>
/// </summary>
internal sealed class Scheduler(BlockManager pages, int maxBatchedTokens, int maxSequences, bool prefixCaching)
{
    private const int PageTokens = KvShape.PageTokens;

    private readonly LinkedList<SequenceGroup> _waiting = [];
    private readonly List<SequenceGroup> _running = [];   // in order of arrival
    private readonly Step _step = new();
    private int _runningBranches;
    private bool _preempted;

    public bool HasWork => _waiting.Count > 0 || _running.Count > 0;

    /// <summary>Every unfinished group.</summary>
    public IEnumerable<SequenceGroup> Groups => _running.Concat(_waiting);
    public int RunningBranches => _runningBranches;
    public int RunningGroups => _running.Count;
    public int WaitingGroups => _waiting.Count;
    public long Preemptions { get; private set; }

    /// <summary>Prompt tokens of admitted groups that were looked up, and how many of them the prefix cache had.</summary>
    public long QueriedTokens { get; private set; }
    public long CachedTokens { get; private set; }

    public void Add(SequenceGroup group) => group.Place = _waiting.AddLast(group);

    /// <summary>Plans the next step. The result is reused by the next call.</summary>
    public Step Schedule()
    {
        _step.Clear();
        _preempted = false;
        for (int i = 0; i < _running.Count; i++)
            ScheduleRunning(_running[i]);
        if (!_preempted)
        {
            foreach (var group in _running)
                Unpark(group);
            Admit();
        }
        return _step;
    }

    /// <summary>Shares the leader's prompt pages with the other unfinished branches; those beyond the limit of running branches are parked.</summary>
    public void Fork(SequenceGroup group)
    {
        group.Forked = true;
        var leader = group.Leader;
        foreach (var branch in group.Branches)
        {
            if (branch.State != SequenceState.Waiting)
                continue;
            foreach (int page in leader.BlockTable)
                pages.Share(page);
            branch.BlockTable.AddRange(leader.BlockTable);
            branch.ComputedTokens = leader.ComputedTokens;
            (branch.PublishedPages, branch.ChainSerial) = (leader.PublishedPages, leader.ChainSerial);
            Start(branch);
            if (_runningBranches > maxSequences)
                Park(branch);
        }
    }

    /// <summary>Ends one branch and returns its pages; the group leaves when it was the last.</summary>
    public void Finish(Sequence branch)
    {
        ReleasePages(branch, keep: 0);
        Stop(branch, SequenceState.Finished);
        if (branch.Group.Finished)
            _running.Remove(branch.Group);
    }

    /// <summary>Ends all branches of a group, wherever they stand. <paramref name="spoiled"/>: what its pages hold must not be taken over.</summary>
    public void Abort(SequenceGroup group, bool spoiled = false)
    {
        if (group.Place is { } place)
            _waiting.Remove(place);
        else
            _running.Remove(group);
        group.Place = null;
        foreach (var branch in group.Branches)
        {
            if (spoiled)
                foreach (int page in branch.BlockTable)
                    pages.Unpublish(page);
            ReleasePages(branch, keep: 0);
            Stop(branch, SequenceState.Finished);
        }
    }

    private void ScheduleRunning(SequenceGroup group)
    {
        foreach (var branch in group.Branches)
        {
            if (branch.State != SequenceState.Running || _step.Tokens >= maxBatchedTokens)
                continue;
            int count = ChunkLength(branch);
            while (!TryReserve(branch, count))
                if (!MakeRoom(branch))
                    return;
            Append(branch, count);
        }
    }

    /// <summary>Up to the end of the branch, or of the prompt before the group has forked; at least 1, at most what the budget leaves.</summary>
    private int ChunkLength(Sequence branch)
    {
        int end = branch.Group.Forked ? branch.TotalTokens : branch.Group.PromptTokenIds.Length;
        return Math.Min(end - branch.ComputedTokens, maxBatchedTokens - _step.Tokens);
    }

    private void Append(Sequence branch, int count)
    {
        var chunk = new Step.Chunk(branch, branch.ComputedTokens, count, branch.ComputedTokens + count == branch.TotalTokens);
        _step.Add(chunk);
        // Published before they are computed: keys and values of a step are stored before anyone attends to them, so that equal
        // prompts admitted in this very step share already.
        if (prefixCaching)
            Publish(branch, chunk.End);
    }

    private void Publish(Sequence branch, int tokens)
    {
        Span<int> page = stackalloc int[PageTokens];
        for (; branch.ChainSerial >= 0 && (branch.PublishedPages + 1) * PageTokens <= tokens; branch.PublishedPages++)
        {
            int first = branch.PublishedPages * PageTokens;
            for (int i = 0; i < PageTokens; i++)
                page[i] = branch.Token(first + i);
            long serial = pages.Publish(branch.BlockTable[branch.PublishedPages], branch.ChainSerial, page);
            branch.ChainSerial = serial == 0 ? -1 : serial;
        }
    }

    /// <summary>Makes sure the branch owns pages for its next <paramref name="count"/> tokens, alone where it will write. False: no room, nothing changed.</summary>
    private bool TryReserve(Sequence branch, int count)
    {
        int needed = PagesFor(branch.ComputedTokens + count) - branch.BlockTable.Count;
        int tail = branch.ComputedTokens / PageTokens;
        bool copyTail = branch.ComputedTokens % PageTokens != 0 && pages.References(branch.BlockTable[tail]) > 1;
        if (needed + (copyTail ? 1 : 0) > pages.FreePages)
            return false;
        if (copyTail)
        {
            int shared = branch.BlockTable[tail], own = pages.Allocate();
            _step.CopyFrom.Add(shared);
            _step.CopyTo.Add(own);
            branch.BlockTable[tail] = own;
            pages.Release(shared);
        }
        for (int i = 0; i < needed; i++)
            branch.BlockTable.Add(pages.Allocate());
        return true;
    }

    /// <summary>Preempts the newest group, or parks the newest branch of the only one. False: <paramref name="claimant"/> itself had to go.</summary>
    private bool MakeRoom(Sequence claimant)
    {
        _preempted = true;
        Preemptions++;
        var newest = _running[^1];
        if (newest != claimant.Group)
        {
            Preempt(newest);
            return true;
        }
        if (newest.RunningBranches == 1)
        {
            // Older groups hold the pages; alone it always fits, since no sequence may be longer than all pages together.
            if (_running.Count == 1)
                throw new InvalidOperationException("A single sequence does not fit in the KV cache.");
            Preempt(newest);
            return false;
        }
        var last = Array.FindLast(newest.Branches, branch => branch.State == SequenceState.Running)!;
        Park(last);
        return last != claimant;
    }

    /// <summary>All pages back, the group to the head of the queue; output tokens stay and are computed again.</summary>
    private void Preempt(SequenceGroup group)
    {
        foreach (var branch in group.Branches)
        {
            ReleasePages(branch, keep: 0);
            if (branch.State != SequenceState.Finished)
                Stop(branch, SequenceState.Waiting);
        }
        group.Forked = false;
        _running.Remove(group);
        group.Place = _waiting.AddFirst(group);
    }

    /// <summary>Gives back all but the prompt's full pages, which its siblings hold anyway.</summary>
    private void Park(Sequence branch)
    {
        ReleasePages(branch, keep: branch.Group.PromptTokenIds.Length / PageTokens);
        Stop(branch, SequenceState.Parked);
    }

    private void Unpark(SequenceGroup group)
    {
        foreach (var branch in group.Branches)
        {
            if (branch.State != SequenceState.Parked)
                continue;
            if (_runningBranches >= maxSequences || _step.Tokens >= maxBatchedTokens)
                return;
            // A page for each running branch is left free, or they would park each other in turn.
            int needed = PagesFor(branch.TotalTokens) - branch.BlockTable.Count;
            if (_runningBranches > 0 && needed + _runningBranches + 1 > pages.FreePages)
                return;
            Start(branch);
            int count = ChunkLength(branch);
            if (!TryReserve(branch, count))
            {
                Park(branch);
                return;
            }
            Append(branch, count);
        }
    }

    private void Admit()
    {
        int admitted = 0;
        foreach (var running in _running)
            admitted += running.UnfinishedBranches;
        while (_waiting.First is { Value: var group } && _step.Tokens < maxBatchedTokens)
        {
            int branches = group.UnfinishedBranches;
            if (_running.Count > 0 && admitted + branches > maxSequences)
                return;
            var leader = group.Leader;
            leader.ChainSerial = group.ChainRoot;
            TakeCached(leader);
            int needed = PagesFor(group.PromptTokenIds.Length) - leader.BlockTable.Count;
            if (needed + branches > pages.FreePages && _running.Count > 0 || !TryReserve(leader, ChunkLength(leader)))
            {
                ReleasePages(leader, keep: 0);
                return;
            }
            _waiting.RemoveFirst();
            group.Place = null;
            _running.Add(group);
            admitted += branches;
            if (ReadsCache(group))
                (QueriedTokens, CachedTokens) = (QueriedTokens + group.PromptTokenIds.Length, CachedTokens + leader.ComputedTokens);
            group.CachedTokens = Math.Max(group.CachedTokens, leader.ComputedTokens);
            Start(leader);
            Append(leader, ChunkLength(leader));
        }
    }

    /// <summary>A prompt that is scored must be computed; nor is a cache read that the request does not want read.</summary>
    private bool ReadsCache(SequenceGroup group) => prefixCaching && group.PromptLogprobs is null && !group.Sampling.SkipReadingPrefixCache;

    /// <summary>Takes over published pages of the prompt, all but its last token at most, which must be computed to yield logits.</summary>
    private void TakeCached(Sequence leader)
    {
        int[] prompt = leader.Group.PromptTokenIds;
        if (!ReadsCache(leader.Group))
            return;
        for (int first = 0; first + PageTokens < prompt.Length; first += PageTokens)
        {
            if (!pages.TryFind(leader.ChainSerial, prompt.AsSpan(first, PageTokens), out int page, out long serial))
                break;
            pages.Share(page);
            leader.BlockTable.Add(page);
            leader.ChainSerial = serial;
        }
        leader.PublishedPages = leader.BlockTable.Count;
        leader.ComputedTokens = leader.BlockTable.Count * PageTokens;
    }

    private void Start(Sequence branch)
    {
        branch.Reserve();
        branch.State = SequenceState.Running;
        _runningBranches++;
    }

    private void Stop(Sequence branch, SequenceState state)
    {
        if (branch.State == SequenceState.Running)
            _runningBranches--;
        branch.State = state;
    }

    /// <summary>Returns all pages after the first <paramref name="keep"/>, last first, so that a prefix outlives what follows it.</summary>
    private void ReleasePages(Sequence branch, int keep)
    {
        for (int i = branch.BlockTable.Count - 1; i >= keep; i--)
        {
            pages.Release(branch.BlockTable[i]);
            branch.BlockTable.RemoveAt(i);
        }
        branch.ComputedTokens = Math.Min(branch.ComputedTokens, branch.BlockTable.Count * PageTokens);
        if (branch.BlockTable.Count == 0)
            (branch.PublishedPages, branch.ChainSerial) = (0, branch.Group.ChainRoot);
        else if (branch.PublishedPages > branch.BlockTable.Count)
            branch.ChainSerial = -1; // shortened: what follows is not published again
    }

    private static int PagesFor(int tokens) => (tokens + PageTokens - 1) / PageTokens;
}
