namespace Malrule.Inference.Tokenization.Jinja;

/// <summary>
/// The arguments of one call of a function, filter, test or method. The callee takes its parameters in order, by position or by name;
/// <see cref="Done"/> refuses what is left over.
/// </summary>
internal sealed class Arguments(string callee, Rendering rendering, IReadOnlyList<object?> positional, IReadOnlyList<KeyValuePair<string, object?>> named)
{
    private readonly HashSet<string> _taken = [];
    private int _next;

    public string Callee => callee;

    public Rendering Rendering => rendering;

    public IReadOnlyList<object?> Positional => positional;

    public IReadOnlyList<KeyValuePair<string, object?>> Named => named;

    public int Left => positional.Count - _next;

    public object? Required(string name) =>
        TryTake(name, out object? value) ? value : throw rendering.Error($"{callee} needs its argument '{name}'.");

    public object? Optional(string name, object? ifAbsent) => TryTake(name, out object? value) ? value : ifAbsent;

    public string Text(string name, string? ifAbsent = null)
    {
        object? value = ifAbsent is null ? Required(name) : Optional(name, ifAbsent);
        return value as string ?? throw Unfit(name, "a string", value);
    }

    public string? TextOrNull(string name) => Optional(name, null) is object value
        ? value as string ?? throw Unfit(name, "a string or none", value) : null;

    public long Integer(string name, long? ifAbsent = null)
    {
        object? value = ifAbsent is null ? Required(name) : Optional(name, ifAbsent);
        return Values.Integer(value) ?? throw Unfit(name, "an integer", value);
    }

    public bool Flag(string name, bool ifAbsent) => Values.IsTrue(Optional(name, ifAbsent));

    /// <summary>The positional arguments that no parameter has taken.</summary>
    public IEnumerable<object?> TakeRest()
    {
        while (_next < positional.Count)
            yield return positional[_next++];
    }

    /// <summary>The named arguments that no parameter has taken.</summary>
    public IEnumerable<KeyValuePair<string, object?>> TakeRestNamed() => named.Where(argument => _taken.Add(argument.Key));

    public void Done()
    {
        if (_next < positional.Count)
            throw rendering.Error($"{callee} takes at most {_next} argument(s), not {positional.Count}.");
        foreach ((string name, _) in named)
            if (!_taken.Contains(name))
                throw rendering.Error($"{callee} has no argument '{name}'.");
    }

    private bool TryTake(string name, out object? value)
    {
        _taken.Add(name);
        if (_next < positional.Count)
        {
            value = positional[_next++];
            return true;
        }
        foreach ((string key, object? argument) in named)
        {
            if (key != name)
                continue;
            value = argument;
            return true;
        }
        value = null;
        return false;
    }

    private InvalidInputException Unfit(string name, string expected, object? value) =>
        Values.Unusable(value, rendering) ?? rendering.Error($"{callee}: '{name}' must be {expected}; it is {Values.Kind(value)}.");
}
