namespace Malrule.Inference.Tokenization.Jinja;

/// <summary>A node that writes, sets or steers.</summary>
internal abstract class Statement(int line)
{
    public int Line { get; } = line;

    public Flow Execute(Rendering rendering, Scope scope)
    {
        rendering.Enter(Line);
        Flow flow = Run(rendering, scope);
        rendering.Leave();
        return flow;
    }

    protected abstract Flow Run(Rendering rendering, Scope scope);

    public static Flow ExecuteAll(IReadOnlyList<Statement> body, Rendering rendering, Scope scope)
    {
        foreach (Statement statement in body)
            if (statement.Execute(rendering, scope) is var flow and not Flow.Next)
                return flow;
        return Flow.Next;
    }
}

/// <summary>How a body ended.</summary>
internal enum Flow
{
    Next,
    Continue,
    Break,
}

internal sealed class Text(int line, string text) : Statement(line)
{
    protected override Flow Run(Rendering rendering, Scope scope)
    {
        rendering.Write(text);
        return Flow.Next;
    }
}

internal sealed class Print(int line, Expression value) : Statement(line)
{
    protected override Flow Run(Rendering rendering, Scope scope)
    {
        rendering.Write(ValueText.Of(value.Evaluate(rendering, scope), rendering));
        return Flow.Next;
    }
}

internal sealed class Jump(int line, Flow flow) : Statement(line)
{
    protected override Flow Run(Rendering rendering, Scope scope) => flow;
}

internal sealed class If(int line, IReadOnlyList<(Expression Condition, IReadOnlyList<Statement> Body)> branches, IReadOnlyList<Statement> otherwise)
    : Statement(line)
{
    protected override Flow Run(Rendering rendering, Scope scope)
    {
        foreach ((Expression condition, IReadOnlyList<Statement> body) in branches)
            if (Values.IsTrue(condition.Evaluate(rendering, scope)))
                return ExecuteAll(body, rendering, scope);
        return ExecuteAll(otherwise, rendering, scope);
    }
}

/// <summary>Sets names, or members of a namespace.</summary>
internal sealed class Set(int line, Expression target, Expression value) : Statement(line)
{
    protected override Flow Run(Rendering rendering, Scope scope)
    {
        Assign(target, value.Evaluate(rendering, scope), rendering, scope);
        return Flow.Next;
    }

    /// <summary>Gives a value to a name, a member of a namespace, or element by element to a tuple of such.</summary>
    public static void Assign(Expression target, object? value, Rendering rendering, Scope scope)
    {
        switch (target)
        {
            case Name name:
                scope.Set(name.Text, value);
                break;
            case NamespaceMember member:
                if (scope.Get(member.Space) is not NamespaceValue space)
                    throw rendering.Error($"'{member.Space}' is no namespace, so '{member.Text}' cannot be set on it.");
                space.Members[member.Text] = value;
                break;
            case ListLiteral list:
                IReadOnlyList<object?> elements = Values.Elements(value, rendering);
                if (elements.Count != list.Items.Count)
                    throw rendering.Error($"{elements.Count} value(s) cannot be set to {list.Items.Count} names.");
                for (int i = 0; i < elements.Count; i++)
                    Assign(list.Items[i], elements[i], rendering, scope);
                break;
        }
    }
}

/// <summary><c>space.text</c> as a target of <c>set</c>.</summary>
internal sealed class NamespaceMember(int line, string space, string text) : Expression(line)
{
    public string Space => space;

    public string Text => text;

    protected override object? ValueIn(Rendering rendering, Scope scope) => Members.Get(scope.Get(space), text, isAttribute: true, rendering);
}

/// <summary>What a body writes, as a string: <c>{% set x %}…</c> and <c>{% filter f %}…</c>, whose filters take it as their input.</summary>
internal sealed class Captured(int line) : Expression(line)
{
    /// <summary>Set once the parser, which meets the filters first, has read it.</summary>
    public IReadOnlyList<Statement> Body { get; set; } = [];

    protected override object? ValueIn(Rendering rendering, Scope scope) => rendering.Capture(() => Statement.ExecuteAll(Body, rendering, new Scope(scope)));
}

internal sealed class With(int line, IReadOnlyList<(Expression Target, Expression Value)> settings, IReadOnlyList<Statement> body) : Statement(line)
{
    protected override Flow Run(Rendering rendering, Scope scope)
    {
        var inner = new Scope(scope);
        foreach ((Expression target, Expression value) in settings)
            Set.Assign(target, value.Evaluate(rendering, scope), rendering, inner);
        return ExecuteAll(body, rendering, inner);
    }
}

/// <summary><c>{% call(parameters) callee() %}body{% endcall %}</c>: the callee can call the body as <c>caller</c>.</summary>
internal sealed class CallBlock(int line, Call call, MacroBody body) : Statement(line)
{
    protected override Flow Run(Rendering rendering, Scope scope)
    {
        rendering.Write(ValueText.Of(call.Invoke(rendering, scope, body.Bind("caller", scope)), rendering));
        return Flow.Next;
    }
}

internal sealed class Macro(int line, string name, MacroBody body) : Statement(line)
{
    protected override Flow Run(Rendering rendering, Scope scope)
    {
        scope.Set(name, body.Bind(name, scope));
        return Flow.Next;
    }
}

/// <summary>The parameters and body of a macro; names outside are looked up where it is defined.</summary>
/// <param name="Parameters">Names with their defaults, which are evaluated at each call.</param>
/// <param name="Body">The body, whose output is the value of a call.</param>
/// <param name="Extras">Those of <c>varargs</c>, <c>kwargs</c> and <c>caller</c> that the body uses; others are not accepted.</param>
internal sealed record MacroBody(IReadOnlyList<(string Name, Expression? Default)> Parameters, IReadOnlyList<Statement> Body, IReadOnlySet<string> Extras)
{
    public Function Bind(string name, Scope definition) => new(name, arguments =>
    {
        Rendering rendering = arguments.Rendering;
        var scope = new Scope(definition);
        var absent = new Undefined("absent");
        foreach ((string parameter, Expression? byDefault) in Parameters)
        {
            object? value = arguments.Optional(parameter, absent);
            scope.Set(parameter, !ReferenceEquals(value, absent) ? value
                : byDefault?.Evaluate(rendering, scope) ?? (byDefault is null ? new Undefined($"parameter '{parameter}' of {name}() was not given") : null));
        }
        if (Extras.Contains("caller"))
            scope.Set("caller", arguments.Optional("caller", new Undefined($"{name}() is not used by a call block")));
        if (Extras.Contains("varargs"))
            scope.Set("varargs", new ListValue([.. arguments.TakeRest()], isTuple: true));
        if (Extras.Contains("kwargs"))
        {
            var rest = new DictionaryValue();
            foreach ((string key, object? value) in arguments.TakeRestNamed())
                rest.Set(key, value);
            scope.Set("kwargs", rest);
        }
        arguments.Done();
        return rendering.Capture(() => Statement.ExecuteAll(Body, rendering, scope));
    })
    {
        Member = member => member == "name" ? name : null,
    };
}
