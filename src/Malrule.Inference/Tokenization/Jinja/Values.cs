using System.Collections;
using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace Malrule.Inference.Tokenization.Jinja;

// A template's values: null (None), bool, long, BigInteger (only from outside; printed, not computed with), double, string, and the types below.

/// <summary>The value of a name, attribute or element that is not there: empty as text and in conditions, an error in anything else.</summary>
/// <param name="Why">What is missing, as an error tells it.</param>
internal sealed record Undefined(string Why);

/// <summary>A list or tuple; templates cannot change one.</summary>
internal sealed class ListValue(IReadOnlyList<object?> items, bool isTuple = false) : IEnumerable<object?>
{
    public IReadOnlyList<object?> Items { get; } = items;

    public bool IsTuple { get; } = isTuple;

    public IEnumerator<object?> GetEnumerator() => Items.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>A mapping in the order of insertion; keys are strings, numbers and booleans.</summary>
internal sealed class DictionaryValue
{
    private readonly OrderedDictionary<object, object?> _members = new(KeyComparer.Instance);

    public int Count => _members.Count;

    public IEnumerable<object> Keys => _members.Keys;

    public IEnumerable<KeyValuePair<object, object?>> Members => _members;

    public void Set(object key, object? value) => _members[key] = value;

    public bool TryGet(object? key, out object? value)
    {
        value = null;
        return key is not null && _members.TryGetValue(key, out value);
    }

    /// <summary>Python's rule: 1, 1.0 and true are the same key.</summary>
    private sealed class KeyComparer : IEqualityComparer<object>
    {
        public static readonly KeyComparer Instance = new();

        public new bool Equals(object? x, object? y) => x is string || y is string ? string.Equals(x as string, y as string, StringComparison.Ordinal)
            : Values.Number(x) is double left && Values.Number(y) is double right ? left.Equals(right) : ReferenceEquals(x, y);

        public int GetHashCode(object obj) => obj is string text ? text.GetHashCode(StringComparison.Ordinal) : Values.Number(obj)?.GetHashCode() ?? 0;
    }
}

/// <summary>What <c>namespace()</c> makes: the one value whose members a template can set.</summary>
internal sealed class NamespaceValue
{
    public Dictionary<string, object?> Members { get; } = [];
}

/// <summary>Something a template can call.</summary>
internal sealed record Function(string Name, Func<Arguments, object?> Body)
{
    /// <summary>Members other than the call itself, such as those of <c>loop</c>.</summary>
    public Func<string, object?>? Member { get; init; }
}

/// <summary>What can be asked of any value, and values from outside.</summary>
internal static class Values
{
    public const int MaxDepth = 100;

    /// <summary>A number or boolean as a double; null for anything else.</summary>
    public static double? Number(object? value) => value switch
    {
        bool flag => flag ? 1 : 0,
        long integer => integer,
        double real => real,
        BigInteger big => (double)big,
        _ => null,
    };

    /// <summary>An integer or boolean; null for anything else.</summary>
    public static long? Integer(object? value) => value switch
    {
        bool flag => flag ? 1 : 0,
        long integer => integer,
        _ => null,
    };

    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        string text => text.Length > 0,
        ListValue list => list.Items.Count > 0,
        DictionaryValue dictionary => dictionary.Count > 0,
        _ => Number(value) is not 0.0,
    };

    /// <summary>The name of a value's kind as errors tell it.</summary>
    public static string Kind(object? value) => value switch
    {
        null => "None",
        Undefined => "an undefined value",
        bool => "a boolean",
        long or BigInteger => "an integer",
        double => "a float",
        string => "a string",
        ListValue { IsTuple: true } => "a tuple",
        ListValue => "a list",
        DictionaryValue => "a mapping",
        NamespaceValue => "a namespace",
        _ => "a function",
    };

    public static bool AreEqual(object? left, object? right, Rendering rendering, int depth = 0)
    {
        rendering.Spend(1);
        if (depth > MaxDepth)
            throw rendering.Error($"values nest deeper than {MaxDepth} levels.");
        if (left is string leftText && right is string rightText)
            return leftText == rightText;
        if (left is ListValue leftList && right is ListValue rightList)
            return leftList.IsTuple == rightList.IsTuple && leftList.Items.Count == rightList.Items.Count
                && leftList.Zip(rightList).All(pair => AreEqual(pair.First, pair.Second, rendering, depth + 1));
        if (left is DictionaryValue leftMap && right is DictionaryValue rightMap)
            return leftMap.Count == rightMap.Count
                && leftMap.Members.All(member => rightMap.TryGet(member.Key, out object? other) && AreEqual(member.Value, other, rendering, depth + 1));
        if (Integer(left) is long leftInteger && Integer(right) is long rightInteger)
            return leftInteger == rightInteger;
        if (Number(left) is double leftNumber && Number(right) is double rightNumber)
            return leftNumber == rightNumber;
        return left is Undefined && right is Undefined || ReferenceEquals(left, right);
    }

    /// <summary>Order of two numbers, strings or lists; an error for anything else.</summary>
    public static int Compare(object? left, object? right, Rendering rendering, int depth = 0)
    {
        rendering.Spend(1);
        if (left is string leftText && right is string rightText)
            return PythonText.Compare(leftText, rightText);
        if (Integer(left) is long leftInteger && Integer(right) is long rightInteger)
            return leftInteger.CompareTo(rightInteger);
        if (Number(left) is double leftNumber && Number(right) is double rightNumber)
            return leftNumber.CompareTo(rightNumber);
        if (left is ListValue leftList && right is ListValue rightList && leftList.IsTuple == rightList.IsTuple && depth < MaxDepth)
        {
            foreach ((object? first, object? second) in leftList.Zip(rightList))
                if (!AreEqual(first, second, rendering))
                    return Compare(first, second, rendering, depth + 1);
            return leftList.Items.Count.CompareTo(rightList.Items.Count);
        }
        throw Unusable(left, rendering) ?? Unusable(right, rendering) ?? rendering.Error($"{Kind(left)} and {Kind(right)} have no order.");
    }

    /// <summary>Elements by the order of their keys; equals stay in their order, in reverse too.</summary>
    public static IEnumerable<T> Sorted<T>(IEnumerable<T> elements, Func<T, object?> key, bool reverse, Rendering rendering)
    {
        Comparer<object?> order = Comparer<object?>.Create((left, right) => Compare(left, right, rendering));
        try
        {
            return [.. reverse ? elements.OrderByDescending(key, order) : elements.OrderBy(key, order)];
        }
        catch (InvalidOperationException e) when (e.InnerException is InvalidInputException inner)
        {
            throw inner; // a comparer's error comes wrapped
        }
    }

    /// <summary>The elements of a list, the characters of a string, the keys of a mapping; none of an undefined value.</summary>
    public static IReadOnlyList<object?> Elements(object? value, Rendering rendering)
    {
        IReadOnlyList<object?> elements = value switch
        {
            Undefined => [],
            ListValue list => list.Items,
            string text => PythonText.Characters(rendering.Counted(text)),
            DictionaryValue dictionary => [.. dictionary.Keys],
            _ => throw rendering.Error($"{Kind(value)} cannot be iterated over."),
        };
        rendering.Spend(elements.Count);
        return elements;
    }

    /// <summary>The error that using an undefined value is; null where the value is defined.</summary>
    public static InvalidInputException? Unusable(object? value, Rendering rendering) =>
        value is Undefined undefined ? rendering.Error($"{undefined.Why}.") : null;

    /// <summary>A template value from .NET or JSON.</summary>
    public static object? From(object? value, int depth = 0)
    {
        if (depth > MaxDepth)
            throw new InvalidInputException($"A chat template's variable nests deeper than {MaxDepth} levels.");
        switch (value)
        {
            case null or bool or long or double or string or ListValue or DictionaryValue:
                return value;
            case int or short or byte or uint:
                return Convert.ToInt64(value, CultureInfo.InvariantCulture);
            case float single:
                return (double)single;
            case JsonElement json:
                return From(json, depth);
            case IEnumerable<KeyValuePair<string, object?>> members:
                var dictionary = new DictionaryValue();
                foreach ((string name, object? member) in members)
                    dictionary.Set(name, From(member, depth + 1));
                return dictionary;
            case IEnumerable items:
                return new ListValue([.. items.Cast<object?>().Select(item => From(item, depth + 1))]);
            default:
                throw new InvalidInputException($"A chat template cannot take a variable of type {value.GetType()}; give text, numbers, booleans, lists, string-keyed mappings or JsonElement.");
        }
    }

    private static object? From(JsonElement json, int depth)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                var dictionary = new DictionaryValue();
                foreach (JsonProperty member in json.EnumerateObject())
                    dictionary.Set(member.Name, From(member.Value, depth + 1));
                return dictionary;
            case JsonValueKind.Array:
                return new ListValue([.. json.EnumerateArray().Select(item => From(item, depth + 1))]);
            case JsonValueKind.String:
                return json.GetString();
            case JsonValueKind.Number:
                string digits = json.GetRawText();
                if (digits.AsSpan().ContainsAny('.', 'e', 'E'))
                    return json.GetDouble();
                return json.TryGetInt64(out long integer) ? integer : (object)BigInteger.Parse(digits, CultureInfo.InvariantCulture);
            case JsonValueKind.True or JsonValueKind.False:
                return json.ValueKind == JsonValueKind.True;
            default:
                return null;
        }
    }
}
