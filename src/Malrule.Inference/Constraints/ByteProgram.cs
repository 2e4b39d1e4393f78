using Malrule.Inference.Tokenization.Patterns;

namespace Malrule.Inference.Constraints;

/// <summary>
/// A pattern as a nondeterministic automaton over bytes. It takes over the program that <see cref="PatternParser"/> writes, one node an
/// instruction, and adds nodes for counted loops and for the bytes inside a character. Which way a quantifier tries first does not
/// matter here: a text matches or it does not.
/// </summary>
internal sealed class ByteProgram
{
    private const int MaxNodes = 100_000, MaxClasses = 32;

    private readonly List<Node> _nodes = [];
    private readonly Dictionary<CodePointSet, List<(byte Low, byte High)[]>> _sequences = [];
    private readonly Dictionary<ByteWay, int> _inside = []; // nodes with one way, which characters share

    public ByteProgram(string pattern)
    {
        var program = new PatternParser(pattern, ofOutputs: true).Parse();
        for (int pc = 0; pc < program.Length; pc++)
            NewNode();
        for (int pc = 0; pc < program.Length; pc++)
            Translate(pc, program[pc]);
    }

    public IReadOnlyList<Node> Nodes => _nodes;

    private void Translate(int pc, Instruction step)
    {
        switch (step.Operation)
        {
            case Operation.Set:
                _nodes[pc].Ways = WaysOver(step.Set!, pc + 1);
                break;
            case Operation.Loop:
                Repeat(pc, step);
                break;
            case Operation.Split or Operation.SplitIfAdvanced:
                _nodes[pc].Leads = [step.First, step.Second];
                break;
            case Operation.Jump:
                _nodes[pc].Leads = [step.First];
                break;
            case Operation.Start or Operation.End:
                (_nodes[pc].Leads, _nodes[pc].Anchor) = ([pc + 1], step.Operation);
                break;
            case Operation.Match:
                _nodes[pc].IsMatch = true;
                break;
            default:
                throw new InvalidInputException($"structured_outputs.regex holds {(step.Operation == Operation.LookAhead ? "a look-ahead" : "an atomic group or possessive quantifier")}, which no mask of tokens can enforce; write the pattern without it.");
        }
    }

    /// <summary>First…Second characters of the set, one node for each.</summary>
    private void Repeat(int pc, Instruction loop)
    {
        int node = pc;
        for (int i = 0; i < loop.First; i++)
        {
            int next = NewNode();
            _nodes[node].Ways = WaysOver(loop.Set!, next);
            node = next;
        }
        for (int i = loop.First; i < loop.Second && loop.Second != int.MaxValue; i++)
        {
            int next = NewNode();
            (_nodes[node].Ways, _nodes[node].Leads) = (WaysOver(loop.Set!, next), [pc + 1]);
            node = next;
        }
        _nodes[node].Leads = [pc + 1];
        if (loop.Second == int.MaxValue)
            _nodes[node].Ways = WaysOver(loop.Set!, node);
    }

    private ByteWay[] WaysOver(CodePointSet set, int target)
    {
        if (!_sequences.TryGetValue(set, out var sequences))
        {
            if (set.NeedsProperties && _sequences.Keys.Count(other => other.NeedsProperties) == MaxClasses)
                throw new InvalidInputException($"structured_outputs.regex holds more than {MaxClasses} classes with categories such as \\p{{L}}.");
            _sequences[set] = sequences = [];
            foreach ((int first, int last) in set.Ranges())
                Utf8Ranges.Add(first, last, sequences);
        }
        var ways = new ByteWay[sequences.Count];
        for (int i = 0; i < ways.Length; i++)
        {
            int next = target;
            for (int k = sequences[i].Length - 1; k > 0; k--)
                next = Inside(new ByteWay(sequences[i][k].Low, sequences[i][k].High, next));
            ways[i] = new ByteWay(sequences[i][0].Low, sequences[i][0].High, next);
        }
        return ways;
    }

    private int Inside(ByteWay way)
    {
        if (!_inside.TryGetValue(way, out int node))
        {
            _inside[way] = node = NewNode();
            _nodes[node].Ways = [way];
        }
        return node;
    }

    private int NewNode()
    {
        if (_nodes.Count == MaxNodes)
            throw new InvalidInputException($"structured_outputs.regex needs more than {MaxNodes} nodes; shorten its repeats.");
        _nodes.Add(new Node());
        return _nodes.Count - 1;
    }

    /// <summary>Ways by a byte, and nodes it leads to by none; an anchored node leads on only at the text's start or end.</summary>
    internal sealed class Node
    {
        public ByteWay[] Ways { get; set; } = [];
        public int[] Leads { get; set; } = [];
        public Operation? Anchor { get; set; }
        public bool IsMatch { get; set; }
    }
}
