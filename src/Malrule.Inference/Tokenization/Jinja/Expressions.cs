namespace Malrule.Inference.Tokenization.Jinja;

/// <summary>A node that has a value.</summary>
internal abstract class Expression(int line)
{
    public int Line { get; } = line;

    public object? Evaluate(Rendering rendering, Scope scope)
    {
        rendering.Enter(Line);
        object? value = ValueIn(rendering, scope);
        rendering.Leave();
        return value;
    }

    protected abstract object? ValueIn(Rendering rendering, Scope scope);

    protected static object?[] All(IReadOnlyList<Expression> expressions, Rendering rendering, Scope scope)
    {
        var values = new object?[expressions.Count];
        for (int i = 0; i < values.Length; i++)
            values[i] = expressions[i].Evaluate(rendering, scope);
        return values;
    }
}

internal sealed class Literal(int line, object? value) : Expression(line)
{
    public object? Value => value;

    protected override object? ValueIn(Rendering rendering, Scope scope) => value;
}

internal sealed class Name(int line, string text) : Expression(line)
{
    public string Text => text;

    protected override object? ValueIn(Rendering rendering, Scope scope) => scope.Get(text);
}

internal sealed class ListLiteral(int line, IReadOnlyList<Expression> items, bool isTuple) : Expression(line)
{
    public IReadOnlyList<Expression> Items => items;

    protected override object? ValueIn(Rendering rendering, Scope scope) => new ListValue(All(items, rendering, scope), isTuple);
}

internal sealed class DictionaryLiteral(int line, IReadOnlyList<(Expression Key, Expression Value)> members) : Expression(line)
{
    protected override object? ValueIn(Rendering rendering, Scope scope)
    {
        var dictionary = new DictionaryValue();
        foreach ((Expression key, Expression value) in members)
        {
            object? name = key.Evaluate(rendering, scope);
            if (name is not (string or long or bool or double))
                throw Values.Unusable(name, rendering) ?? rendering.Error($"{Values.Kind(name)} cannot be a key of a mapping.");
            dictionary.Set(name, value.Evaluate(rendering, scope));
        }
        return dictionary;
    }
}

internal sealed class Conditional(int line, Expression condition, Expression then, Expression? otherwise) : Expression(line)
{
    protected override object? ValueIn(Rendering rendering, Scope scope) =>
        Values.IsTrue(condition.Evaluate(rendering, scope)) ? then.Evaluate(rendering, scope)
        : otherwise is not null ? otherwise.Evaluate(rendering, scope)
        : new Undefined("the inline if has no else and its condition is false");
}

/// <summary><c>and</c> and <c>or</c>, which give one of their operands.</summary>
internal sealed class Logical(int line, Expression left, Expression right, bool isAnd) : Expression(line)
{
    protected override object? ValueIn(Rendering rendering, Scope scope)
    {
        object? value = left.Evaluate(rendering, scope);
        return Values.IsTrue(value) == isAnd ? right.Evaluate(rendering, scope) : value;
    }
}

internal sealed class Not(int line, Expression operand) : Expression(line)
{
    protected override object? ValueIn(Rendering rendering, Scope scope) => !Values.IsTrue(operand.Evaluate(rendering, scope));
}

internal sealed class Sign(int line, Expression operand, bool isNegative) : Expression(line)
{
    protected override object? ValueIn(Rendering rendering, Scope scope) => Arithmetic.Signed(operand.Evaluate(rendering, scope), isNegative, rendering);
}

internal sealed class BinaryOperation(int line, string symbol, Expression left, Expression right) : Expression(line)
{
    protected override object? ValueIn(Rendering rendering, Scope scope) =>
        Arithmetic.Apply(symbol, left.Evaluate(rendering, scope), right.Evaluate(rendering, scope), rendering);
}

/// <summary>The operands of <c>~</c> as text, joined.</summary>
internal sealed class Concatenation(int line, IReadOnlyList<Expression> parts) : Expression(line)
{
    protected override object? ValueIn(Rendering rendering, Scope scope) =>
        rendering.Counted(string.Concat(All(parts, rendering, scope).Select(part => ValueText.Of(part, rendering))));
}

/// <summary>A chain of comparisons: all must hold, each operand is evaluated once.</summary>
internal sealed class Comparison(int line, Expression first, IReadOnlyList<(string Symbol, Expression Operand)> rest) : Expression(line)
{
    protected override object? ValueIn(Rendering rendering, Scope scope)
    {
        object? left = first.Evaluate(rendering, scope);
        foreach ((string symbol, Expression operand) in rest)
        {
            object? right = operand.Evaluate(rendering, scope);
            if (!Holds(symbol, left, right, rendering))
                return false;
            left = right;
        }
        return true;
    }

    public static bool Holds(string symbol, object? left, object? right, Rendering rendering) => symbol switch
    {
        "==" => Values.AreEqual(left, right, rendering),
        "!=" => !Values.AreEqual(left, right, rendering),
        "<" => Values.Compare(left, right, rendering) < 0,
        "<=" => Values.Compare(left, right, rendering) <= 0,
        ">" => Values.Compare(left, right, rendering) > 0,
        ">=" => Values.Compare(left, right, rendering) >= 0,
        "in" => Contains(right, left, rendering),
        _ => !Contains(right, left, rendering),
    };

    private static bool Contains(object? container, object? item, Rendering rendering)
    {
        switch (container)
        {
            case Undefined:
                return false;
            case string text when item is string part:
                rendering.SpendCharacters(text.Length);
                return text.Contains(part, StringComparison.Ordinal);
            case ListValue list:
                return list.Any(element => Values.AreEqual(element, item, rendering));
            case DictionaryValue dictionary:
                return dictionary.TryGet(item, out _);
            default:
                throw Values.Unusable(item, rendering) ?? rendering.Error($"{Values.Kind(item)} cannot be looked for in {Values.Kind(container)}.");
        }
    }
}

/// <summary><c>value.name</c>, which prefers a method to a member, or <c>value[key]</c>, which prefers the member.</summary>
internal sealed class Access(int line, Expression target, Expression key, bool isAttribute) : Expression(line)
{
    protected override object? ValueIn(Rendering rendering, Scope scope) =>
        Members.Get(target.Evaluate(rendering, scope), key.Evaluate(rendering, scope), isAttribute, rendering);
}

internal sealed class Slice(int line, Expression target, Expression? start, Expression? stop, Expression? step) : Expression(line)
{
    protected override object? ValueIn(Rendering rendering, Scope scope) => Members.Slice(
        target.Evaluate(rendering, scope), start?.Evaluate(rendering, scope), stop?.Evaluate(rendering, scope), step?.Evaluate(rendering, scope), rendering);
}

/// <summary>The arguments written at a call.</summary>
internal sealed record CallArguments(
    IReadOnlyList<Expression> Positional, IReadOnlyList<(string Name, Expression Value)> Named, Expression? AllPositional, Expression? AllNamed)
{
    public static CallArguments None { get; } = new([], [], null, null);

    public Arguments Evaluate(string callee, Rendering rendering, Scope scope, Function? caller = null)
    {
        List<object?> positional = [.. Positional.Select(argument => argument.Evaluate(rendering, scope))];
        List<KeyValuePair<string, object?>> named = [.. Named.Select(argument => KeyValuePair.Create(argument.Name, argument.Value.Evaluate(rendering, scope)))];
        if (AllPositional is not null)
            positional.AddRange(Values.Elements(AllPositional.Evaluate(rendering, scope), rendering));
        if (AllNamed is not null)
        {
            if (AllNamed.Evaluate(rendering, scope) is not DictionaryValue members)
                throw rendering.Error("what stands behind ** must be a mapping.");
            named.AddRange(members.Members.Select(member => KeyValuePair.Create(ValueText.Of(member.Key, rendering), member.Value)));
        }
        if (caller is not null)
            named.Add(KeyValuePair.Create("caller", (object?)caller));
        if (named.Select(argument => argument.Key).Distinct().Count() < named.Count)
            throw rendering.Error($"{callee} is given an argument twice.");
        return new Arguments(callee, rendering, positional, named);
    }
}

internal sealed class Call(int line, Expression target, CallArguments arguments) : Expression(line)
{
    protected override object? ValueIn(Rendering rendering, Scope scope) => Invoke(rendering, scope, null);

    /// <param name="rendering">The rendering.</param>
    /// <param name="scope">Where the arguments are evaluated.</param>
    /// <param name="caller">The body of a call block.</param>
    public object? Invoke(Rendering rendering, Scope scope, Function? caller)
    {
        object? value = target.Evaluate(rendering, scope);
        if (value is not Function function)
            throw Values.Unusable(value, rendering) ?? rendering.Error($"{Values.Kind(value)} cannot be called.");
        return function.Body(arguments.Evaluate($"{function.Name}()", rendering, scope, caller));
    }
}

/// <summary><c>value | name(arguments)</c>; without a value the filter of a block, which is handed its text.</summary>
internal sealed class FilterCall(int line, Expression value, string name, CallArguments arguments) : Expression(line)
{
    protected override object? ValueIn(Rendering rendering, Scope scope)
    {
        object? input = value.Evaluate(rendering, scope);
        return Filters.Find(name, rendering)(input, arguments.Evaluate($"the filter '{name}'", rendering, scope));
    }
}

/// <summary><c>value is name(arguments)</c>.</summary>
internal sealed class TestCall(int line, Expression value, string name, CallArguments arguments) : Expression(line)
{
    protected override object? ValueIn(Rendering rendering, Scope scope)
    {
        object? input = value.Evaluate(rendering, scope);
        return Tests.Find(name, rendering)(input, arguments.Evaluate($"the test '{name}'", rendering, scope));
    }
}
