namespace Malrule.Inference.Tokenization.Jinja;

/// <summary>The names set in a template, a loop's round, a macro's call or a <c>with</c>; others are looked up outwards.</summary>
internal sealed class Scope(Scope? outer = null)
{
    private readonly Dictionary<string, object?> _names = [];

    public void Set(string name, object? value) => _names[name] = value;

    public object? Get(string name)
    {
        for (Scope? scope = this; scope is not null; scope = scope._outer)
            if (scope._names.TryGetValue(name, out object? value))
                return value;
        return new Undefined($"'{name}' is undefined");
    }

    private readonly Scope? _outer = outer;
}
