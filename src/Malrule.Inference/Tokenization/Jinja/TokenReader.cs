namespace Malrule.Inference.Tokenization.Jinja;

/// <summary>Goes through a template's tokens, one ahead of what it has taken, and says where something else was expected.</summary>
internal abstract class TokenReader(List<Token> tokens, Func<int, string, InvalidInputException> error)
{
    private const int MaxNesting = 100;

    private int _position;
    private int _nesting;

    protected Token Current => tokens[_position];

    /// <summary>The token behind the current one, which is not the last.</summary>
    protected Token Next => tokens[_position + 1];

    protected Token Take()
    {
        Token token = tokens[_position];
        if (token.Kind != TokenKind.End)
            _position++;
        return token;
    }

    protected Token Expect(TokenKind kind, string what) => Current.Kind == kind ? Take() : throw Unexpected(what);

    protected void ExpectOperator(string text)
    {
        if (!TryTakeOperator(text))
            throw Unexpected($"'{text}'");
    }

    protected bool TryTakeOperator(string text)
    {
        bool found = Current.IsOperator(text);
        _position += found ? 1 : 0;
        return found;
    }

    protected bool TryTakeName(string name)
    {
        bool found = Current.IsName(name);
        _position += found ? 1 : 0;
        return found;
    }

    protected InvalidInputException Unexpected(string expected) => Error(Current.Line, $"{expected} is expected; there is {Current}.");

    protected InvalidInputException Error(int line, string message) => error(line, message);

    /// <summary>Counts one level of nesting around <paramref name="parse"/>, so that no template overflows the stack.</summary>
    protected T Nested<T>(Func<T> parse)
    {
        if (++_nesting > MaxNesting)
            throw Error(Current.Line, $"the template nests deeper than {MaxNesting} levels.");
        T result = parse();
        _nesting--;
        return result;
    }
}
