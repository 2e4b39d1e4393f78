using System.Numerics;

namespace Malrule.Inference.Tokenization.Jinja;

/// <summary>What can stand behind <c>is</c>.</summary>
internal static class Tests
{
    public static bool Exists(string name) => Table.ContainsKey(name);

    public static Func<object?, Arguments, object?> Find(string name, Rendering rendering) =>
        Table.TryGetValue(name, out var test) ? test : throw rendering.Error($"there is no test '{name}'.");

    private static readonly Dictionary<string, Func<object?, Arguments, object?>> Table = new()
    {
        ["defined"] = Plain(value => value is not Undefined),
        ["undefined"] = Plain(value => value is Undefined),
        ["none"] = Plain(value => value is null),
        ["boolean"] = Plain(value => value is bool),
        ["true"] = Plain(value => value is true),
        ["false"] = Plain(value => value is false),
        ["integer"] = Plain(value => value is long or BigInteger),
        ["float"] = Plain(value => value is double),
        ["number"] = Plain(value => value is long or BigInteger or double or bool),
        ["string"] = Plain(value => value is string),
        ["mapping"] = Plain(value => value is DictionaryValue),
        ["sequence"] = Plain(value => value is string or ListValue or DictionaryValue or Undefined),
        ["iterable"] = Plain(value => value is string or ListValue or DictionaryValue or Undefined),
        ["callable"] = Plain(value => value is Function or Undefined),
        ["escaped"] = Plain(_ => false),
        ["lower"] = Cased(char.IsLower, char.IsUpper),
        ["upper"] = Cased(char.IsUpper, char.IsLower),
        ["odd"] = (value, arguments) => Remainder(value, 2, arguments) == 1,
        ["even"] = (value, arguments) => Remainder(value, 2, arguments) == 0,
        ["divisibleby"] = (value, arguments) => Remainder(value, arguments.Integer("num"), arguments) == 0,
        ["sameas"] = (value, arguments) =>
        {
            object? other = arguments.Required("other");
            arguments.Done();
            return ReferenceEquals(value, other) || value?.GetType() == other?.GetType() && value is bool or long && value.Equals(other);
        },
        ["filter"] = (value, arguments) => Known(value, arguments, Filters.Exists),
        ["test"] = (value, arguments) => Known(value, arguments, Exists),
        ["in"] = Compared("in"),
        ["=="] = Compared("=="),
        ["eq"] = Compared("=="),
        ["equalto"] = Compared("=="),
        ["!="] = Compared("!="),
        ["ne"] = Compared("!="),
        [">"] = Compared(">"),
        ["gt"] = Compared(">"),
        ["greaterthan"] = Compared(">"),
        [">="] = Compared(">="),
        ["ge"] = Compared(">="),
        ["<"] = Compared("<"),
        ["lt"] = Compared("<"),
        ["lessthan"] = Compared("<"),
        ["<="] = Compared("<="),
        ["le"] = Compared("<="),
    };

    private static Func<object?, Arguments, object?> Plain(Func<object?, bool> holds) => (value, arguments) =>
    {
        arguments.Done();
        return holds(value);
    };

    private static Func<object?, Arguments, object?> Cased(Func<char, bool> wanted, Func<char, bool> unwanted) => (value, arguments) =>
    {
        arguments.Done();
        string text = ValueText.Of(value, arguments.Rendering);
        return text.Any(wanted) && !text.Any(unwanted);
    };

    private static Func<object?, Arguments, object?> Compared(string symbol) => (value, arguments) =>
    {
        object? other = arguments.Required("other");
        arguments.Done();
        return Comparison.Holds(symbol, value, other, arguments.Rendering);
    };

    private static bool Known(object? value, Arguments arguments, Func<string, bool> exists)
    {
        arguments.Done();
        return value is string name && exists(name);
    }

    private static long Remainder(object? value, long divisor, Arguments arguments)
    {
        arguments.Done();
        object? rest = Arithmetic.Apply("%", value, divisor, arguments.Rendering);
        return rest is long number ? number : rest is double real ? (real == 0 ? 0 : real == 1 ? 1 : -1) : -1;
    }
}
