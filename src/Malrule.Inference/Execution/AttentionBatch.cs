using Malrule.Inference.Compute;

namespace Malrule.Inference.Execution;

/// <summary>
/// Who attends to what in one step, as flat arrays a GPU can take. Rows of the step are cut into runs, each with one block table
/// (a chunk of a prompt, or one branch's newest token); runs into groups (the branches of one request), whose block tables agree
/// on the first <see cref="Group.SharedKeys"/> keys, so that those pages are read once for the whole group.
/// </summary>
internal sealed class AttentionBatch
{
    /// <summary>Rows first…first + count − 1 share the block table that starts at <see cref="BlockTables"/>[table].</summary>
    internal readonly record struct Run(int FirstRow, int RowCount, int Table);

    /// <summary>Runs first…first + count − 1; SharedKeys is a multiple of <see cref="KeyBlock"/> and at most every row's position + 1.</summary>
    internal readonly record struct Group(int FirstRun, int RunCount, int SharedKeys);

    /// <summary>
    /// Keys are reduced in absolute blocks of this many: one partial (max, sum, output) a block, merged in ascending order.
    /// Part of the numerics: changing it changes results' last bits.
    /// </summary>
    public const int KeyBlock = 64;

    /// <summary>The position of each row's query; it sees keys 0…position.</summary>
    public int[] Positions { get; set; } = [];
    public List<Run> Runs { get; } = [];
    public List<Group> Groups { get; } = [];

    /// <summary>Page numbers; the page of key k of a run stands at [run.Table + k / 16].</summary>
    public List<int> BlockTables { get; } = [];

    /// <summary>Where key <paramref name="key"/> of a run is stored: page · 16 + offset.</summary>
    public int Slot(Run run, int key) =>
        BlockTables[run.Table + key / KvShape.PageTokens] * KvShape.PageTokens + key % KvShape.PageTokens;
}
