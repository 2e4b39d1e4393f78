using System.Globalization;
using System.Text;

namespace Malrule.Inference.Tokenization.Patterns;

/// <summary>
/// Compiles a pattern in the Oniguruma notation of <c>tokenizer.json</c> to the program of <see cref="Pattern"/>. It knows what
/// tokenizers use: alternation, groups, <c>(?i:…)</c>, look-ahead, atomic groups, classes, categories, and greedy, lazy and possessive
/// quantifiers. Everything else is refused by name. Code layout: a Split tries its first way, then its second.
/// </summary>
/// <param name="pattern">The pattern.</param>
/// <param name="ofOutputs">
/// Whether it is one that a model's outputs must match: then \d, \w and \s are ASCII's, as in JavaScript, and there are anchors.
/// </param>
internal sealed class PatternParser(string pattern, bool ofOutputs = false)
{
    private const int MaxNesting = 64, MaxInstructions = 20_000, MaxRepeat = 1_000;

    private readonly List<Instruction> _program = [];
    private int _position;
    private int _nesting;
    private bool _ignoreCase;

    public Instruction[] Parse()
    {
        Alternatives();
        if (_position < pattern.Length)
            throw Error("an unmatched ')'");
        Emit(new Instruction(Operation.Match));
        return [.. _program];
    }

    private void Alternatives()
    {
        if (++_nesting > MaxNesting)
            throw Error($"groups nested deeper than {MaxNesting}");
        var exits = new List<int>();
        while (true)
        {
            int start = _program.Count;
            while (_position < pattern.Length && pattern[_position] is not ('|' or ')'))
                Term();
            if (!TryTake('|'))
                break;
            Insert(start, new Instruction(Operation.Split, First: start + 1, Second: _program.Count + 2));
            exits.Add(Emit(new Instruction(Operation.Jump)));
        }
        foreach (int exit in exits)
            _program[exit] = _program[exit] with { First = _program.Count };
        _nesting--;
    }

    private void Term()
    {
        int start = _program.Count;
        Atom();
        if (_position == pattern.Length)
            return;
        (int Min, int Max)? repeat = Quantifier();
        if (repeat is not (int min, int max))
            return;
        bool lazy = TryTake('?'), possessive = !lazy && TryTake('+');

        if (_program.Count == start + 1 && _program[start].Operation == Operation.Set && !lazy)
        {
            Instruction set = _program[start];
            _program[start] = set with { Operation = possessive ? Operation.PossessiveLoop : Operation.Loop, First = min, Second = max };
        }
        else
            Repeat(start, min, max, lazy, possessive);
    }

    /// <summary>Writes the piece from <paramref name="start"/> as often as its quantifier says.</summary>
    private void Repeat(int start, int min, int max, bool lazy, bool possessive)
    {
        Instruction[] piece = [.. _program[start..]];
        _program.RemoveRange(start, piece.Length);
        int atomic = possessive ? Emit(new Instruction(Operation.Atomic)) : -1;
        for (int i = 0; i < min; i++)
            Copy(piece, start);
        if (max == int.MaxValue)
        {
            int loop = Emit(new Instruction(Operation.SplitIfAdvanced));
            Copy(piece, start);
            Emit(new Instruction(Operation.Jump, First: loop));
            _program[loop] = Branch(Operation.SplitIfAdvanced, loop + 1, _program.Count, lazy);
        }
        else
        {
            var splits = new List<int>();
            for (int i = min; i < max; i++)
            {
                splits.Add(Emit(new Instruction(Operation.Split)));
                Copy(piece, start);
            }
            foreach (int split in splits)
                _program[split] = Branch(Operation.Split, split + 1, _program.Count, lazy);
        }
        if (possessive)
            Close(atomic);
    }

    private static Instruction Branch(Operation operation, int body, int exit, bool lazy) =>
        lazy ? new Instruction(operation, First: exit, Second: body) : new Instruction(operation, First: body, Second: exit);

    private void Copy(Instruction[] piece, int origin)
    {
        int shift = _program.Count - origin;
        foreach (Instruction instruction in piece)
            Emit(instruction.Moved(shift));
    }

    /// <summary>Ends a sub-program whose opening instruction remembers where to go on.</summary>
    private void Close(int opening)
    {
        Emit(new Instruction(Operation.Match));
        _program[opening] = _program[opening] with { First = _program.Count };
    }

    private (int Min, int Max)? Quantifier()
    {
        switch (pattern[_position])
        {
            case '?':
                _position++;
                return (0, 1);
            case '*':
                _position++;
                return (0, int.MaxValue);
            case '+':
                _position++;
                return (1, int.MaxValue);
            case '{':
                int close = pattern.IndexOf('}', _position);
                string[] bounds = close < 0 ? [] : pattern[(_position + 1)..close].Split(',');
                if (bounds.Length is not (1 or 2) || !TryBound(bounds[0], out int min))
                    throw Error("a '{' that opens no {min,max} (write \\{ for the character)");
                int max = bounds.Length == 1 ? min : int.MaxValue;
                if (bounds.Length == 2 && bounds[1].Length > 0 && !TryBound(bounds[1], out max) || max < min)
                    throw Error("a {min,max} that counts no repeats");
                _position = close + 1;
                return (min, max);
            default:
                return null;
        }

        static bool TryBound(string text, out int bound) =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out bound) && bound <= MaxRepeat;
    }

    private void Atom()
    {
        char c = pattern[_position++];
        switch (c)
        {
            case '(':
                Group();
                break;
            case '[':
                Emit(new Instruction(Operation.Set, Class()));
                break;
            case '.':
                Emit(new Instruction(Operation.Set, CodePointSet.Dot));
                break;
            case '\\':
                Emit(new Instruction(Operation.Set, CodePointSet.Of(Escape(), _ignoreCase)));
                break;
            case '^' or '$' when ofOutputs:
                Emit(new Instruction(c == '^' ? Operation.Start : Operation.End));
                break;
            case '^' or '$':
                throw Error($"the anchor '{c}'");
            case '*' or '+' or '?' or '{':
                throw Error($"a '{c}' with nothing to repeat");
            default:
                _position--;
                int code = CodePoint();
                Emit(new Instruction(Operation.Set, CodePointSet.Of(CodePointSet.Item.Range(code, code), _ignoreCase)));
                break;
        }
    }

    private void Group()
    {
        bool ignoreCase = _ignoreCase;
        int opening = -1;
        if (TryTake("?i:"))
            _ignoreCase = true;
        else if (TryTake("?=") || TryTake("?!"))
            opening = Emit(new Instruction(Operation.LookAhead, Negated: pattern[_position - 1] == '!'));
        else if (TryTake("?>"))
            opening = Emit(new Instruction(Operation.Atomic));
        else if (!TryTake("?:") && _position < pattern.Length && pattern[_position] == '?')
            throw Error($"the group '({pattern[_position..Math.Min(_position + 3, pattern.Length)]}'");

        Alternatives();
        if (!TryTake(')'))
            throw Error("a '(' that is never closed");
        if (opening >= 0)
            Close(opening);
        _ignoreCase = ignoreCase;
    }

    private CodePointSet Class()
    {
        bool negated = TryTake('^');
        var items = new List<CodePointSet.Item>();
        while (true)
        {
            if (_position == pattern.Length)
                throw Error("a '[' that is never closed");
            if (items.Count > 0 && TryTake(']'))
                return new CodePointSet(items, negated, _ignoreCase);
            if (pattern[_position] == '[' || string.CompareOrdinal(pattern, _position, "&&", 0, 2) == 0)
                throw Error("a class within a class");
            CodePointSet.Item item = ClassItem();
            bool isRange = item.First <= item.Last && _position + 1 < pattern.Length && pattern[_position] == '-' && pattern[_position + 1] != ']';
            if (isRange)
            {
                _position++;
                CodePointSet.Item last = ClassItem();
                if (last.First < item.First || last.Last < last.First)
                    throw Error("a range whose ends are out of order");
                item = CodePointSet.Item.Range(item.First, last.First);
            }
            items.Add(item);
        }
    }

    private CodePointSet.Item ClassItem()
    {
        if (TryTake('\\'))
            return Escape();
        int code = CodePoint();
        return CodePointSet.Item.Range(code, code);
    }

    private CodePointSet.Item Escape()
    {
        if (_position == pattern.Length)
            throw Error("a '\\' with nothing behind it");
        char c = pattern[_position++];
        int code = c switch
        {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'f' => '\f',
            'v' => '\v',
            'x' => Hex(2),
            'u' => Hex(4),
            _ => char.IsAsciiLetterOrDigit(c) || c >= 128 ? -1 : c,
        };
        if (code >= 0)
            return CodePointSet.Item.Range(code, code);
        return c switch
        {
            's' or 'S' => CodePointSet.Item.Space(c == 'S', ofOutputs),
            'd' or 'D' => CodePointSet.Item.Digit(c == 'D', ofOutputs),
            'w' or 'W' => CodePointSet.Item.Word(c == 'W', ofOutputs),
            'p' or 'P' => Property(c == 'P'),
            _ => throw Error($"the escape '\\{c}'"),
        };
    }

    private CodePointSet.Item Property(bool negated)
    {
        int close = _position < pattern.Length && pattern[_position] == '{' ? pattern.IndexOf('}', _position) : -1;
        if (close < 0)
            throw Error("a \\p without its {category}");
        string name = pattern[(_position + 1)..close];
        bool inverse = name.StartsWith('^');
        CodePointSet.Item item = CodePointSet.Item.Category(inverse ? name[1..] : name, negated != inverse)
            ?? throw Error($"the property \\p{{{name}}} (general categories such as L or Nd are known)");
        _position = close + 1;
        return item;
    }

    private int Hex(int digits)
    {
        bool braced = TryTake('{');
        int end = braced ? pattern.IndexOf('}', _position) : _position + digits;
        if (end < 0 || end > pattern.Length
            || !int.TryParse(pattern.AsSpan(_position, end - _position), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int code)
            || !Rune.IsValid(code))
        {
            throw Error("a hexadecimal escape that names no code point");
        }
        _position = braced ? end + 1 : end;
        return code;
    }

    private int CodePoint()
    {
        char c = pattern[_position++];
        return char.IsHighSurrogate(c) ? char.ConvertToUtf32(c, pattern[_position++]) : c;
    }

    private bool TryTake(char c)
    {
        if (_position == pattern.Length || pattern[_position] != c)
            return false;
        _position++;
        return true;
    }

    private bool TryTake(string text)
    {
        if (string.CompareOrdinal(pattern, _position, text, 0, text.Length) != 0)
            return false;
        _position += text.Length;
        return true;
    }

    private int Emit(Instruction instruction)
    {
        if (_program.Count == MaxInstructions)
            throw Error($"more than {MaxInstructions} steps");
        _program.Add(instruction);
        return _program.Count - 1;
    }

    /// <summary>Puts an instruction before the piece from <paramref name="at"/>, whose own jumps move along.</summary>
    private void Insert(int at, Instruction instruction)
    {
        for (int i = at; i < _program.Count; i++)
            _program[i] = _program[i].Moved(1);
        _program.Insert(at, instruction);
    }

    private InvalidInputException Error(string found) =>
        new($"the pattern holds {found} at character {_position}, which Malrule does not support: {pattern}");
}
