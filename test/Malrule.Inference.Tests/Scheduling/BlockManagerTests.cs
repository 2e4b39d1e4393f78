using CsCheck;
using Malrule.Inference.Scheduling;
using Malrule.Inference.Tests.VllmBehaviour;

namespace Malrule.Inference.Tests.Scheduling;

[VllmBehaviour("tests/v1/core/test_prefix_caching.py: test_evict, test_hash_block_correct_reuse")]
[VllmBehaviour("tests/v1/core/test_kv_cache_utils.py")]
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

    /// <summary>Of so many contents some share a 32-bit hash, all but surely.</summary>
    [Fact]
    public void Contents_that_share_a_hash_are_not_taken_for_each_other()
    {
        const int contents = 400_000;
        var pages = new BlockManager(contents);
        var random = new Random(1);
        var refused = new List<int[]>();
        for (int content = 0; content < contents; content++)
        {
            int[] tokens = [.. Enumerable.Range(0, 16).Select(_ => random.Next(150_000))];
            if (pages.Publish(pages.Allocate(), BlockManager.Root, tokens) == 0)
                refused.Add(tokens);
        }
        Assert.NotEmpty(refused);
        Assert.All(refused, tokens => Assert.False(pages.TryFind(BlockManager.Root, tokens, out _, out _)));
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

    /// <summary>Random calls against a plain model of them: reference counts, what is published, and the order in which pages are given out.</summary>
    [Fact]
    public void Any_order_of_calls_keeps_counts_contents_and_the_order_of_free_pages() =>
        Gen.Select(Gen.Int[1, 12], Gen.Int[0, 1_000_000]).Sample((count, seed) =>
        {
            var random = new Random(seed);
            var pages = new BlockManager(count);
            var owners = new int[count];
            var content = new (long Parent, int Tokens, long Serial)?[count];
            var free = Enumerable.Range(0, count).ToList();
            var serials = new List<long> { BlockManager.Root };
            for (int call = 0; call < 200; call++)
            {
                int page = random.Next(count), tokens = random.Next(4);
                long parent = serials[random.Next(serials.Count)];
                switch (random.Next(6))
                {
                    case 0 when free.Count == 0:
                        Assert.Throws<InvalidOperationException>(() => pages.Allocate());
                        break;
                    case 0:
                        Assert.Equal(free[0], page = pages.Allocate());
                        (owners[page], content[page]) = (1, null);
                        free.RemoveAt(0);
                        break;
                    case 1 when owners[page] > 0 || content[page] is not null:
                        pages.Share(page);
                        owners[page]++;
                        free.Remove(page);
                        break;
                    case 2 when owners[page] == 0:
                        Assert.Throws<InvalidOperationException>(() => pages.Release(page));
                        break;
                    case 2:
                        pages.Release(page);
                        if (--owners[page] == 0)
                            free.Insert(content[page] is null ? 0 : free.Count, page);
                        break;
                    case 3 when owners[page] > 0 && content[page] is null:
                        long serial = pages.Publish(page, parent, Tokens(tokens));
                        var same = content.FirstOrDefault(other => other is { } known && known.Parent == parent && known.Tokens == tokens);
                        if (same is { } there)
                            Assert.Equal(there.Serial, serial);
                        else
                        {
                            Assert.DoesNotContain(serial, serials);
                            serials.Add(serial);
                            content[page] = (parent, tokens, serial);
                        }
                        break;
                    case 4 when random.Next(4) == 0:
                        pages.Unpublish(page);
                        content[page] = null;
                        break;
                    case 5:
                        int holder = Array.FindIndex(content, known => known is { } other && other.Parent == parent && other.Tokens == tokens);
                        Assert.Equal(holder >= 0, pages.TryFind(parent, Tokens(tokens), out int found, out long foundSerial));
                        Assert.Equal((holder, holder < 0 ? 0 : content[holder]!.Value.Serial), (found, foundSerial));
                        break;
                }
                Assert.Equal(free.Count, pages.FreePages);
                Assert.All(Enumerable.Range(0, count), i => Assert.Equal(owners[i], pages.References(i)));
            }
        }, iter: 300);
}
