using System.Buffers;

namespace Malrule.Inference.Constraints;

/// <summary>
/// The bytes that each token adds to a text, and the tree of their common beginnings in depth-first order, so that one pass over flat
/// arrays finds every token that an automaton lets pass. Special tokens and those without text are not in it. Immutable.
/// </summary>
internal sealed class TokenTrie
{
    private const int None = -1;

    // by token
    private readonly byte[][] _bytes;
    private readonly int[] _sameBytes; // the next token with the same bytes

    // by node
    private readonly byte[] _byte;
    private readonly int[] _depth, _end, _token;
    private readonly int _maxDepth;

    public TokenTrie(Tokenizer tokenizer, int vocabSize)
    {
        _bytes = [.. Enumerable.Range(0, vocabSize).Select(id => BytesOf(tokenizer, id))];
        _sameBytes = new int[vocabSize];
        Array.Fill(_sameBytes, None);
        int[] order = [.. Enumerable.Range(0, vocabSize).Where(id => _bytes[id].Length > 0)];
        Array.Sort(order, (a, b) => _bytes[a].AsSpan().SequenceCompareTo(_bytes[b]) is not 0 and var sign ? sign : a.CompareTo(b));
        _maxDepth = _bytes.Max(bytes => bytes.Length);

        List<byte> value = [];
        List<int> depth = [], end = [], token = [];
        var path = new List<int>(); // the newest node at each depth
        byte[] previous = [];
        foreach (int id in order)
        {
            byte[] bytes = _bytes[id];
            int shared = bytes.AsSpan().CommonPrefixLength(previous);
            Close(shared);
            for (int i = shared; i < bytes.Length; i++)
            {
                path.Add(value.Count);
                value.Add(bytes[i]);
                depth.Add(i);
                end.Add(None);
                token.Add(None);
            }
            (_sameBytes[id], token[path[^1]]) = (token[path[^1]], id);
            previous = bytes;
        }
        Close(0);
        (_byte, _depth, _end, _token) = ([.. value], [.. depth], [.. end], [.. token]);

        void Close(int depth)
        {
            foreach (int node in path[depth..])
                end[node] = value.Count;
            path.RemoveRange(depth, path.Count - depth);
        }
    }

    public int VocabSize => _bytes.Length;

    /// <summary>Empty for a token that may not be drawn.</summary>
    public ReadOnlySpan<byte> Bytes(int token) => _bytes[token];

    /// <summary>Sets the bit of every token whose bytes lead from a state to a state.</summary>
    public void Allow(ByteAutomaton automaton, int state, Span<ulong> mask)
    {
        var states = new int[_maxDepth + 1]; // before the byte at each depth
        states[0] = state;
        for (int node = 0; node < _byte.Length;)
        {
            int depth = _depth[node], next = automaton.Step(states[depth], _byte[node]);
            if (next == ByteAutomaton.Dead)
            {
                node = _end[node];
                continue;
            }
            states[depth + 1] = next;
            for (int token = _token[node]; token != None; token = _sameBytes[token])
                mask[token / 64] |= 1UL << token;
            node++;
        }
    }

    private static byte[] BytesOf(Tokenizer tokenizer, int id)
    {
        var utf8 = new ArrayBufferWriter<byte>(16);
        bool isFirst = false; // a prompt stands before it
        tokenizer.AppendText(id, skipSpecialTokens: true, ref isFirst, utf8);
        return utf8.WrittenSpan.ToArray();
    }
}
