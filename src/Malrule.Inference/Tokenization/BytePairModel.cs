using System.Buffers;
using System.Collections.Concurrent;

namespace Malrule.Inference.Tokenization;

/// <summary>
/// Byte-pair encoding (Sennrich et al. 2016): starting from single characters, the adjacent pair of lowest merge rank, the leftmost of
/// equals, is merged until no pair has a merge. A heap of candidate pairs over a linked list makes it O(n log n) in the length of a word;
/// pairs that have changed since they were queued are skipped when they come up. Results of short words are kept in a bounded cache.
/// </summary>
internal sealed class BytePairModel : TokenModel
{
    private const int MaxCachedWord = 64, MaxCachedWords = 32_768;

    private readonly Dictionary<long, Merge> _merges; // by left id << 32 | right id
    private readonly int[] _characterIds;             // ids of the characters below its length, −1 where there is none
    private readonly int? _unknown;
    private readonly bool _fuseUnknown;
    private readonly bool _ignoreMerges;
    private readonly ConcurrentDictionary<string, int[]> _cache = new();
    private readonly ConcurrentDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _cached;
    private int _cachedWords;

    private BytePairModel(Dictionary<string, int> ids, Dictionary<long, Merge> merges, int? unknown, bool fuseUnknown, bool ignoreMerges) : base(ids)
    {
        (_merges, _unknown, _fuseUnknown, _ignoreMerges) = (merges, unknown, fuseUnknown, ignoreMerges);
        _cached = _cache.GetAlternateLookup<ReadOnlySpan<char>>();
        _characterIds = new int[0x180]; // every character of the byte-level alphabet
        for (int c = 0; c < _characterIds.Length; c++)
            _characterIds[c] = Lookup.TryGetValue([(char)c], out int id) ? id : -1;
    }

    public static BytePairModel ReadModel(JsonPlace section)
    {
        RequireUnused(section, "dropout");
        RequireUnused(section, "continuing_subword_prefix");
        RequireUnused(section, "end_of_word_suffix");
        RequireUnused(section, "byte_fallback");
        Dictionary<string, int> ids = ReadVocabulary(section);
        int? unknown = null;
        if (section["unk_token"].StringOrNull() is string token)
            unknown = ids.TryGetValue(token, out int id) ? id : throw section["unk_token"].Error($"is \"{token}\", which the vocabulary lacks.");
        return new BytePairModel(ids, ReadMerges(section["merges"], ids), unknown, section["fuse_unk"].Bool(false), section["ignore_merges"].Bool(false));
    }

    private static Dictionary<long, Merge> ReadMerges(JsonPlace section, Dictionary<string, int> ids)
    {
        var lookup = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        var merges = new Dictionary<long, Merge>(section.Value.ValueKind == System.Text.Json.JsonValueKind.Array ? section.Value.GetArrayLength() : 0);
        int rank = 0;
        foreach (JsonPlace place in section.Items())
        {
            (string left, string right) = ReadPair(place);
            int leftId = Id(left), rightId = Id(right), mergedId = Id(string.Concat(left, right));
            // A pair listed twice keeps its last rank, as in Hugging Face's map.
            merges[Key(leftId, rightId)] = new Merge(rank++, mergedId);

            int Id(string part) => lookup.TryGetValue(part, out int id) ? id
                : throw place.Error($"merges \"{left}\" and \"{right}\", but the vocabulary lacks \"{part}\".");
        }
        return merges;
    }

    /// <summary>A merge is written <c>"a b"</c>, or <c>["a", "b"]</c> in newer files.</summary>
    private static (string Left, string Right) ReadPair(JsonPlace place)
    {
        if (place.Value.ValueKind == System.Text.Json.JsonValueKind.Array)
            return place.Value.GetArrayLength() == 2 ? (place[0].String(), place[1].String()) : throw place.Error("must be a pair of tokens.");
        return place.String().Split(' ') is [string left, string right] ? (left, right) : throw place.Error("must be two tokens with a space between them.");
    }

    public override void Encode(ReadOnlySpan<char> piece, List<int> ids)
    {
        if (_ignoreMerges && Lookup.TryGetValue(piece, out int whole))
        {
            ids.Add(whole);
            return;
        }
        if (_cached.TryGetValue(piece, out int[]? known))
        {
            ids.AddRange(known);
            return;
        }
        int start = ids.Count;
        MergePairs(piece, ids);
        if (piece.Length <= MaxCachedWord && _cachedWords < MaxCachedWords)
        {
            _cache.TryAdd(piece.ToString(), [.. ids[start..]]);
            Interlocked.Increment(ref _cachedWords);
        }
    }

    private void MergePairs(ReadOnlySpan<char> piece, List<int> ids)
    {
        Symbol[] symbols = ArrayPool<Symbol>.Shared.Rent(piece.Length);
        int count = FirstSymbols(piece, symbols);
        var heap = new PriorityQueue<int, long>(count); // position of a pair's left symbol, by rank << 32 | position

        for (int i = 0; i + 1 < count; i++)
            Offer(i);
        while (heap.TryDequeue(out int left, out long priority))
        {
            ref Symbol symbol = ref symbols[left];
            if (symbol.PairRank != (int)(priority >> 32))
                continue;
            int right = symbol.Next;
            symbol.Id = symbol.MergedId;
            symbol.Next = symbols[right].Next;
            symbols[right].PairRank = -1;
            if (symbol.Next < count)
                symbols[symbol.Next].Previous = left;
            Offer(left);
            if (symbol.Previous >= 0)
                Offer(symbol.Previous);
        }
        for (int i = 0; i < count; i = symbols[i].Next)
            ids.Add(symbols[i].Id);
        ArrayPool<Symbol>.Shared.Return(symbols);

        // Queues the pair that now starts at a position; what was queued for it before is stale.
        void Offer(int left)
        {
            ref Symbol symbol = ref symbols[left];
            symbol.PairRank = -1;
            if (symbol.Next < count && _merges.TryGetValue(Key(symbol.Id, symbols[symbol.Next].Id), out Merge merge))
            {
                (symbol.PairRank, symbol.MergedId) = (merge.Rank, merge.Id);
                heap.Enqueue(left, (long)merge.Rank << 32 | (uint)left);
            }
        }
    }

    /// <summary>One symbol a character; characters that the vocabulary lacks become the unknown token.</summary>
    private int FirstSymbols(ReadOnlySpan<char> piece, Symbol[] symbols)
    {
        int count = 0;
        bool afterUnknown = false;
        while (!piece.IsEmpty)
        {
            int width = char.IsHighSurrogate(piece[0]) ? 2 : 1;
            int id = piece[0] < _characterIds.Length ? _characterIds[piece[0]]
                : Lookup.TryGetValue(piece[..width], out int found) ? found : -1;
            bool isUnknown = id < 0;
            if (isUnknown)
                id = _unknown ?? throw new InvalidInputException(
                    $"The text holds {Describe(piece[..width])}, which the tokenizer's vocabulary lacks, and the tokenizer has no unknown token.");
            if (!(isUnknown && afterUnknown && _fuseUnknown))
            {
                symbols[count] = new Symbol { Id = id, Previous = count - 1, Next = count + 1, PairRank = -1 };
                count++;
            }
            afterUnknown = isUnknown;
            piece = piece[width..];
        }
        return count;

        static string Describe(ReadOnlySpan<char> character) =>
            ByteCharacters.ToByte(character[0]) is int b and >= 0 ? $"\"{character}\" (byte-level for 0x{b:X2})" : $"\"{character}\"";
    }

    private static long Key(int left, int right) => (long)left << 32 | (uint)right;

    private readonly record struct Merge(int Rank, int Id);

    private struct Symbol
    {
        public int Id, Previous, Next, MergedId;

        /// <summary>Rank of the merge of this symbol with the next; −1 where there is none, or where this one was merged away.</summary>
        public int PairRank;
    }
}
