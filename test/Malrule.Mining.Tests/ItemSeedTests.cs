namespace Malrule.Mining.Tests;

public sealed class ItemSeedTests
{
    [Theory]
    [InlineData(1, "1672_B", 4058405636950545)]
    [InlineData(0, "0", 2368728322175660)]
    [InlineData(-5, "ü", 1684258898135162)]
    public void Seed_of_an_item_is_the_documented_hash(long seed, string id, long expected) =>
        Assert.Equal(expected, ItemSeed.Of(seed, id));

    [Fact]
    public void SplitMix64_gives_the_published_numbers()
    {
        var random = new SplitMix64(1234567);
        Assert.Equal<ulong>([6457827717110365317, 3203168211198807973, 9817491932198370423], [random.NextUInt64(), random.NextUInt64(), random.NextUInt64()]);
    }
}
