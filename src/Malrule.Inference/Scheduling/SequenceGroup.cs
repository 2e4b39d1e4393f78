using Malrule.Inference.Constraints;
using Malrule.Inference.Tokenization;

namespace Malrule.Inference.Scheduling;

/// <summary>
/// A request: one prompt and n branches. The first unfinished branch, the leader, computes the prompt; then the group forks and
/// all branches share the prompt's pages.
/// </summary>
internal sealed class SequenceGroup
{
    public SequenceGroup(int[] promptTokenIds, SamplingParams sampling, StopRules stop, ulong seed, Func<OutputText> newText)
    {
        (PromptTokenIds, Sampling, Stop) = (promptTokenIds, sampling, stop);
        Branches = new Sequence[sampling.N];
        for (int i = 0; i < Branches.Length; i++)
            Branches[i] = new Sequence(this, i, unchecked(seed + (ulong)i), newText());
        if (sampling.PromptLogprobs is not null)
            PromptLogprobs = [null];
    }

    public int[] PromptTokenIds { get; }
    public SamplingParams Sampling { get; }
    public StopRules Stop { get; }

    public Sequence[] Branches { get; }

    /// <summary>Its place in the scheduler's queue while it waits there, so that it can leave a long one at once.</summary>
    public LinkedListNode<SequenceGroup>? Place { get; set; }

    /// <summary>Whether the prompt stands in pages that all unfinished branches share.</summary>
    public bool Forked { get; set; }
    public int CachedTokens { get; set; }
    public List<PositionLogprobs?>? PromptLogprobs { get; }
    public MalruleException? Error { get; set; }

    /// <summary>Called by the engine's worker after every token of a branch, the last one included; set only where somebody streams.</summary>
    public Action<Sequence>? Advanced { get; init; }

    /// <summary>Called once by the engine's worker when the last branch has finished or the group failed.</summary>
    public Action<SequenceGroup>? Completed { get; init; }

    /// <summary>Times the request for telemetry.</summary>
    public EngineTelemetry.RequestTrace? Trace { get; init; }

    public string? PromptText { get; init; }

    /// <summary>Under which the prefix cache publishes the first page.</summary>
    public long ChainRoot { get; init; } = BlockManager.Root;
    public int DroppedPromptTokens { get; init; }

    /// <summary>Distinct tokens of the prompt; kept only where the repetition penalty asks for them.</summary>
    public HashSet<int>? PromptTokens { get; init; }

    /// <summary>Token sequences whose last token may not follow the others.</summary>
    public IReadOnlyList<int[]> BadWords { get; init; } = [];

    /// <summary>What the output's text must be; null: anything.</summary>
    public OutputConstraint? Constraint { get; init; }

    public bool Finished => Array.TrueForAll(Branches, branch => branch.State == SequenceState.Finished);
    public Sequence Leader => Array.Find(Branches, branch => branch.State != SequenceState.Finished)!;
    public int RunningBranches => Branches.Count(branch => branch.State == SequenceState.Running);
    public int UnfinishedBranches => Branches.Count(branch => branch.State != SequenceState.Finished);
}
