using Malrule.Inference.Scheduling;

namespace Malrule.Inference.Execution;

/// <summary>What a step drew and scored, in the order of its chunks, and which groups met a value that is not finite.</summary>
internal sealed class StepResult
{
    /// <summary>The next token of a branch; <paramref name="Logprobs"/> where the request wants them.</summary>
    internal readonly record struct Draw(Sequence Branch, int TokenId, float Logprob, PositionLogprobs? Logprobs);

    /// <summary>The logprobs of a prompt's token at a position.</summary>
    internal readonly record struct Score(SequenceGroup Group, int Position, PositionLogprobs Logprobs);

    public List<Draw> Draws { get; } = [];
    public List<Score> Scores { get; } = [];
    public List<SequenceGroup> Failed { get; } = [];

    public void Clear()
    {
        Draws.Clear();
        Scores.Clear();
        Failed.Clear();
    }

    /// <summary>Fails a group once, naming the place where its numbers went wrong.</summary>
    public void Fail(SequenceGroup group, string where, int position) => Fail(group, new NotFiniteException(
        $"The model computed a value that is not finite at {where}, token position {position}. The checkpoint may be damaged; in fast mode try exact mode."));

    /// <summary>Fails a group; its first error stands.</summary>
    public void Fail(SequenceGroup group, MalruleException error)
    {
        if (group.Error is not null)
            return;
        group.Error = error;
        Failed.Add(group);
    }
}
