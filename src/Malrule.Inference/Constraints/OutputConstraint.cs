namespace Malrule.Inference.Constraints;

/// <summary>
/// What an output's text must be, as an automaton that a branch walks token by token, with the mask of the tokens that may follow at each
/// state. May be shared by any number of requests.
/// </summary>
internal sealed class OutputConstraint(ByteAutomaton automaton, TokenMasks masks)
{
    public const int Start = 0;

    private readonly long _number = masks.Enlist();

    /// <summary>One bit a token: whether the text can go on with it. For the engine's worker alone; good until the next call.</summary>
    public ReadOnlySpan<ulong> Mask(int state) => masks.Of(_number, automaton, state);

    /// <summary>The state behind a token that the mask of <paramref name="state"/> allows.</summary>
    public int Advance(int state, int token)
    {
        foreach (byte value in masks.Tokens.Bytes(token))
            state = automaton.Step(state, value);
        return state;
    }

    /// <summary>Whether the text is whole.</summary>
    public bool MayEnd(int state) => automaton.Accepts(state);

    /// <summary>Whether the text is whole and nothing may follow.</summary>
    public bool MustEnd(int state) => automaton.IsFinal(state);
}
