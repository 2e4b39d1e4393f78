namespace Malrule.Inference.Constraints;

/// <summary>
/// The masks of all constraints of an engine: for a state of an automaton, one bit a token of whether the text can go on with it. A mask is
/// made when a branch first comes to its state; so many are kept and no more, the oldest making room. Masks are made and read by the
/// engine's worker alone.
/// </summary>
internal sealed class TokenMasks(TokenTrie tokens)
{
    /// <summary>Masks kept: 19 MB of them for a vocabulary of 151,936 tokens.</summary>
    public const int Most = 1024;

    private readonly Dictionary<(long Constraint, int State), ulong[]> _masks = [];
    private readonly Queue<(long, int)> _oldest = [];
    private long _constraints;

    public TokenTrie Tokens => tokens;

    /// <summary>64-bit words of a mask.</summary>
    public static int Words(int vocabSize) => (vocabSize + 63) / 64;

    /// <summary>Bytes of all masks kept.</summary>
    public static long MostBytes(int vocabSize) => (long)Most * Words(vocabSize) * sizeof(ulong);

    /// <summary>A number of its own for each constraint: masks must not keep automata of ended requests alive. Thread-safe.</summary>
    public long Enlist() => Interlocked.Increment(ref _constraints);

    public ReadOnlySpan<ulong> Of(long constraint, ByteAutomaton automaton, int state)
    {
        if (_masks.TryGetValue((constraint, state), out ulong[]? mask))
            return mask;
        if (_oldest.Count < Most)
            mask = new ulong[Words(tokens.VocabSize)];
        else
        {
            _masks.Remove(_oldest.Dequeue(), out mask);
            Array.Clear(mask!);
        }
        tokens.Allow(automaton, state, mask);
        _oldest.Enqueue((constraint, state));
        return _masks[(constraint, state)] = mask!;
    }
}
