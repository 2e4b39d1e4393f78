using Malrule.Inference.Compute;
using Malrule.Inference.Constraints;
using Malrule.Inference.Tokenization;

namespace Malrule.Inference.Scheduling;

/// <summary>Where a branch stands.</summary>
internal enum SequenceState
{
    /// <summary>Its group waits, or its prompt is still computed by the group's leader.</summary>
    Waiting,

    /// <summary>Has pages and is scheduled.</summary>
    Running,

    /// <summary>Gave its private pages back for want of room; goes on when there is room again.</summary>
    Parked,

    Finished,
}

/// <summary>
/// One branch of a request: the group's prompt followed by its own output. <see cref="ComputedTokens"/> chases
/// <see cref="TotalTokens"/>; the difference is what the next steps compute.
/// </summary>
internal sealed class Sequence(SequenceGroup group, int index, ulong seed, OutputText text)
{
    public SequenceGroup Group { get; } = group;

    /// <summary>Place in the group, 0…n−1.</summary>
    public int Index { get; } = index;
    public ulong Seed { get; } = seed;
    public SequenceState State { get; set; }

    public List<int> OutputTokenIds { get; } = [];
    public int TotalTokens => Group.PromptTokenIds.Length + OutputTokenIds.Count;

    /// <summary>Tokens whose keys and values stand in pages.</summary>
    public int ComputedTokens { get; set; }

    /// <summary>Pages in order: token t stands in BlockTable[t / 16].</summary>
    public List<int> BlockTable { get; } = [];

    /// <summary>Full pages already offered to the prefix cache, and the content they end in; −1: the chain is broken.</summary>
    public int PublishedPages { get; set; }
    public long ChainSerial { get; set; }

    // what the caller gets
    public double CumulativeLogprob { get; set; }
    public List<PositionLogprobs>? Logprobs { get; set; }
    public OutputText Text { get; } = text;
    public FinishReason FinishReason { get; set; }
    public StopReason? StopReason { get; set; }

    /// <summary>Where the text stands in the group's constraint.</summary>
    public int ConstraintState { get; private set; } = OutputConstraint.Start;

    /// <summary>Count of each token in the output; kept only where a penalty asks for it.</summary>
    public Dictionary<int, int>? OutputCounts { get; } = CountsTokens(group.Sampling) ? [] : null;

    /// <summary>Follows the newest token in the group's constraint; whether nothing may come behind it.</summary>
    public bool CompletesText(int token)
    {
        if (Group.Constraint is not { } constraint)
            return false;
        ConstraintState = constraint.Advance(ConstraintState, token);
        return constraint.MustEnd(ConstraintState);
    }

    /// <summary>Makes room for the tokens to come, so that steps need not; outputs longer than most grow as lists do.</summary>
    public void Reserve()
    {
        const int mostTokens = 4096;
        int tokens = Math.Min(Group.Stop.MaxTokens, mostTokens);
        OutputTokenIds.EnsureCapacity(tokens);
        BlockTable.EnsureCapacity((Group.PromptTokenIds.Length + tokens) / KvShape.PageTokens + 1);
    }

    public int Token(int position) =>
        position < Group.PromptTokenIds.Length ? Group.PromptTokenIds[position] : OutputTokenIds[position - Group.PromptTokenIds.Length];

    private static bool CountsTokens(SamplingParams sampling) =>
        sampling.RepetitionPenalty != 1 || sampling.PresencePenalty != 0 || sampling.FrequencyPenalty != 0;
}
