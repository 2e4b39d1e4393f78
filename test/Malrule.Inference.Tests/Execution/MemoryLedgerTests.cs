namespace Malrule.Inference.Tests.Execution;

public sealed class MemoryLedgerTests
{
    [Fact]
    public void Up_to_1_memory_is_a_share_of_what_is_free_and_above_a_number_of_bytes()
    {
        // No machine that builds this has less than 64 MiB free.
        Assert.All((double[])[0.6, 0.95, 1], share => Assert.True(MemoryLedger.BudgetFrom(share) > 32 << 20));
        Assert.Equal(3_000_000, MemoryLedger.BudgetFrom(3e6));
        Assert.All((double[])[0, -1, double.NaN, double.PositiveInfinity], wrong => Assert.Throws<InvalidInputException>(() => MemoryLedger.BudgetFrom(wrong)));
    }

    [Fact]
    public void Pages_are_counted_in_bytes_and_tokens()
    {
        var ledger = new MemoryLedger(Budget: 100 << 20, Weights: 10 << 20, Workspace: 5 << 20, BytesPerPage: 1 << 20, Pages: 7);
        Assert.Equal((7 << 20, 7 * 16), (ledger.KvCache, ledger.KvTokens));
        Assert.Equal("weights 10 MiB, workspace 5 MiB, KV cache 7 MiB (7 pages, 112 tokens) of a budget of 100 MiB", ledger.ToString());
    }
}
