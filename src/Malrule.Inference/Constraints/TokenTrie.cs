using System.Buffers;
using System.Buffers.Binary;

namespace Malrule.Inference.Constraints;

/// <summary>
/// The bytes that each token adds to a text, and the tree of their common beginnings in depth-first order, so that one pass over flat
/// arrays finds every token that an automaton lets pass. Special tokens and those without text are not in it. Immutable.
/// </summary>
internal sealed class TokenTrie
{
    private const int None = -1;

    // by token
    private readonly byte[] _bytes; // token t's are [_start[t], _start[t + 1])
    private readonly int[] _start;
    private readonly int[] _sameBytes; // the next token with the same bytes

    // by node
    private readonly byte[] _byte;
    private readonly int[] _depth, _end, _token;
    private readonly int _maxDepth;

    public TokenTrie(Tokenizer tokenizer, int vocabSize)
    {
        VocabSize = vocabSize;
        (_bytes, _start) = BytesOf(tokenizer, vocabSize);
        _sameBytes = new int[vocabSize];
        Array.Fill(_sameBytes, None);
        int[] order = [.. Enumerable.Range(0, vocabSize).Where(id => !Bytes(id).IsEmpty)];
        ulong[] beginnings = [.. order.Select(id => Beginning(Bytes(id)))];
        Array.Sort(beginnings, order);
        for (int first = 0, end = 0; first < order.Length; first = end)
        {
            while (end < order.Length && beginnings[end] == beginnings[first])
                end++;
            order.AsSpan(first..end).Sort((a, b) => Bytes(a).SequenceCompareTo(Bytes(b)) is not 0 and var sign ? sign : a.CompareTo(b));
        }
        _maxDepth = Enumerable.Range(0, vocabSize).Max(id => Bytes(id).Length);

        List<byte> value = [];
        List<int> depth = [], ends = [], token = [];
        var path = new List<int>(); // the newest node at each depth
        ReadOnlySpan<byte> previous = [];
        foreach (int id in order)
        {
            ReadOnlySpan<byte> bytes = Bytes(id);
            int shared = bytes.CommonPrefixLength(previous);
            Close(shared);
            for (int i = shared; i < bytes.Length; i++)
            {
                path.Add(value.Count);
                value.Add(bytes[i]);
                depth.Add(i);
                ends.Add(None);
                token.Add(None);
            }
            (_sameBytes[id], token[path[^1]]) = (token[path[^1]], id);
            previous = bytes;
        }
        Close(0);
        (_byte, _depth, _end, _token) = ([.. value], [.. depth], [.. ends], [.. token]);

        void Close(int depth)
        {
            foreach (int node in path[depth..])
                ends[node] = value.Count;
            path.RemoveRange(depth, path.Count - depth);
        }
    }

    public int VocabSize { get; }

    /// <summary>Bytes of memory that a tree takes: with the vocabulary of Qwen2.5 it is 43 a token.</summary>
    public static long UsualBytes(int vocabSize) => 64L * vocabSize;

    /// <summary>Empty for a token that may not be drawn.</summary>
    public ReadOnlySpan<byte> Bytes(int token) => _bytes.AsSpan(_start[token].._start[token + 1]);

    /// <summary>Sets the bit of every token whose bytes lead from a state to a state.</summary>
    public void Allow(ByteAutomaton automaton, int state, Span<ulong> mask)
    {
        // By depth, the state before the byte and where its bytes lead. Where a node leads mostly its siblings led before, so rows are seldom looked up.
        var states = new int[_maxDepth + 1];
        var rows = new int[_maxDepth + 1][];
        var known = new Dictionary<int, int[]>();
        Array.Fill(states, ByteAutomaton.Dead);
        Enter(0, state);
        for (int node = 0; node < _byte.Length;)
        {
            int depth = _depth[node], next = rows[depth][_byte[node]];
            if (next == ByteAutomaton.Dead)
            {
                node = _end[node];
                continue;
            }
            for (int token = _token[node]; token != None; token = _sameBytes[token])
                mask[token / 64] |= 1UL << token;
            node++;
            if (states[depth + 1] != next)
                Enter(depth + 1, next);
        }

        void Enter(int depth, int next)
        {
            states[depth] = next;
            if (!known.TryGetValue(next, out rows[depth]!))
                known[next] = rows[depth] = automaton.Row(next);
        }
    }

    /// <summary>The first eight bytes as a number, in whose order they stand.</summary>
    private static ulong Beginning(ReadOnlySpan<byte> bytes)
    {
        Span<byte> eight = stackalloc byte[8];
        eight.Clear();
        bytes[..Math.Min(8, bytes.Length)].CopyTo(eight);
        return BinaryPrimitives.ReadUInt64BigEndian(eight);
    }

    private static (byte[] Bytes, int[] Start) BytesOf(Tokenizer tokenizer, int vocabSize)
    {
        var utf8 = new ArrayBufferWriter<byte>();
        int[] start = new int[vocabSize + 1];
        for (int id = 0; id < vocabSize; id++)
        {
            bool isFirst = false; // a prompt stands before it
            tokenizer.AppendText(id, skipSpecialTokens: true, ref isFirst, utf8);
            start[id + 1] = utf8.WrittenCount;
        }
        return (utf8.WrittenSpan.ToArray(), start);
    }
}
