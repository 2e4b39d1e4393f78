namespace Malrule.Inference.Tokenization.Jinja;

/// <summary>
/// The statements of Jinja2 and of transformers' environment (<c>break</c>, <c>continue</c>, <c>generation</c>). Tags that would load other
/// templates do not exist here.
/// </summary>
internal sealed class Parser(List<Token> tokens, Func<int, string, InvalidInputException> error) : ExpressionParser(tokens, error)
{
    private int _loops;

    public IReadOnlyList<Statement> ParseTemplate()
    {
        IReadOnlyList<Statement> body = Body([]);
        return Current.Kind == TokenKind.End ? body : throw Unexpected("the end of the template");
    }

    /// <summary>Statements up to a tag of one of the given names, which is left to be read from its name on.</summary>
    private List<Statement> Body(params ReadOnlySpan<string> ends)
    {
        var body = new List<Statement>();
        while (true)
        {
            Token token = Take();
            switch (token.Kind)
            {
                case TokenKind.Data:
                    body.Add(new Text(token.Line, token.Text));
                    break;
                case TokenKind.ExpressionBegin:
                    body.Add(new Print(token.Line, ParseTuple()));
                    Expect(TokenKind.ExpressionEnd, "'}}'");
                    break;
                case TokenKind.BlockBegin:
                    foreach (string end in ends)
                        if (Current.IsName(end))
                            return body;
                    body.Add(Nested(Statement));
                    Expect(TokenKind.BlockEnd, "'%}'");
                    break;
                default:
                    return ends.Length == 0 ? body
                        : throw Error(token.Line, $"the template ends where '{ends[^1]}' is expected.");
            }
        }
    }

    private Statement Statement()
    {
        Token tag = Expect(TokenKind.Name, "the name of a tag");
        return tag.Text switch
        {
            "if" => If(tag.Line),
            "for" => For(tag.Line),
            "set" => Set(tag.Line),
            "macro" => Macro(tag.Line),
            "call" => CallBlock(tag.Line),
            "filter" => FilterBlock(tag.Line),
            "with" => With(tag.Line),
            "break" or "continue" when _loops > 0 => new Jump(tag.Line, tag.Text == "break" ? Flow.Break : Flow.Continue),
            "break" or "continue" => throw Error(tag.Line, $"'{tag.Text}' stands outside a loop."),
            "generation" => new With(tag.Line, [], BodyUntil("endgeneration")),
            _ => throw Error(tag.Line, $"there is no tag '{tag.Text}' here."),
        };
    }

    /// <summary>The body of a tag and its end.</summary>
    private List<Statement> BodyUntil(string end)
    {
        Expect(TokenKind.BlockEnd, "'%}'");
        List<Statement> body = Body(end);
        Take();
        return body;
    }

    private If If(int line)
    {
        var branches = new List<(Expression, IReadOnlyList<Statement>)>();
        IReadOnlyList<Statement> otherwise = [];
        bool isMore = true;
        while (isMore)
        {
            Expression condition = ParseTuple(withConditional: false);
            Expect(TokenKind.BlockEnd, "'%}'");
            Conditionals++;
            branches.Add((condition, Body("elif", "else", "endif")));
            isMore = Current.IsName("elif");
            if (Take().IsName("else"))
                otherwise = BodyUntil("endif");
            Conditionals--;
        }
        return new If(line, branches, otherwise);
    }

    private For For(int line)
    {
        Expression target = ParseTarget(withNamespace: false, isEnd: () => Current.IsName("in"));
        if (!TryTakeName("in"))
            throw Unexpected("'in'");
        Expression elements = ParseTuple(withConditional: false, isEnd: () => Current.IsName("recursive"));
        Expression? condition = TryTakeName("if") ? ParseExpression() : null;
        bool isRecursive = TryTakeName("recursive");
        Expect(TokenKind.BlockEnd, "'%}'");
        _loops++;
        IReadOnlyList<Statement> body = Body("else", "endfor");
        _loops--;
        IReadOnlyList<Statement> otherwise = Take().IsName("else") ? BodyUntil("endfor") : [];
        return new For(line, target, elements, condition, isRecursive, body, otherwise);
    }

    private Set Set(int line)
    {
        Expression target = ParseTarget(withNamespace: true);
        if (TryTakeOperator("="))
            return new Set(line, target, ParseTuple());
        if (target is ListLiteral)
            throw Unexpected("'='");
        var captured = new Captured(line);
        Expression value = ParseFilters(captured);
        captured.Body = BodyOutsideLoops("endset");
        return new Set(line, target, value);
    }

    private Print FilterBlock(int line)
    {
        var captured = new Captured(line);
        Expression value = ParseFilters(captured, isOpen: true);
        captured.Body = BodyOutsideLoops("endfilter");
        return new Print(line, value);
    }

    private Macro Macro(int line)
    {
        string name = Expect(TokenKind.Name, "the macro's name").Text;
        return new Macro(line, name, ParseMacroBody("endmacro"));
    }

    private CallBlock CallBlock(int line)
    {
        IReadOnlyList<(string, Expression?)> parameters = Current.IsOperator("(") ? Parameters() : [];
        if (ParseExpression() is not Call call)
            throw Error(line, "a call block needs a call.");
        return new CallBlock(line, call, new MacroBody(parameters, BodyOutsideLoops("endcall"), new HashSet<string>()));
    }

    private With With(int line)
    {
        var settings = new List<(Expression, Expression)>();
        while (Current.Kind != TokenKind.BlockEnd)
        {
            if (settings.Count > 0)
                ExpectOperator(",");
            Expression target = ParseTarget(withNamespace: false);
            ExpectOperator("=");
            settings.Add((target, ParseExpression()));
        }
        return new With(line, settings, BodyUntil("endwith"));
    }

    private MacroBody ParseMacroBody(string end)
    {
        HashSet<string> outerNames = NamesRead;
        NamesRead = [];
        IReadOnlyList<(string, Expression?)> parameters = Parameters();
        IReadOnlyList<Statement> body = BodyOutsideLoops(end);
        HashSet<string> extras = [.. NamesRead.Intersect(["caller", "varargs", "kwargs"]).Except(parameters.Select(parameter => parameter.Item1))];
        NamesRead = outerNames;
        return new MacroBody(parameters, body, extras);
    }

    private List<(string, Expression?)> Parameters()
    {
        var parameters = new List<(string, Expression?)>();
        ExpectOperator("(");
        while (!TryTakeOperator(")"))
        {
            if (parameters.Count > 0)
                ExpectOperator(",");
            string name = Expect(TokenKind.Name, "a parameter's name").Text;
            if (TryTakeOperator("="))
                parameters.Add((name, ParseExpression()));
            else if (parameters.Count > 0 && parameters[^1].Item2 is not null)
                throw Error(Current.Line, $"the parameter '{name}' needs a default, as the one before it has one.");
            else
                parameters.Add((name, null));
        }
        return parameters;
    }

    /// <summary>A body that no <c>break</c> can leave.</summary>
    private List<Statement> BodyOutsideLoops(string end)
    {
        int loops = _loops;
        _loops = 0;
        List<Statement> body = BodyUntil(end);
        _loops = loops;
        return body;
    }
}
