using System.Runtime.CompilerServices;
using CsCheck;
using Malrule.Inference.Scheduling;
using Malrule.Inference.Tests.VllmBehaviour;
using Malrule.Inference.Tokenization;

namespace Malrule.Inference.Tests.Scheduling;

/// <summary>The scheduler driven without a model: every step's chunks are committed with made-up tokens.</summary>
[VllmBehaviour("tests/v1/core/test_scheduler.py")]
[VllmBehaviour("tests/v1/core/test_async_scheduler.py: prefill_dedup, preempt")]
[VllmBehaviour("tests/v1/core/test_prefix_caching.py")]
public sealed class SchedulerTests
{
    private const int Page = 16;

    private static SequenceGroup Group(int[] prompt, int n, int maxTokens)
    {
        var sampling = new SamplingParams { N = n, MaxTokens = maxTokens };
        return new SequenceGroup(prompt, sampling, new StopRules(null, [], 0, maxTokens), 0, () => new OutputText(null, prompt, sampling));
    }

    private static int[] Prompt(int length, int salt = 0) => [.. Enumerable.Range(0, length).Select(i => i * 7 + salt)];

    /// <summary>Does what the engine does after a step, with the token id as a function of branch and position.</summary>
    private static void Commit(Scheduler scheduler, Step step)
    {
        foreach (var chunk in step.Chunks.ToList())
        {
            var group = chunk.Branch.Group;
            chunk.Branch.ComputedTokens = chunk.End;
            bool forks = !group.Forked && chunk.End == group.PromptTokenIds.Length;
            if (forks)
                scheduler.Fork(group);
            if (!chunk.Samples)
                continue;
            foreach (var branch in forks ? group.Branches : [chunk.Branch])
            {
                branch.OutputTokenIds.Add(1000 * branch.Index + branch.TotalTokens);
                if (branch.OutputTokenIds.Count == group.Stop.MaxTokens)
                    scheduler.Finish(branch);
            }
        }
    }

    [Fact]
    public void A_prompt_is_cut_to_the_token_budget_and_then_forks_into_its_branches()
    {
        var pages = new BlockManager(64);
        var scheduler = new Scheduler(pages, maxBatchedTokens: 32, maxSequences: 8, prefixCaching: true);
        var group = Group(Prompt(70), n: 3, maxTokens: 4);
        scheduler.Add(group);

        foreach (int expected in (int[])[32, 32, 6])
        {
            var step = scheduler.Schedule();
            Assert.Equal(expected, step.Tokens);
            Commit(scheduler, step);
        }
        Assert.True(group.Forked);
        Assert.All(group.Branches, branch => Assert.Equal(group.Branches[0].BlockTable[..4], branch.BlockTable[..4]));

        var decode = scheduler.Schedule();
        Assert.Equal(3, decode.Tokens);
        Assert.Equal(2, decode.CopyFrom.Count); // the last owner of the shared tail page writes in place
        Assert.Equal(3, group.Branches.Select(branch => branch.BlockTable[4]).Distinct().Count());
    }

    [Fact]
    public void An_equal_prompt_admitted_in_the_same_step_computes_only_what_the_pages_do_not_hold()
    {
        var scheduler = new Scheduler(new BlockManager(64), 512, 8, prefixCaching: true);
        scheduler.Add(Group(Prompt(100), 1, 2));
        scheduler.Add(Group(Prompt(100), 1, 2));

        var step = scheduler.Schedule();

        Assert.Equal([100, 100 % Page], step.Chunks.Select(chunk => chunk.Count));
        Assert.Equal(96, step.Chunks[1].Branch.Group.CachedTokens);
    }

    [Fact]
    public void At_least_one_prompt_token_is_always_computed()
    {
        var scheduler = new Scheduler(new BlockManager(64), 512, 8, prefixCaching: true);
        scheduler.Add(Group(Prompt(64), 1, 1));
        scheduler.Add(Group(Prompt(64), 1, 1));
        Assert.Equal([64, 16], scheduler.Schedule().Chunks.Select(chunk => chunk.Count));
    }

    [Fact]
    public void The_newest_group_is_preempted_when_pages_run_out_and_finishes_later()
    {
        var pages = new BlockManager(9);
        var scheduler = new Scheduler(pages, 512, 8, prefixCaching: false);
        var old = Group(Prompt(60), 1, 40);
        var young = Group(Prompt(60, salt: 1), 1, 40);
        scheduler.Add(old);
        scheduler.Add(young);
        while (scheduler.HasWork)
        {
            var step = scheduler.Schedule();
            Assert.NotEmpty(step.Chunks);
            Commit(scheduler, step);
            Assert.True(!young.Finished || old.Finished);
        }
        Assert.True(scheduler.Preemptions > 0);
        Assert.Equal(9, pages.FreePages);
        Assert.Equal(40, young.Branches[0].OutputTokenIds.Count);
    }

    [Fact]
    public void A_preempted_group_goes_on_before_those_that_came_after_it()
    {
        var scheduler = new Scheduler(new BlockManager(9), 512, maxSequences: 2, prefixCaching: false);
        SequenceGroup old = Group(Prompt(60), 1, 40), young = Group(Prompt(60, salt: 1), 1, 40), late = Group(Prompt(16, salt: 2), 1, 2);
        foreach (var group in (SequenceGroup[])[old, young, late])
            scheduler.Add(group);
        while (scheduler.HasWork)
        {
            var step = scheduler.Schedule();
            Assert.True(step.Chunks.All(chunk => chunk.Branch.Group != late) || young.Finished || young.RunningBranches > 0);
            Commit(scheduler, step);
        }
        Assert.True(scheduler.Preemptions > 0);
    }

    [Fact]
    public void More_branches_than_fit_at_once_are_served_in_turn()
    {
        var pages = new BlockManager(8);
        var scheduler = new Scheduler(pages, 512, maxSequences: 3, prefixCaching: true);
        var group = Group(Prompt(20), n: 10, maxTokens: 40);
        scheduler.Add(group);
        while (scheduler.HasWork)
        {
            Commit(scheduler, scheduler.Schedule());
            Assert.True(scheduler.RunningBranches <= 3);
        }
        Assert.All(group.Branches, branch => Assert.Equal(40, branch.OutputTokenIds.Count));
        Assert.Equal(8, pages.FreePages);
    }

    /// <summary>Where pages are short a parked branch waits until there is room to stay, or branches would push each other out in turn.</summary>
    [Fact]
    public void Short_of_pages_a_branch_is_parked_once_and_not_again_and_again()
    {
        const int branches = 16;
        var scheduler = new Scheduler(new BlockManager(8), 512, maxSequences: 4, prefixCaching: true);
        scheduler.Add(Group(Prompt(5), branches, maxTokens: 80));
        while (scheduler.HasWork)
            Commit(scheduler, scheduler.Schedule());
        Assert.InRange(scheduler.Preemptions, 1, branches);
    }

    /// <summary>The requests in the queue are hollow: who looks into one fails, so no step's work can grow with their number.</summary>
    [Fact]
    public void A_step_looks_at_no_request_behind_the_first_that_must_wait()
    {
        var pages = new BlockManager(64);
        var scheduler = new Scheduler(pages, 64, maxSequences: 4, prefixCaching: true);
        SequenceGroup running = Group(Prompt(20), 4, 30), next = Group(Prompt(30, 1), 4, 30);
        scheduler.Add(running);
        scheduler.Add(next);
        for (int i = 0; i < 10_000; i++)
            scheduler.Add((SequenceGroup)RuntimeHelpers.GetUninitializedObject(typeof(SequenceGroup)));
        for (int step = 0; step < 25; step++)
            Commit(scheduler, scheduler.Schedule());
        Assert.Equal(25, running.Branches[0].OutputTokenIds.Count);
        Assert.Equal(0, next.Branches[0].ComputedTokens);
        scheduler.Abort(next); // nor does leaving the queue
        scheduler.Abort(running);
        Assert.Equal((64, 10_000), (pages.FreePages, scheduler.WaitingGroups));
    }

    /// <summary>A prompt whose beginning is cached, but which does not fit, gives back what it took over.</summary>
    [Fact]
    public void A_prompt_that_does_not_fit_beside_its_cached_pages_takes_none_of_them()
    {
        var pages = new BlockManager(8);
        var scheduler = new Scheduler(pages, 512, 8, prefixCaching: true);
        var first = Group(Prompt(64), 1, 1);
        scheduler.Add(first);
        Commit(scheduler, scheduler.Schedule());
        Assert.True(first.Finished);
        var holder = Group(Prompt(60, salt: 1), 1, 4);
        scheduler.Add(holder);
        Commit(scheduler, scheduler.Schedule());
        int free = pages.FreePages;
        var late = Group([.. Prompt(64), .. Prompt(20, salt: 2)], 1, 4);
        scheduler.Add(late);
        Assert.DoesNotContain(scheduler.Schedule().Chunks, chunk => chunk.Branch.Group == late);
        Assert.Empty(late.Branches[0].BlockTable);
        Assert.Equal(free, pages.FreePages);
    }

    [Fact]
    public void No_page_is_lost_and_no_token_skipped_over_random_adds_aborts_and_preemptions() =>
        Gen.Select(Gen.Int[10, 40], Gen.Int[8, 100], Gen.Int[1, 12], Gen.Bool, Gen.Int[0, 1_000_000]).Sample((pageCount, budget, maxSequences, caching, seed) =>
        {
            var random = new Random(seed);
            var pages = new BlockManager(pageCount);
            var scheduler = new Scheduler(pages, budget, maxSequences, caching);
            var groups = new List<SequenceGroup>();
            int longest = pageCount * Page;
            for (int round = 0; round < 4_000 && (round < 60 || scheduler.HasWork); round++)
            {
                if (round < 60 && random.Next(3) == 0)
                {
                    int prompt = random.Next(1, longest / 2);
                    var group = Group(Prompt(prompt, random.Next(2)), random.Next(1, 5), random.Next(1, Math.Min(50, longest - prompt)));
                    groups.Add(group);
                    scheduler.Add(group);
                }
                if (random.Next(25) == 0 && groups.Find(group => !group.Finished) is { } victim)
                    scheduler.Abort(victim, spoiled: random.Next(2) == 0);
                if (!scheduler.HasWork)
                    continue;

                var step = scheduler.Schedule();
                Assert.NotEmpty(step.Chunks);
                Assert.InRange(step.Tokens, 1, budget);
                Assert.InRange(scheduler.RunningBranches, 1, maxSequences);
                foreach (var chunk in step.Chunks)
                {
                    Assert.Equal(chunk.Branch.ComputedTokens, chunk.First);
                    Assert.True(chunk.Branch.BlockTable.Count * Page >= chunk.End);
                }
                AssertNothingIsOverwritten(step, groups);
                Assert.Equal(pageCount, pages.FreePages + Enumerable.Range(0, pageCount).Count(page => pages.References(page) > 0));
                Commit(scheduler, step);
            }
            Assert.False(scheduler.HasWork);
            Assert.All(groups, group => Assert.True(group.Finished));
            Assert.Equal(pageCount, pages.FreePages);
            Assert.Equal(0, scheduler.RunningBranches);
        }, iter: 300);

    /// <summary>A slot is written once a step, and never where another branch keeps a different token.</summary>
    private static void AssertNothingIsOverwritten(Step step, List<SequenceGroup> groups)
    {
        var held = new Dictionary<int, (int Position, int Token)>();
        foreach (var branch in groups.SelectMany(group => group.Branches).Where(branch => branch.State == SequenceState.Running))
            for (int position = 0; position < branch.ComputedTokens; position++)
                held[branch.BlockTable[position / Page] * Page + position % Page] = (position, branch.Token(position));
        var written = new HashSet<int>();
        foreach (var chunk in step.Chunks)
            for (int position = chunk.First; position < chunk.End; position++)
            {
                int slot = chunk.Branch.BlockTable[position / Page] * Page + position % Page;
                Assert.True(written.Add(slot));
                if (held.TryGetValue(slot, out var kept))
                    Assert.Equal(kept, (position, chunk.Branch.Token(position)));
            }
    }
}
