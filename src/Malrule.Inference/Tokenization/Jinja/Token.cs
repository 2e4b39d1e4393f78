namespace Malrule.Inference.Tokenization.Jinja;

internal enum TokenKind
{
    /// <summary>Text between tags.</summary>
    Data,
    ExpressionBegin,
    ExpressionEnd,
    BlockBegin,
    BlockEnd,
    Name,
    String,
    Number,
    Operator,
    End,
}

/// <summary>A token of a template.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Data, name, operator, or the value of a string literal.</param>
/// <param name="Line">The line of the template on which it starts, from 1.</param>
/// <param name="Number">The value of a number: <see cref="long"/> or <see cref="double"/>.</param>
internal readonly record struct Token(TokenKind Kind, string Text, int Line, object? Number = null)
{
    public bool IsName(string name) => Kind == TokenKind.Name && Text == name;

    public bool IsOperator(string text) => Kind == TokenKind.Operator && Text == text;

    public override string ToString() => Kind switch
    {
        TokenKind.End => "the end of the template",
        TokenKind.ExpressionEnd => "the end of the expression",
        TokenKind.BlockEnd => "the end of the tag",
        TokenKind.Number => $"{Number}",
        _ => $"'{Text}'",
    };
}
