namespace Malrule.Inference.Tokenization.Jinja;

/// <summary>
/// <c>{% for target in elements if condition recursive %}…{% else %}…{% endfor %}</c>. Each round has a scope of its own with the targets and
/// <c>loop</c>; what is set there is gone with the round.
/// </summary>
internal sealed class For(
    int line, Expression target, Expression elements, Expression? condition, bool isRecursive, IReadOnlyList<Statement> body, IReadOnlyList<Statement> otherwise)
    : Statement(line)
{
    protected override Flow Run(Rendering rendering, Scope scope)
    {
        Loop(elements.Evaluate(rendering, scope), 0, rendering, scope);
        return Flow.Next;
    }

    private void Loop(object? value, int depth, Rendering rendering, Scope scope)
    {
        List<object?> items = [.. Values.Elements(value, rendering).Where(item => Accepts(item, rendering, scope))];
        var changed = new List<object?>();
        for (int i = 0; i < items.Count; i++)
        {
            rendering.Spend(1);
            var round = new Scope(scope);
            Set.Assign(target, items[i], rendering, round);
            round.Set("loop", LoopFunction(items, i, depth, changed, scope));
            if (ExecuteAll(body, rendering, round) == Flow.Break)
                return;
        }
        if (items.Count == 0)
            ExecuteAll(otherwise, rendering, new Scope(scope));
    }

    private bool Accepts(object? item, Rendering rendering, Scope scope)
    {
        if (condition is null)
            return true;
        var trial = new Scope(scope);
        Set.Assign(target, item, rendering, trial);
        return Values.IsTrue(condition.Evaluate(rendering, trial));
    }

    /// <summary>The value of <c>loop</c>: its members, and in a recursive loop a function that loops over other elements.</summary>
    private Function LoopFunction(List<object?> items, int index, int depth, List<object?> changed, Scope scope)
    {
        return new Function("loop", Recurse) { Member = Member };

        object? Recurse(Arguments arguments)
        {
            if (!isRecursive)
                throw arguments.Rendering.Error("loop() needs a loop marked 'recursive'.");
            object? inner = arguments.Required("iterable");
            arguments.Done();
            return arguments.Rendering.Capture(() => Loop(inner, depth + 1, arguments.Rendering, scope));
        }

        object? Member(string name) => name switch
        {
            "index" => (long)index + 1,
            "index0" => (long)index,
            "revindex" => (long)items.Count - index,
            "revindex0" => (long)items.Count - index - 1,
            "first" => index == 0,
            "last" => index == items.Count - 1,
            "length" => (long)items.Count,
            "depth" => (long)depth + 1,
            "depth0" => (long)depth,
            "previtem" => index > 0 ? items[index - 1] : new Undefined("there is no previous item"),
            "nextitem" => index + 1 < items.Count ? items[index + 1] : new Undefined("there is no next item"),
            "cycle" => new Function("cycle", arguments => arguments.Positional.Count > 0 ? arguments.Positional[index % arguments.Positional.Count]
                : throw arguments.Rendering.Error("cycle() is given nothing to choose from.")),
            "changed" => new Function("changed", arguments => Changed(arguments)),
            _ => null,
        };

        object Changed(Arguments arguments)
        {
            var now = new ListValue(arguments.Positional);
            bool isSame = changed.Count > 0 && Values.AreEqual(changed[0], now, arguments.Rendering);
            changed.Clear();
            changed.Add(now);
            return !isSame;
        }
    }
}
