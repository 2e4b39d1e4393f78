using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Malrule.Inference.Compute;

namespace Malrule.Inference.Scheduling;

/// <summary>
/// Hands out KV pages of 16 tokens. A page has a reference count; full pages can be published under (parent content, 16 token ids),
/// so that later prompts which start alike take them over; a page without references stays published until it is needed again,
/// least recently freed first.
/// <para>The chain names contents by serial numbers instead of hashes of hashes: a serial stands for one exact token prefix, and a
/// lookup compares the page's token ids, so two different prefixes can never be mistaken for each other.</para>
/// </summary>
internal sealed class BlockManager
{
    /// <summary>Parent of a sequence's first page.</summary>
    public const long Root = 0;

    /// <summary>
    /// Parent of the first page of a sequence with this salt. It is a hash, apart from all serials: that two salts meet in it is as
    /// unlikely as 62 bits make it.
    /// </summary>
    public static long RootOf(string? salt) =>
        salt is null ? Root : 1L << 62 | BinaryPrimitives.ReadInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(salt))) >>> 2;

    private const int None = -1;
    private const int PageTokens = KvShape.PageTokens;

    private readonly int[] _references;
    private readonly long[] _serial;      // of the published content, 0: not published
    private readonly PageKey[] _key;      // under which it is published
    private readonly int[] _tokens;       // [page, 16], of published pages
    private readonly Dictionary<PageKey, int> _published = [];
    private long _nextSerial = Root + 1;

    // The free list, doubly linked through arrays: taken from the head, unpublished pages returned there, published ones to the tail.
    private readonly int[] _next, _previous;
    private int _head = None, _tail = None;

    /// <summary>A parent's serial and a hash of 16 token ids; the ids themselves are compared on a hit.</summary>
    private readonly record struct PageKey(long Parent, int TokensHash);

    public BlockManager(int pages)
    {
        _references = new int[pages];
        _serial = new long[pages];
        _key = new PageKey[pages];
        _tokens = new int[pages * PageTokens];
        (_next, _previous) = (new int[pages], new int[pages]);
        for (int page = 0; page < pages; page++)
            AddLast(page);
        FreePages = pages;
    }

    public int Pages => _references.Length;

    /// <summary>Pages without references, published or not.</summary>
    public int FreePages { get; private set; }

    /// <summary>Published pages that were needed for something else.</summary>
    public long Evictions { get; private set; }

    public int References(int page) => _references[page];

    /// <summary>A page for one owner; its published content, if any, is forgotten.</summary>
    public int Allocate()
    {
        int page = _head;
        if (page == None)
            throw new InvalidOperationException("No KV page is free; the scheduler asks before it allocates.");
        if (_serial[page] != 0)
            Evictions++;
        Unpublish(page);
        RemoveFree(page);
        _references[page] = 1;
        return page;
    }

    /// <summary>Adds an owner.</summary>
    public void Share(int page)
    {
        if (_references[page]++ == 0)
            RemoveFree(page);
    }

    /// <summary>Takes an owner away; the last one frees the page.</summary>
    public void Release(int page)
    {
        if (_references[page] <= 0)
            throw new InvalidOperationException($"KV page {page} is released twice.");
        if (--_references[page] > 0)
            return;
        if (_serial[page] != 0)
            AddLast(page);
        else
            AddFirst(page);
        FreePages++;
    }

    /// <summary>The page that holds these 16 tokens after the content <paramref name="parent"/>, and its serial; nothing is counted yet.</summary>
    public bool TryFind(long parent, ReadOnlySpan<int> tokens, out int page, out long serial)
    {
        if (_published.TryGetValue(KeyOf(parent, tokens), out page) && TokensOf(page).SequenceEqual(tokens))
        {
            serial = _serial[page];
            return true;
        }
        (page, serial) = (None, 0);
        return false;
    }

    /// <summary>
    /// Publishes a full page under its parent's content and returns the content's serial: that of another page where the same
    /// content is there already, 0 where another content holds the same key.
    /// </summary>
    public long Publish(int page, long parent, ReadOnlySpan<int> tokens)
    {
        var key = KeyOf(parent, tokens);
        if (_published.TryGetValue(key, out int other))
            return TokensOf(other).SequenceEqual(tokens) ? _serial[other] : 0;
        _published.Add(key, page);
        _key[page] = key;
        tokens.CopyTo(TokensOf(page));
        return _serial[page] = _nextSerial++;
    }

    /// <summary>Forgets what a page held, so that nobody takes it over.</summary>
    public void Unpublish(int page)
    {
        if (_serial[page] == 0)
            return;
        _published.Remove(_key[page]);
        _serial[page] = 0;
    }

    /// <summary>Forgets what all pages held; their owners keep them.</summary>
    public void UnpublishAll()
    {
        for (int page = 0; page < Pages; page++)
            Unpublish(page);
    }

    private Span<int> TokensOf(int page) => _tokens.AsSpan(page * PageTokens, PageTokens);

    private static PageKey KeyOf(long parent, ReadOnlySpan<int> tokens)
    {
        var hash = new HashCode();
        hash.AddBytes(MemoryMarshal.AsBytes(tokens));
        return new PageKey(parent, hash.ToHashCode());
    }

    private void AddFirst(int page)
    {
        (_previous[page], _next[page]) = (None, _head);
        if (_head != None)
            _previous[_head] = page;
        else
            _tail = page;
        _head = page;
    }

    private void AddLast(int page)
    {
        (_previous[page], _next[page]) = (_tail, None);
        if (_tail != None)
            _next[_tail] = page;
        else
            _head = page;
        _tail = page;
    }

    private void RemoveFree(int page)
    {
        (int previous, int next) = (_previous[page], _next[page]);
        if (previous != None)
            _next[previous] = next;
        else
            _head = next;
        if (next != None)
            _previous[next] = previous;
        else
            _tail = previous;
        FreePages--;
    }
}
