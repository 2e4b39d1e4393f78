using Malrule.Inference.Scheduling;

namespace Malrule.Inference.Tests.Scheduling;

public sealed class BlockManagerTests
{
    private static int[] Tokens(int seed) => [.. Enumerable.Range(seed * 100, 16)];

    [Fact]
    public void A_published_page_is_found_under_its_parent_and_only_with_equal_tokens()
    {
        var pages = new BlockManager(4);
        int page = pages.Allocate();
        long serial = pages.Publish(page, BlockManager.Root, Tokens(1));

        Assert.True(pages.TryFind(BlockManager.Root, Tokens(1), out int found, out long foundSerial));
        Assert.Equal((page, serial), (found, foundSerial));
        Assert.False(pages.TryFind(BlockManager.Root, Tokens(2), out _, out _));
        Assert.False(pages.TryFind(serial, Tokens(1), out _, out _));
    }

    [Fact]
    public void A_freed_page_stays_published_until_it_is_needed()
    {
        var pages = new BlockManager(2);
        int page = pages.Allocate();
        pages.Publish(page, BlockManager.Root, Tokens(1));
        pages.Release(page);

        Assert.True(pages.TryFind(BlockManager.Root, Tokens(1), out _, out _));
        int other = pages.Allocate();
        Assert.NotEqual(page, other); // the unpublished page goes first
        Assert.True(pages.TryFind(BlockManager.Root, Tokens(1), out _, out _));
        Assert.Equal(page, pages.Allocate());
        Assert.False(pages.TryFind(BlockManager.Root, Tokens(1), out _, out _));
    }

    [Fact]
    public void The_least_recently_freed_published_page_is_taken_first()
    {
        var pages = new BlockManager(3);
        int[] held = [pages.Allocate(), pages.Allocate(), pages.Allocate()];
        for (int i = 0; i < 3; i++)
            pages.Publish(held[i], BlockManager.Root, Tokens(i));
        foreach (int i in (int[])[1, 2, 0])
            pages.Release(held[i]);
        pages.Share(held[1]); // used again, so it is the youngest once freed
        pages.Release(held[1]);

        Assert.Equal([held[2], held[0], held[1]], new[] { pages.Allocate(), pages.Allocate(), pages.Allocate() });
    }

    [Fact]
    public void Equal_content_of_a_second_page_continues_the_first_pages_chain()
    {
        var pages = new BlockManager(4);
        long first = pages.Publish(pages.Allocate(), BlockManager.Root, Tokens(1));
        long second = pages.Publish(pages.Allocate(), BlockManager.Root, Tokens(1));
        Assert.Equal(first, second);
    }

    [Fact]
    public void A_page_cannot_be_released_twice_nor_taken_when_none_is_free()
    {
        var pages = new BlockManager(1);
        int page = pages.Allocate();
        Assert.Throws<InvalidOperationException>(() => pages.Allocate());
        pages.Release(page);
        Assert.Throws<InvalidOperationException>(() => pages.Release(page));
    }
}
