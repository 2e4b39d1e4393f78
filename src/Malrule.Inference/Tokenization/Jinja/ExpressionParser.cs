namespace Malrule.Inference.Tokenization.Jinja;

/// <summary>
/// The expressions of Jinja2, loosest first: inline if, or, and, not, comparisons, + and −, ~, * / // %, **, signs, then what is written
/// behind a value: members, slices, calls, filters and tests. Binary operators of one level group to the left, ** too.
/// </summary>
internal abstract class ExpressionParser(List<Token> tokens, Func<int, string, InvalidInputException> error) : TokenReader(tokens, error)
{
    private static readonly HashSet<string> Comparisons = ["==", "!=", "<", "<=", ">", ">="];

    /// <summary>Names that the expressions read, for macros to see which of their extras they use.</summary>
    protected HashSet<string> NamesRead { get; set; } = [];

    /// <summary>Above 0 where the template may not come: an unknown filter or test there is no error until it is reached.</summary>
    protected int Conditionals { get; set; }

    protected Expression ParseExpression(bool withConditional = true) => Nested(() => withConditional ? Conditional() : Or());

    /// <summary>One expression, or several behind each other with commas: a tuple.</summary>
    protected Expression ParseTuple(bool withConditional = true, bool isParenthesized = false, Func<bool>? isEnd = null)
    {
        int line = Current.Line;
        var items = new List<Expression>();
        bool isTuple = false;
        while (!IsTupleEnd())
        {
            items.Add(ParseExpression(withConditional));
            if (!TryTakeOperator(","))
                break;
            isTuple = true;
        }
        if (items.Count == 0 && !isParenthesized)
            throw Unexpected("an expression");
        return items.Count == 1 && !isTuple ? items[0] : new ListLiteral(line, items, isTuple: true);

        bool IsTupleEnd() => Current.Kind is TokenKind.ExpressionEnd or TokenKind.BlockEnd || Current.IsOperator(")") || isEnd?.Invoke() == true;
    }

    /// <summary>Names to be set: one, or a tuple of them.</summary>
    protected Expression ParseTarget(bool withNamespace, Func<bool>? isEnd = null)
    {
        int line = Current.Line;
        var items = new List<Expression>();
        bool isTuple = false;
        do
        {
            if (items.Count > 0 && isEnd?.Invoke() == true)
                break;
            items.Add(SingleTarget(withNamespace));
            isTuple |= Current.IsOperator(",");
        }
        while (TryTakeOperator(","));
        return isTuple ? new ListLiteral(line, items, isTuple: true) : items[0];
    }

    private Expression SingleTarget(bool withNamespace)
    {
        if (TryTakeOperator("("))
        {
            Expression inner = Nested(() => ParseTarget(withNamespace: false));
            ExpectOperator(")");
            return inner;
        }
        Token name = Expect(TokenKind.Name, "a name");
        if (name.Text is "true" or "false" or "none" or "True" or "False" or "None")
            throw Error(name.Line, $"'{name.Text}' cannot be set.");
        return withNamespace && TryTakeOperator(".")
            ? new NamespaceMember(name.Line, name.Text, Expect(TokenKind.Name, "a name").Text)
            : new Name(name.Line, name.Text);
    }

    private Expression Conditional()
    {
        int line = Current.Line;
        Expression value = Or();
        while (TryTakeName("if"))
        {
            Conditionals++;
            Expression condition = Or();
            Expression? otherwise = TryTakeName("else") ? Nested(Conditional) : null;
            Conditionals--;
            value = new Conditional(line, condition, value, otherwise);
        }
        return value;
    }

    private Expression Or() => Logical("or", isAnd: false, And);

    private Expression And() => Logical("and", isAnd: true, Not);

    private Expression Logical(string word, bool isAnd, Func<Expression> operand)
    {
        int line = Current.Line;
        Expression value = operand();
        while (TryTakeName(word))
            value = new Logical(line, value, operand(), isAnd);
        return value;
    }

    private Expression Not()
    {
        int line = Current.Line;
        return TryTakeName("not") ? new Not(line, Nested(Not)) : Compare();
    }

    private Expression Compare()
    {
        int line = Current.Line;
        Expression first = Sum();
        var rest = new List<(string, Expression)>();
        while (true)
        {
            if (Current.Kind == TokenKind.Operator && Comparisons.Contains(Current.Text))
                rest.Add((Take().Text, Sum()));
            else if (TryTakeName("in"))
                rest.Add(("in", Sum()));
            else if (Current.IsName("not") && Next.IsName("in"))
            {
                Take();
                Take();
                rest.Add(("not in", Sum()));
            }
            else
                return rest.Count == 0 ? first : new Comparison(line, first, rest);
        }
    }

    private Expression Sum() => Binary(["+", "-"], Join);

    private Expression Join()
    {
        int line = Current.Line;
        var parts = new List<Expression> { Product() };
        while (TryTakeOperator("~"))
            parts.Add(Product());
        return parts.Count == 1 ? parts[0] : new Concatenation(line, parts);
    }

    private Expression Product() => Binary(["*", "/", "//", "%"], Power);

    private Expression Power() => Binary(["**"], () => Unary(withFilters: true));

    private Expression Binary(string[] symbols, Func<Expression> operand)
    {
        int line = Current.Line;
        Expression value = operand();
        while (Current.Kind == TokenKind.Operator && symbols.Contains(Current.Text))
            value = new BinaryOperation(line, Take().Text, value, operand());
        return value;
    }

    private Expression Unary(bool withFilters)
    {
        int line = Current.Line;
        Expression value = Current.IsOperator("-") || Current.IsOperator("+")
            ? new Sign(line, isNegative: Take().Text == "-", operand: Nested(() => Unary(withFilters: false)))
            : Primary();
        value = Postfix(value);
        return withFilters ? FiltersAndTests(value) : value;
    }

    private Expression Primary()
    {
        Token token = Take();
        switch (token.Kind)
        {
            case TokenKind.Name:
                NamesRead.Add(token.Text);
                return token.Text switch
                {
                    "true" or "True" => new Literal(token.Line, true),
                    "false" or "False" => new Literal(token.Line, false),
                    "none" or "None" => new Literal(token.Line, null),
                    _ => new Name(token.Line, token.Text),
                };
            case TokenKind.String:
                string text = token.Text;
                while (Current.Kind == TokenKind.String)
                    text += Take().Text;
                return new Literal(token.Line, text);
            case TokenKind.Number:
                return new Literal(token.Line, token.Number);
            case TokenKind.Operator when token.Text == "(":
                Expression inner = ParseTuple(isParenthesized: true);
                ExpectOperator(")");
                return inner;
            case TokenKind.Operator when token.Text == "[":
                var items = new List<Expression>();
                while (!TryTakeOperator("]"))
                {
                    Separate(items.Count);
                    if (TryTakeOperator("]"))
                        break;
                    items.Add(ParseExpression());
                }
                return new ListLiteral(token.Line, items, isTuple: false);
            case TokenKind.Operator when token.Text == "{":
                return DictionaryLiteral(token.Line);
            default:
                throw Error(token.Line, $"an expression is expected; there is {token}.");
        }
    }

    private void Separate(int count)
    {
        if (count > 0)
            ExpectOperator(",");
    }

    private DictionaryLiteral DictionaryLiteral(int line)
    {
        var members = new List<(Expression, Expression)>();
        while (!TryTakeOperator("}"))
        {
            Separate(members.Count);
            if (TryTakeOperator("}"))
                break;
            Expression key = ParseExpression();
            ExpectOperator(":");
            members.Add((key, ParseExpression()));
        }
        return new DictionaryLiteral(line, members);
    }

    private Expression Postfix(Expression value)
    {
        while (true)
        {
            int line = Current.Line;
            if (TryTakeOperator("."))
            {
                Token name = Take();
                value = name.Kind switch
                {
                    TokenKind.Name => new Access(line, value, new Literal(line, name.Text), isAttribute: true),
                    TokenKind.Number when name.Number is long => new Access(line, value, new Literal(line, name.Number), isAttribute: false),
                    _ => throw Error(line, $"a name or number is expected behind '.'; there is {name}."),
                };
            }
            else if (TryTakeOperator("["))
                value = Subscript(line, value);
            else if (Current.IsOperator("("))
                value = new Call(line, value, ParseArguments());
            else
                return value;
        }
    }

    private Expression Subscript(int line, Expression value)
    {
        bool IsEnd() => Current.IsOperator("]");
        Expression? start = Current.IsOperator(":") ? null : ParseTuple(isEnd: IsEnd);
        Expression result;
        if (TryTakeOperator(":"))
        {
            Expression? stop = Current.IsOperator(":") || IsEnd() ? null : ParseExpression();
            Expression? step = TryTakeOperator(":") && !IsEnd() ? ParseExpression() : null;
            result = new Slice(line, value, start, stop, step);
        }
        else
            result = new Access(line, value, start!, isAttribute: false);
        ExpectOperator("]");
        return result;
    }

    protected CallArguments ParseArguments()
    {
        ExpectOperator("(");
        List<Expression> positional = [];
        List<(string, Expression)> named = [];
        Expression? allPositional = null, allNamed = null;
        for (int count = 0; !TryTakeOperator(")"); count++)
        {
            Separate(count);
            if (TryTakeOperator(")"))
                break;
            if (TryTakeOperator("**") && allNamed is null)
                allNamed = ParseExpression();
            else if (TryTakeOperator("*") && allPositional is null && allNamed is null)
                allPositional = ParseExpression();
            else if (Current.Kind == TokenKind.Name && Next.IsOperator("="))
            {
                string name = Take().Text;
                Take();
                named.Add((name, ParseExpression()));
            }
            else if (named.Count == 0 && allPositional is null && allNamed is null)
                positional.Add(ParseExpression());
            else
                throw Error(Current.Line, "an argument by position stands behind one by name.");
        }
        return new CallArguments(positional, named, allPositional, allNamed);
    }

    /// <summary>Filters, tests, and calls of what they give.</summary>
    private Expression FiltersAndTests(Expression value)
    {
        while (true)
        {
            if (Current.IsOperator("|"))
                value = ParseFilters(value);
            else if (Current.IsName("is"))
                value = Test(value);
            else if (Current.IsOperator("("))
                value = new Call(Current.Line, value, ParseArguments());
            else
                return value;
        }
    }

    /// <summary>A chain of filters; <paramref name="isOpen"/> where the first stands without its <c>|</c>.</summary>
    protected Expression ParseFilters(Expression value, bool isOpen = false)
    {
        while (isOpen || TryTakeOperator("|"))
        {
            isOpen = false;
            Token name = DottedName();
            if (Conditionals == 0 && !Filters.Exists(name.Text))
                throw Error(name.Line, $"there is no filter '{name.Text}'.");
            value = new FilterCall(name.Line, value, name.Text, Current.IsOperator("(") ? ParseArguments() : CallArguments.None);
        }
        return value;
    }

    private Expression Test(Expression value)
    {
        int line = Take().Line;
        bool isNegated = TryTakeName("not");
        Token name = DottedName();
        if (Conditionals == 0 && !Tests.Exists(name.Text))
            throw Error(name.Line, $"there is no test '{name.Text}'.");
        CallArguments arguments = CallArguments.None;
        if (Current.IsOperator("("))
            arguments = ParseArguments();
        else if (Current.Kind is TokenKind.String or TokenKind.Number || Current.IsOperator("[") || Current.IsOperator("{")
            || Current.Kind == TokenKind.Name && Current.Text is not ("else" or "or" or "and" or "if" or "in" or "not" or "is"))
        {
            arguments = new CallArguments([Nested(() => Postfix(Primary()))], [], null, null);
        }
        Expression test = new TestCall(line, value, name.Text, arguments);
        return isNegated ? new Not(line, test) : test;
    }

    private Token DottedName()
    {
        Token name = Expect(TokenKind.Name, "a name");
        while (TryTakeOperator("."))
            name = name with { Text = $"{name.Text}.{Expect(TokenKind.Name, "a name").Text}" };
        return name;
    }
}
