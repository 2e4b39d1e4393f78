namespace Malrule.Inference.Constraints;

/// <summary>
/// What an output's text must be, as an automaton that a branch walks token by token, with the mask of the tokens that may follow at each
/// state. Masks are made when a branch first comes to a state and kept up to a limit. The automaton may be shared by any number of
/// requests; masks are made and read by the engine's worker alone.
/// </summary>
internal sealed class OutputConstraint(ByteAutomaton automaton, TokenTrie tokens)
{
    public const int Start = 0;

    private const int MaxMaskBytes = 8 << 20;

    private readonly Dictionary<int, ulong[]> _masks = [];
    private readonly int _maxMasks = Math.Max(1, MaxMaskBytes / (8 * MaskWords(tokens.VocabSize)));

    /// <summary>64-bit words of a mask.</summary>
    public static int MaskWords(int vocabSize) => (vocabSize + 63) / 64;

    /// <summary>One bit a token: whether the text can go on with it.</summary>
    public ReadOnlySpan<ulong> Mask(int state)
    {
        if (_masks.TryGetValue(state, out ulong[]? mask))
            return mask;
        if (_masks.Count == _maxMasks)
            _masks.Clear();
        _masks[state] = mask = new ulong[MaskWords(tokens.VocabSize)];
        tokens.Allow(automaton, state, mask);
        return mask;
    }

    /// <summary>The state behind a token that the mask of <paramref name="state"/> allows.</summary>
    public int Advance(int state, int token)
    {
        foreach (byte value in tokens.Bytes(token))
            state = automaton.Step(state, value);
        return state;
    }

    /// <summary>Whether the text is whole.</summary>
    public bool MayEnd(int state) => automaton.Accepts(state);

    /// <summary>Whether the text is whole and nothing may follow.</summary>
    public bool MustEnd(int state) => automaton.IsFinal(state);
}
