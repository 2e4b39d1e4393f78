using System.Globalization;
using System.Text;

namespace Malrule.Inference.Tokenization.Jinja;

/// <summary>
/// Cuts a template into tokens as Jinja2 does with transformers' settings: <c>trim_blocks</c> (the newline behind a tag goes),
/// <c>lstrip_blocks</c> (white space between the start of a line and a tag goes), <c>-</c> and <c>+</c> at the edge of a tag to strip more or
/// nothing, one newline dropped at the end of the template, and CR LF read as LF.
/// </summary>
internal sealed class Lexer
{
    private static readonly string[] Operators =
        ["**", "//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">", "=", ".", ":", "|", ",", ";", "(", ")", "[", "]", "{", "}"];

    private readonly string _source;
    private readonly Func<int, string, InvalidInputException> _error;
    private readonly List<Token> _tokens = [];
    private int _position;
    private int _line = 1;
    private bool _lineStarting = true;

    /// <param name="template">The template.</param>
    /// <param name="error">Makes an error from a line and a message.</param>
    public Lexer(string template, Func<int, string, InvalidInputException> error)
    {
        _error = error;
        _source = template.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        if (_source.EndsWith('\n'))
            _source = _source[..^1];
    }

    public List<Token> Tokenize()
    {
        while (_position < _source.Length)
        {
            int tag = NextTag();
            Data(tag);
            if (tag == _source.Length)
                break;
            switch (_source[tag + 1])
            {
                case '#':
                    Comment();
                    break;
                case '%' when TryRaw():
                    break;
                case '%':
                    Tag(TokenKind.BlockBegin, TokenKind.BlockEnd, '%');
                    break;
                default:
                    Tag(TokenKind.ExpressionBegin, TokenKind.ExpressionEnd, '}');
                    break;
            }
        }
        Add(TokenKind.End, "");
        return _tokens;
    }

    private int NextTag()
    {
        for (int i = _source.IndexOf('{', _position); i >= 0 && i + 1 < _source.Length; i = _source.IndexOf('{', i + 1))
            if (_source[i + 1] is '{' or '%' or '#')
                return i;
        return _source.Length;
    }

    /// <summary>Emits the text up to a tag, stripped as the tag's sign and the settings ask; stays at the tag.</summary>
    private void Data(int tag)
    {
        string text = _source[_position..tag];
        char sign = tag + 2 < _source.Length ? _source[tag + 2] : '\0';
        string kept = text;
        if (tag < _source.Length && sign == '-')
            kept = text.TrimEnd(PythonText.WhiteSpace);
        else if (tag < _source.Length && sign != '+' && _source[tag + 1] != '{')
        {
            int lineStart = text.LastIndexOf('\n') + 1;
            if ((lineStart > 0 || _lineStarting) && text.AsSpan(lineStart).Trim(PythonText.WhiteSpace).IsEmpty)
                kept = text[..lineStart];
        }
        if (kept.Length > 0)
            Add(TokenKind.Data, kept);
        Advance(tag);
    }

    private void Comment()
    {
        int close = _source.IndexOf("#}", _position + 2, StringComparison.Ordinal);
        if (close < 0)
            throw Error("a comment is never closed");
        Advance(close);
        EndTag(_source[close - 1], 2, trimsNewline: true);
    }

    private void Tag(TokenKind begin, TokenKind end, char closing)
    {
        Add(begin, _source.Substring(_position, 2));
        int opening = _position + 2;
        Advance(opening < _source.Length && _source[opening] is '-' or '+' ? opening + 1 : opening);
        var open = new Stack<char>();
        while (true)
        {
            SkipWhiteSpace();
            if (_position == _source.Length)
                throw Error("a tag is never closed");
            if (open.Count == 0)
            {
                char sign = _source[_position] is '-' or '+' ? _source[_position] : '\0';
                int at = sign == '\0' ? _position : _position + 1;
                bool closes = at + 1 < _source.Length && _source[at] == closing && _source[at + 1] == '}' && !(sign == '+' && closing == '}');
                if (closes)
                {
                    Add(end, "");
                    EndTag(sign, at + 2 - _position, trimsNewline: closing == '%');
                    return;
                }
            }
            Lexeme(open);
        }
    }

    /// <summary>Passes the end of a tag and the white space that goes with it.</summary>
    private void EndTag(char sign, int length, bool trimsNewline)
    {
        int end = _position + length;
        if (sign == '-')
            while (end < _source.Length && PythonText.IsWhiteSpace(_source[end]))
                end++;
        else if (sign != '+' && trimsNewline && end < _source.Length && _source[end] == '\n')
            end++;
        Advance(end);
    }

    /// <summary>Text between <c>{% raw %}</c> and <c>{% endraw %}</c> is data.</summary>
    private bool TryRaw()
    {
        if (RawTag(_position, "raw") is not (int start, char endSign))
            return false;
        Advance(start);
        if (endSign == '-')
            EndTag('-', 0, trimsNewline: false);
        for (int i = _source.IndexOf("{%", _position, StringComparison.Ordinal); i >= 0; i = _source.IndexOf("{%", i + 2, StringComparison.Ordinal))
        {
            if (RawTag(i, "endraw") is not (int end, char sign))
                continue;
            Data(i);
            Advance(end);
            EndTag(sign, 0, trimsNewline: true);
            return true;
        }
        throw Error("a raw block is never closed");
    }

    /// <summary>Where a tag that holds only a name ends, with the sign before its end; null for any other tag.</summary>
    private (int End, char Sign)? RawTag(int position, string name)
    {
        int i = position + 2;
        if (i < _source.Length && _source[i] is '-' or '+')
            i++;
        while (i < _source.Length && PythonText.IsWhiteSpace(_source[i]))
            i++;
        if (string.CompareOrdinal(_source, i, name, 0, name.Length) != 0)
            return null;
        i += name.Length;
        while (i < _source.Length && PythonText.IsWhiteSpace(_source[i]))
            i++;
        char sign = i < _source.Length && (_source[i] == '-' || _source[i] == '+' && name == "endraw") ? _source[i++] : '\0';
        return string.CompareOrdinal(_source, i, "%}", 0, 2) == 0 ? (i + 2, sign) : null;
    }

    private void Lexeme(Stack<char> open)
    {
        char c = _source[_position];
        if (char.IsAsciiDigit(c))
            Number();
        else if (c == '_' || char.IsLetter(c))
        {
            int end = _position + 1;
            while (end < _source.Length && (_source[end] == '_' || char.IsLetterOrDigit(_source[end])))
                end++;
            Add(TokenKind.Name, _source[_position..end]);
            Advance(end);
        }
        else if (c is '\'' or '"')
            String(c);
        else
            Operator(open);
    }

    private void Operator(Stack<char> open)
    {
        string text = Array.Find(Operators, text => string.CompareOrdinal(_source, _position, text, 0, text.Length) == 0)
            ?? throw Error($"there is an unexpected '{_source[_position]}'");
        if (text is "(" or "[" or "{")
            open.Push(text == "(" ? ')' : text == "[" ? ']' : '}');
        else if (text is ")" or "]" or "}" && (open.Count == 0 || open.Pop() != text[0]))
            throw Error($"there is an unexpected '{text}'");
        Add(TokenKind.Operator, text);
        Advance(_position + text.Length);
    }

    private void Number()
    {
        int end = _position;
        bool IsDigit(int i) => i < _source.Length && (char.IsAsciiDigit(_source[i]) || _source[i] == '_' && i + 1 < _source.Length && char.IsAsciiDigit(_source[i + 1]));
        void Digits()
        {
            while (IsDigit(end))
                end++;
        }
        Digits();
        bool isFloat = false;
        if (end + 1 < _source.Length && _source[end] == '.' && char.IsAsciiDigit(_source[end + 1]))
        {
            isFloat = true;
            end++;
            Digits();
        }
        if (end < _source.Length && _source[end] is 'e' or 'E')
        {
            int exponent = end + 1 < _source.Length && _source[end + 1] is '+' or '-' ? end + 2 : end + 1;
            if (exponent < _source.Length && char.IsAsciiDigit(_source[exponent]))
            {
                isFloat = true;
                end = exponent;
                Digits();
            }
        }
        string digits = _source[_position..end].Replace("_", "", StringComparison.Ordinal);
        object number = isFloat ? (object)double.Parse(digits, CultureInfo.InvariantCulture) // boxed, or integers would become doubles too
            : long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long integer) ? integer
            : throw Error($"the number {digits} is too large");
        _tokens.Add(new Token(TokenKind.Number, digits, _line, number));
        Advance(end);
    }

    private void String(char quote)
    {
        int line = _line;
        var value = new StringBuilder();
        int i = _position + 1;
        for (; i < _source.Length && _source[i] != quote; i++)
        {
            if (_source[i] == '\\' && i + 1 < _source.Length)
                i = Escape(i + 1, value);
            else
                value.Append(_source[i]);
        }
        if (i == _source.Length)
            throw Error("a string is never closed");
        _tokens.Add(new Token(TokenKind.String, value.ToString(), line));
        Advance(i + 1);
    }

    /// <summary>Reads a Python escape at the character behind the backslash and returns the position of its last character.</summary>
    private int Escape(int at, StringBuilder value)
    {
        char c = _source[at];
        int digits = c switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
        if (digits > 0)
        {
            if (at + digits >= _source.Length
                || !uint.TryParse(_source.AsSpan(at + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint code)
                || !Rune.IsValid(code))
            {
                throw Error($"the escape \\{c} names no character");
            }
            value.AppendRune((int)code);
            return at + digits;
        }
        if (c is >= '0' and <= '7')
        {
            int end = at, code = 0;
            while (end < at + 3 && end < _source.Length && _source[end] is >= '0' and <= '7')
                code = code * 8 + (_source[end++] - '0');
            value.Append((char)code);
            return end - 1;
        }
        const string Known = "\\'\"abfnrtv\n";
        int index = Known.IndexOf(c, StringComparison.Ordinal);
        if (index < 0)
            value.Append('\\').Append(c); // Python keeps an escape it does not know
        else if (c != '\n')
            value.Append("\\'\"\a\b\f\n\r\t\v"[index]);
        return at;
    }

    private void SkipWhiteSpace()
    {
        int end = _position;
        while (end < _source.Length && PythonText.IsWhiteSpace(_source[end]))
            end++;
        Advance(end);
    }

    private void Advance(int position)
    {
        ReadOnlySpan<char> passed = _source.AsSpan(_position..position);
        _line += passed.Count('\n');
        if (position > _position)
            _lineStarting = passed[^1] == '\n';
        _position = position;
    }

    private void Add(TokenKind kind, string text) => _tokens.Add(new Token(kind, text, _line));

    private InvalidInputException Error(string message) => _error(_line, message);
}
