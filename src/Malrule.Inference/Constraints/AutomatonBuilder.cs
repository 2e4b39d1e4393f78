using System.Runtime.InteropServices;
using Malrule.Inference.Tokenization.Patterns;

namespace Malrule.Inference.Constraints;

/// <summary>
/// Makes a pattern deterministic by the subset construction: a state is the set of nodes that a text can stand at. Sets and work are
/// bounded, since some patterns need exponentially many; states that cannot be completed are taken out.
/// </summary>
internal sealed class AutomatonBuilder
{
    private const int MaxStates = 20_000;
    private const int MaxWays = 500_000; // of 6 bytes
    private const long MaxWork = 10_000_000;

    private readonly IReadOnlyList<ByteProgram.Node> _nodes;
    private readonly Dictionary<string, int> _stateOf = []; // by its nodes in order
    private readonly List<int[]> _sets = [];
    private readonly List<(bool Accepting, List<ByteWay> Ways)> _states = [];
    private readonly int[] _reached;
    private readonly Stack<int> _open = [];
    private int _round, _ways;
    private long _work;

    private AutomatonBuilder(ByteProgram program)
    {
        _nodes = program.Nodes;
        _reached = new int[_nodes.Count];
    }

    /// <exception cref="InvalidInputException">The pattern cannot be read, needs too many states, or no text but the empty one matches it.</exception>
    public static ByteAutomaton Build(string pattern)
    {
        var builder = new AutomatonBuilder(new ByteProgram(pattern));
        builder.StateOf([0], atStart: true);
        for (int state = 0; state < builder._sets.Count; state++)
            builder.FindWays(state);
        var states = builder.Trim();
        return states.Count > 0 && states[0].Ways.Count > 0 ? new ByteAutomaton(states)
            : throw new InvalidInputException($"structured_outputs.regex matches {(states.Count > 0 ? "only the empty text" : "no text")}: {pattern}");
    }

    /// <summary>The state of the nodes that some nodes lead to; a new one where no state has them.</summary>
    private int StateOf(List<int> nodes, bool atStart = false)
    {
        int[] set = Follow(nodes, atStart, atEnd: false);
        string key = new(MemoryMarshal.Cast<int, char>(set));
        if (!_stateOf.TryGetValue(key, out int state))
        {
            if (_sets.Count == MaxStates)
                throw TooLarge($"more than {MaxStates} states");
            _stateOf[key] = state = _sets.Count;
            _sets.Add(set);
            _states.Add((Array.Exists(Follow(set, atStart: false, atEnd: true), node => _nodes[node].IsMatch), []));
        }
        return state;
    }

    /// <summary>The nodes that matter (with ways, an end to wait for, or the match) among those that are led to without a byte, in order.</summary>
    private int[] Follow(IReadOnlyList<int> from, bool atStart, bool atEnd)
    {
        _round++;
        var set = new List<int>();
        foreach (int node in from)
            Reach(node);
        while (_open.TryPop(out int index))
        {
            var node = _nodes[index];
            Spend(1);
            if (node.Ways.Length > 0 || node.IsMatch || node.Anchor == Operation.End)
                set.Add(index);
            if (node.Anchor is null || node.Anchor == Operation.Start && atStart || node.Anchor == Operation.End && atEnd)
                foreach (int next in node.Leads)
                    Reach(next);
        }
        set.Sort();
        return [.. set];

        void Reach(int node)
        {
            if (_reached[node] == _round)
                return;
            _reached[node] = _round;
            _open.Push(node);
        }
    }

    /// <summary>Cuts the bytes where any node's ways begin or end; each piece leads to the state of what its ways lead to.</summary>
    private void FindWays(int state)
    {
        List<ByteWay> ways = [.. _sets[state].SelectMany(node => _nodes[node].Ways)], found = _states[state].Ways;
        Span<bool> begins = stackalloc bool[257];
        begins.Clear();
        foreach (var way in ways)
            begins[way.Low] = begins[way.High + 1] = true;
        var targets = new List<int>();
        for (int low = 0, next; low < 256; low = next)
        {
            for (next = low + 1; next < 256 && !begins[next];)
                next++;
            targets.Clear();
            foreach (var way in ways)
                if (way.Low <= low && low <= way.High)
                    targets.Add(way.Target);
            Spend(ways.Count);
            if (targets.Count == 0)
                continue;
            int target = StateOf(targets);
            if (found.Count > 0 && found[^1].Target == target && found[^1].High == low - 1)
                found[^1] = found[^1] with { High = (byte)(next - 1) };
            else if (++_ways > MaxWays)
                throw TooLarge($"more than {MaxWays} ways between states");
            else
                found.Add(new ByteWay((byte)low, (byte)(next - 1), target));
        }
    }

    /// <summary>The states from which an accepting one can be reached, numbered anew; none where the start is not among them.</summary>
    private List<(bool Accepting, List<ByteWay> Ways)> Trim()
    {
        var sources = new List<int>[_states.Count];
        for (int state = 0; state < _states.Count; state++)
            foreach (var way in _states[state].Ways)
                (sources[way.Target] ??= []).Add(state);
        var isLive = new bool[_states.Count];
        for (int state = 0; state < _states.Count; state++)
            if (_states[state].Accepting)
                Revive(state);
        while (_open.TryPop(out int state))
            foreach (int source in sources[state] ?? [])
                Revive(source);
        if (!isLive[0])
            return [];

        int count = 0;
        int[] number = [.. isLive.Select(live => live ? count++ : ByteAutomaton.Dead)];
        return [.. _states.Where((_, state) => isLive[state]).Select(state => (state.Accepting, state.Ways
            .Where(way => isLive[way.Target]).Select(way => way with { Target = number[way.Target] }).ToList()))];

        void Revive(int state)
        {
            if (isLive[state])
                return;
            isLive[state] = true;
            _open.Push(state);
        }
    }

    private void Spend(long steps)
    {
        if ((_work += steps) > MaxWork)
            throw TooLarge("too much work");
    }

    private static InvalidInputException TooLarge(string what) =>
        new($"structured_outputs.regex needs {what} to be followed byte by byte; lower its repeat counts, or avoid parts that can match the same text in many ways.");
}
