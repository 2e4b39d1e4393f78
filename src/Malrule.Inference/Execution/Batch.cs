namespace Malrule.Inference.Execution;

/// <summary>
/// One step's tokens, packed: rows of one branch stand together, branches of one group stand together. The arrays grow to the
/// largest step and are then reused.
/// </summary>
internal sealed class Batch
{
    public int Rows { get; private set; }
    public int[] TokenIds { get; private set; } = [];
    public int[] Positions { get; private set; } = [];

    /// <summary>Where each token's keys and values go: page · 16 + offset.</summary>
    public int[] Slots { get; private set; } = [];

    /// <summary>Rows whose logits are wanted, ascending.</summary>
    public List<int> LogitRows { get; } = [];

    public AttentionBatch Attention { get; } = new();

    public void Clear(int rows)
    {
        if (TokenIds.Length < rows)
        {
            TokenIds = new int[rows];
            Positions = new int[rows];
            Slots = new int[rows];
        }
        Rows = 0;
        LogitRows.Clear();
        Attention.Positions = Positions;
        Attention.Runs.Clear();
        Attention.Groups.Clear();
        Attention.BlockTables.Clear();
    }

    /// <summary>Adds one token and returns its row.</summary>
    public int Add(int tokenId, int position, int slot)
    {
        (TokenIds[Rows], Positions[Rows], Slots[Rows]) = (tokenId, position, slot);
        return Rows++;
    }
}
