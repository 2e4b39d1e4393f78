namespace Malrule.Inference.Scheduling;

/// <summary>What one step computes: chunks of branches, those of one group side by side, and the pages to copy before it.</summary>
internal sealed class Step
{
    /// <summary>Tokens first…first + count − 1 of a branch; <paramref name="Samples"/>: the last of them yields the next token.</summary>
    internal readonly record struct Chunk(Sequence Branch, int First, int Count, bool Samples)
    {
        public int End => First + Count;
    }

    public List<Chunk> Chunks { get; } = [];

    /// <summary>Pages copied before the step, because a branch is about to write into one that it shares.</summary>
    public List<int> CopyFrom { get; } = [];
    public List<int> CopyTo { get; } = [];

    public int Tokens { get; private set; }

    public void Clear()
    {
        Chunks.Clear();
        CopyFrom.Clear();
        CopyTo.Clear();
        Tokens = 0;
    }

    public void Add(Chunk chunk)
    {
        Chunks.Add(chunk);
        Tokens += chunk.Count;
    }
}
