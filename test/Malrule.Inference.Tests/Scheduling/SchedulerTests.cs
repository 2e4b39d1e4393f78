using CsCheck;
using Malrule.Inference.Scheduling;
using Malrule.Inference.Tokenization;

namespace Malrule.Inference.Tests.Scheduling;

/// <summary>The scheduler driven without a model: every step's chunks are committed with made-up tokens.</summary>
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
