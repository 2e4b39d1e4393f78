using System.Globalization;
using System.Runtime.InteropServices;

namespace Malrule.Inference.Tokenization.Patterns;

/// <summary>What an <see cref="Instruction"/> does.</summary>
internal enum Operation
{
    /// <summary>Consumes one code point of the set.</summary>
    Set,

    /// <summary>Consumes First…Second code points of the set, as many as it can, and gives back one by one.</summary>
    Loop,

    /// <summary>The same, but never gives back.</summary>
    PossessiveLoop,

    /// <summary>Goes on at First; after a failure at Second.</summary>
    Split,

    /// <summary>A Split that leaves a loop whose last round consumed nothing.</summary>
    SplitIfAdvanced,

    /// <summary>Goes on at First.</summary>
    Jump,

    /// <summary>Goes on at First if the sub-program behind it matches here (or, negated, does not).</summary>
    LookAhead,

    /// <summary>Goes on at First behind what the sub-program's first match consumed.</summary>
    Atomic,

    /// <summary>Goes on behind it at the start of a text only; not in tokenizers' patterns.</summary>
    Start,

    /// <summary>Goes on behind it at the end of a text only; not in tokenizers' patterns.</summary>
    End,

    /// <summary>Ends the program or sub-program.</summary>
    Match,
}

/// <summary>One step of a pattern's program.</summary>
internal readonly record struct Instruction(Operation Operation, CodePointSet? Set = null, int First = 0, int Second = 0, bool Negated = false)
{
    /// <summary>The same step where the program stands <paramref name="shift"/> further.</summary>
    public Instruction Moved(int shift) => Operation switch
    {
        Operation.Split or Operation.SplitIfAdvanced => this with { First = First + shift, Second = Second + shift },
        Operation.Jump or Operation.LookAhead or Operation.Atomic => this with { First = First + shift },
        _ => this,
    };
}

/// <summary>
/// A regular expression of a tokenizer, matched on code points as Hugging Face does (.NET's own engine sees UTF-16 units, so an astral
/// letter is no letter to it). A backtracking machine over a flat program; its steps are counted, so a pattern that explodes on some
/// text ends in an error, the same on every machine, instead of a hang. Immutable and safe for concurrent use.
/// </summary>
internal sealed class Pattern
{
    private const int StepsPerCharacter = 512, MaxRetreats = 1 << 20;

    private readonly Instruction[] _program;
    private readonly string _source;

    public Pattern(string source)
    {
        _source = source;
        _program = new PatternParser(source).Parse();
    }

    /// <summary>
    /// Appends the spans of <paramref name="text"/> (well-formed UTF-16) in order, matches and what lies between them, none of them overlapping.
    /// </summary>
    public void Segment(ReadOnlySpan<char> text, List<(int Start, int End, bool IsMatch)> segments)
    {
        var machine = new Machine(this, text);
        int previous = 0, start = 0;
        while (start <= text.Length)
        {
            int end = machine.Match(0, start);
            if (end < 0)
            {
                start += Machine.Width(text, start);
                continue;
            }
            if (previous < start)
                segments.Add((previous, start, false));
            segments.Add((start, end, true));
            previous = end;
            start = end > start ? end : start + Machine.Width(text, start);
        }
        if (previous < text.Length)
            segments.Add((previous, text.Length, false));
    }

    /// <summary>Where the machine goes on after a failure: at Pc from Position, giving back one code point at a time down to Low.</summary>
    private readonly record struct Retreat(int Pc, int Position, int Low);

    private ref struct Machine(Pattern pattern, ReadOnlySpan<char> text)
    {
        private readonly ReadOnlySpan<char> _text = text;
        private readonly Instruction[] _program = pattern._program;
        private readonly string _source = pattern._source;
        private readonly List<Retreat> _retreats = [];
        private long _steps = (text.Length + 64L) * StepsPerCharacter;

        public static int Width(ReadOnlySpan<char> text, int position) =>
            position < text.Length && char.IsHighSurrogate(text[position]) ? 2 : 1;

        /// <summary>The end of the program's match at a position, −1 where there is none.</summary>
        public int Match(int pc, int position)
        {
            int bottom = _retreats.Count;
            while (true)
            {
                Spend(1);
                Instruction step = _program[pc];
                bool failed = false;
                switch (step.Operation)
                {
                    case Operation.Set:
                        failed = !TryConsume(step.Set!, ref position);
                        pc++;
                        break;
                    case Operation.Loop:
                    case Operation.PossessiveLoop:
                        int low = position;
                        int count = 0;
                        while (count < step.Second && TryConsume(step.Set!, ref position))
                            if (++count == step.First)
                                low = position;
                        Spend(count);
                        failed = count < step.First;
                        pc++;
                        if (!failed && position > low && step.Operation == Operation.Loop)
                            _retreats.Add(new Retreat(pc, position, low));
                        break;
                    case Operation.SplitIfAdvanced when LoopsInPlace(pc, position, bottom):
                        pc = Math.Max(step.First, step.Second);
                        break;
                    case Operation.Split:
                    case Operation.SplitIfAdvanced:
                        _retreats.Add(new Retreat(step.Second, position, position));
                        pc = step.First;
                        break;
                    case Operation.Jump:
                        pc = step.First;
                        break;
                    case Operation.LookAhead:
                        failed = Match(pc + 1, position) >= 0 == step.Negated;
                        pc = step.First;
                        break;
                    case Operation.Atomic:
                        int end = Match(pc + 1, position);
                        failed = end < 0;
                        position = end;
                        pc = step.First;
                        break;
                    case Operation.Match:
                        _retreats.RemoveRange(bottom, _retreats.Count - bottom);
                        return position;
                }
                if (failed && !TryRetreat(bottom, out pc, out position))
                    return -1;
            }
        }

        /// <summary>Whether the newest round of the loop at <paramref name="pc"/> began where it ended.</summary>
        private readonly bool LoopsInPlace(int pc, int position, int bottom)
        {
            Instruction step = _program[pc];
            int exit = Math.Max(step.First, step.Second);
            for (int i = _retreats.Count - 1; i >= bottom && _retreats[i].Position == position; i--)
                if (_retreats[i].Pc == exit)
                    return true;
            return false;
        }

        private readonly bool TryRetreat(int bottom, out int pc, out int position)
        {
            int top = _retreats.Count - 1;
            if (top < bottom)
            {
                (pc, position) = (0, 0);
                return false;
            }
            ref Retreat retreat = ref CollectionsMarshal.AsSpan(_retreats)[top];
            pc = retreat.Pc;
            position = retreat.Position;
            if (retreat.Position > retreat.Low)
            {
                position -= position >= 2 && char.IsLowSurrogate(_text[position - 1]) ? 2 : 1;
                retreat = retreat with { Position = position };
            }
            if (position == retreat.Low)
                _retreats.RemoveAt(top);
            return true;
        }

        private readonly bool TryConsume(CodePointSet set, ref int position)
        {
            if (position >= _text.Length)
                return false;
            int code = _text[position], width = 1;
            if (char.IsHighSurrogate((char)code))
            {
                code = char.ConvertToUtf32((char)code, _text[position + 1]);
                width = 2;
            }
            if (!set.Contains(code))
                return false;
            position += width;
            return true;
        }

        private void Spend(int steps)
        {
            _steps -= steps;
            if (_steps < 0 || _retreats.Count > MaxRetreats)
                throw new InvalidInputException(string.Create(CultureInfo.InvariantCulture,
                    $"The tokenizer's pattern backtracks without end (over {StepsPerCharacter} steps a character) on a text of {_text.Length} characters: {_source}"));
        }
    }
}
