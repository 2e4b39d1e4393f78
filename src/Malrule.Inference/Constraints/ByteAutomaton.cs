using System.Text;

namespace Malrule.Inference.Constraints;

/// <summary>
/// A deterministic automaton over the bytes of UTF-8 text. State 0 is the start; from every state an accepting one can be reached, so a
/// text that has not left the automaton can always be completed. Immutable.
/// </summary>
internal sealed class ByteAutomaton
{
    /// <summary>No state: the text cannot be completed.</summary>
    public const int Dead = -1;

    private const int MaxChoiceBytes = 1 << 19;

    // the ways out of a state, by ascending bytes: entries [_first[state], _first[state + 1])
    private readonly int[] _first;
    private readonly byte[] _low, _high;
    private readonly int[] _target;
    private readonly bool[] _accepting;

    /// <param name="states">Whether each state accepts, and its ways out by ascending bytes.</param>
    public ByteAutomaton(IReadOnlyList<(bool Accepting, List<ByteWay> Ways)> states)
    {
        _accepting = [.. states.Select(state => state.Accepting)];
        ByteWay[] ways = [.. states.SelectMany(state => state.Ways)];
        (_low, _high, _target) = ([.. ways.Select(way => way.Low)], [.. ways.Select(way => way.High)], [.. ways.Select(way => way.Target)]);
        _first = new int[states.Count + 1];
        for (int state = 0; state < states.Count; state++)
            _first[state + 1] = _first[state] + states[state].Ways.Count;
    }

    /// <summary>Whether a text that leads to this state is whole.</summary>
    public bool Accepts(int state) => _accepting[state];

    /// <summary>Whether nothing can follow.</summary>
    public bool IsFinal(int state) => _first[state] == _first[state + 1];

    public int Step(int state, byte value)
    {
        int low = _first[state], high = _first[state + 1];
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_high[middle] < value)
                low = middle + 1;
            else
                high = middle;
        }
        return low < _first[state + 1] && _low[low] <= value ? _target[low] : Dead;
    }

    /// <summary>The state behind each byte.</summary>
    public int[] Row(int state)
    {
        var row = new int[256];
        Array.Fill(row, Dead);
        for (int way = _first[state]; way < _first[state + 1]; way++)
            row.AsSpan(_low[way]..(_high[way] + 1)).Fill(_target[way]);
        return row;
    }

    /// <summary>The automaton of a list of texts: their tree of common beginnings.</summary>
    public static ByteAutomaton Of(IReadOnlyList<string> choices)
    {
        var strict = new UTF8Encoding(false, throwOnInvalidBytes: true);
        byte[][] texts;
        try
        {
            texts = [.. choices.Select(strict.GetBytes)];
        }
        catch (EncoderFallbackException error)
        {
            throw new InvalidInputException("structured_outputs.choice holds half a surrogate pair, which is no text.", error);
        }
        if (texts.Sum(text => (long)text.Length) > MaxChoiceBytes)
            throw new InvalidInputException($"structured_outputs.choice holds {texts.Sum(text => (long)text.Length)} bytes of text; at most {MaxChoiceBytes} can be chosen from.");
        Array.Sort(texts, (a, b) => a.AsSpan().SequenceCompareTo(b)); // so that the ways out of a state are made in order

        var states = new List<(bool Accepting, List<ByteWay> Ways)> { (false, []) };
        foreach (byte[] text in texts)
        {
            int state = 0;
            foreach (byte value in text)
            {
                var ways = states[state].Ways;
                if (ways.Count == 0 || ways[^1].Low != value)
                {
                    ways.Add(new ByteWay(value, value, states.Count));
                    states.Add((false, []));
                }
                state = ways[^1].Target;
            }
            states[state] = (true, states[state].Ways);
        }
        return new ByteAutomaton(states);
    }
}

/// <summary>A way to a state by any byte from Low to High.</summary>
internal readonly record struct ByteWay(byte Low, byte High, int Target);
