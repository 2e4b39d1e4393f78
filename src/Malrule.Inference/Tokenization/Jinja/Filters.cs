using System.Globalization;
using System.Text;

namespace Malrule.Inference.Tokenization.Jinja;

/// <summary>What can stand behind <c>|</c>: Jinja2's filters but those for HTML pages, with <c>tojson</c> as transformers has it.</summary>
internal static class Filters
{
    public static bool Exists(string name) => Table.ContainsKey(name);

    public static Func<object?, Arguments, object?> Find(string name, Rendering rendering) =>
        Table.TryGetValue(name, out var filter) ? filter : throw rendering.Error($"there is no filter '{name}'.");

    private static readonly Dictionary<string, Func<object?, Arguments, object?>> Table = new()
    {
        ["trim"] = (value, arguments) => StringMethods.Strip(Text(value, arguments), arguments, left: true, right: true),
        ["upper"] = OnText(PythonText.Upper),
        ["lower"] = OnText(PythonText.Lower),
        ["capitalize"] = OnText(PythonText.Capitalize),
        ["title"] = OnText(Title),
        ["string"] = OnText(text => text),
        ["safe"] = OnText(text => text),
        ["e"] = OnText(Escape),
        ["escape"] = OnText(Escape),
        ["forceescape"] = OnText(Escape),
        ["wordcount"] = OnText(text => Enumerable.Range(0, text.Length).LongCount(i => IsWord(text[i]) && (i == 0 || !IsWord(text[i - 1])))),
        ["replace"] = (value, arguments) => StringMethods.Replace(Text(value, arguments), arguments),
        ["center"] = (value, arguments) => StringMethods.Pad(Text(value, arguments), arguments, left: 1, right: 1),
        ["indent"] = Indent,
        ["truncate"] = Truncate,
        ["format"] = (value, arguments) => Formatting.Percent(Text(value, arguments), arguments.Positional, false, arguments.Rendering),
        ["tojson"] = ToJson,
        ["default"] = Default,
        ["d"] = Default,
        ["abs"] = (value, arguments) => Values.Number(value) is < 0 ? Arithmetic.Signed(value, isNegative: true, arguments.Rendering)
            : Arithmetic.Signed(value, isNegative: false, arguments.Rendering),
        ["int"] = ToInteger,
        ["float"] = ToFloat,
        ["round"] = Round,
        ["length"] = (value, arguments) => Length(value, arguments),
        ["count"] = (value, arguments) => Length(value, arguments),
        ["first"] = (value, arguments) => EndElement(value, arguments, fromEnd: false),
        ["last"] = (value, arguments) => EndElement(value, arguments, fromEnd: true),
        ["list"] = OnElements((elements, _) => new ListValue(elements)),
        ["reverse"] = (value, arguments) => value is string text
            ? string.Concat(PythonText.Characters(arguments.Rendering.Counted(text)).Reverse())
            : new ListValue([.. Values.Elements(value, arguments.Rendering).Reverse()]),
        ["join"] = Join,
        ["items"] = (value, arguments) => value is Undefined ? new ListValue([])
            : value is DictionaryValue dictionary ? new ListValue([.. Members.Items(dictionary)])
            : throw arguments.Rendering.Error($"the filter 'items' needs a mapping; it is given {Values.Kind(value)}."),
        ["dictsort"] = DictionarySort,
        ["attr"] = Attribute,
        ["map"] = Map,
        ["select"] = (value, arguments) => Select(value, arguments, byAttribute: false, keeps: true),
        ["reject"] = (value, arguments) => Select(value, arguments, byAttribute: false, keeps: false),
        ["selectattr"] = (value, arguments) => Select(value, arguments, byAttribute: true, keeps: true),
        ["rejectattr"] = (value, arguments) => Select(value, arguments, byAttribute: true, keeps: false),
        ["sort"] = Sort,
        ["unique"] = Unique,
        ["min"] = (value, arguments) => Extreme(value, arguments, sign: -1),
        ["max"] = (value, arguments) => Extreme(value, arguments, sign: 1),
        ["sum"] = Sum,
        ["groupby"] = GroupBy,
        ["batch"] = Batch,
    };

    private static string Text(object? value, Arguments arguments) => ValueText.Of(value, arguments.Rendering);

    private static Func<object?, Arguments, object?> OnText<T>(Func<string, T> compute) => (value, arguments) =>
    {
        arguments.Done();
        return compute(arguments.Rendering.Counted(Text(value, arguments)));
    };

    private static Func<object?, Arguments, object?> OnElements(Func<IReadOnlyList<object?>, Arguments, object?> compute) => (value, arguments) =>
    {
        arguments.Done();
        return compute(Values.Elements(value, arguments.Rendering), arguments);
    };

    /// <summary>Upper case for the first letter behind white space, a hyphen or an opening bracket, lower case for the rest.</summary>
    private static string Title(string text)
    {
        var result = new StringBuilder(text.Length);
        bool isFirst = true;
        foreach (char c in text)
        {
            bool separates = PythonText.IsWhiteSpace(c) || c is '-' or '(' or '{' or '[' or '<';
            string unit = c.ToString(CultureInfo.InvariantCulture);
            result.Append(separates ? unit : isFirst ? PythonText.Upper(unit) : PythonText.Lower(unit));
            isFirst = separates;
        }
        return result.ToString();
    }

    private static bool IsWord(char c) => c == '_' || char.IsLetterOrDigit(c) || char.IsNumber(c);

    private static string Escape(string text) => text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace(">", "&gt;", StringComparison.Ordinal).Replace("\"", "&#34;", StringComparison.Ordinal).Replace("'", "&#39;", StringComparison.Ordinal);

    private static string Indent(object? value, Arguments arguments)
    {
        object? width = arguments.Optional("width", 4L);
        bool first = arguments.Flag("first", false), blank = arguments.Flag("blank", false);
        arguments.Done();
        string indent = width as string ?? IndentOf(width, arguments);
        string[] lines = Text(value, arguments).Split('\n');
        for (int i = 0; i < lines.Length; i++)
            if (i == 0 ? first : blank || lines[i].Length > 0)
                lines[i] = arguments.Rendering.Counted(indent + lines[i]);
        return StringMethods.Joined("\n", lines, arguments.Rendering);
    }

    private static string IndentOf(object? width, Arguments arguments) => Values.Integer(width) is >= 0 and <= 1000 and long spaces
        ? new string(' ', (int)spaces)
        : throw arguments.Rendering.Error($"{arguments.Callee} indents by a string or by 0 to 1000 spaces.");

    private static string Truncate(object? value, Arguments arguments)
    {
        long length = arguments.Integer("length", 255);
        bool killWords = arguments.Flag("killwords", false);
        string end = arguments.Text("end", "...");
        long leeway = arguments.Integer("leeway", 5);
        arguments.Done();
        string text = Text(value, arguments);
        if (PythonText.Length(text) <= Math.Min(length, int.MaxValue) + Math.Min(leeway, int.MaxValue))
            return text;
        long kept = length - PythonText.Length(end);
        if (kept < 0 || leeway < 0)
            throw arguments.Rendering.Error($"{arguments.Callee} needs a length of at least its end's, and no negative leeway.");
        string cut = text[..PythonText.Offset(text, (int)kept)];
        int space = cut.LastIndexOf(' ');
        return arguments.Rendering.Counted((killWords || space < 0 ? cut : cut[..space]) + end);
    }

    private static string ToJson(object? value, Arguments arguments)
    {
        bool ensureAscii = arguments.Flag("ensure_ascii", false);
        object? indent = arguments.Optional("indent", null), separators = arguments.Optional("separators", null);
        bool sortKeys = arguments.Flag("sort_keys", false);
        arguments.Done();
        (string, string)? pair = separators switch
        {
            null => null,
            ListValue { Items: [string item, string key] } => (item, key),
            _ => throw arguments.Rendering.Error($"{arguments.Callee} needs two strings as separators."),
        };
        return ValueText.Json(value, indent is null ? null : indent as string ?? IndentOf(indent, arguments), pair, ensureAscii, sortKeys, arguments.Rendering);
    }

    private static object? Default(object? value, Arguments arguments)
    {
        object? ifAbsent = arguments.Optional("default_value", "");
        bool orFalse = arguments.Flag("boolean", false);
        arguments.Done();
        return value is Undefined || orFalse && !Values.IsTrue(value) ? ifAbsent : value;
    }

    private static object? ToInteger(object? value, Arguments arguments)
    {
        object? ifUnfit = arguments.Optional("default", 0L);
        long radix = arguments.Integer("base", 10);
        arguments.Done();
        if (value is string text)
        {
            if (radix != 10)
                throw arguments.Rendering.Error($"{arguments.Callee} reads base 10 only.");
            text = text.Trim(PythonText.WhiteSpace);
            if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long parsed))
                return parsed;
            value = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double real) ? real : null;
        }
        if (Values.Unusable(value, arguments.Rendering) is { } error)
            throw error;
        return Values.Integer(value) ?? (value is double number && Math.Abs(number) < 9e18 ? (long)number : ifUnfit);
    }

    private static object? ToFloat(object? value, Arguments arguments)
    {
        object? ifUnfit = arguments.Optional("default", 0.0);
        arguments.Done();
        if (value is string text)
            return double.TryParse(text.Trim(PythonText.WhiteSpace), NumberStyles.Float, CultureInfo.InvariantCulture, out double real) ? real : ifUnfit;
        return Values.Unusable(value, arguments.Rendering) is { } error ? throw error : Values.Number(value) ?? ifUnfit;
    }

    private static object Round(object? value, Arguments arguments)
    {
        long precision = arguments.Integer("precision", 0);
        string method = arguments.Text("method", "common");
        arguments.Done();
        if (method == "common" && Values.Integer(value) is long integer)
            return integer;
        double number = Values.Number(value) ?? throw Values.Unusable(value, arguments.Rendering) ?? arguments.Rendering.Error($"{Values.Kind(value)} cannot be rounded.");
        if (precision is < 0 or > 15)
            throw arguments.Rendering.Error($"{arguments.Callee} keeps 0 to 15 digits.");
        double scale = Math.Pow(10, precision);
        return method switch
        {
            "common" => double.Parse(number.ToString($"F{precision}", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture),
            "ceil" => Math.Ceiling(number * scale) / scale,
            "floor" => Math.Floor(number * scale) / scale,
            _ => throw arguments.Rendering.Error($"{arguments.Callee} knows common, ceil and floor, not '{method}'."),
        };
    }

    private static long Length(object? value, Arguments arguments)
    {
        arguments.Done();
        return value switch
        {
            Undefined => 0L,
            string text => PythonText.Length(text),
            ListValue list => (long)list.Items.Count,
            DictionaryValue dictionary => (long)dictionary.Count,
            _ => throw arguments.Rendering.Error($"{Values.Kind(value)} has no length."),
        };
    }

    private static object? EndElement(object? value, Arguments arguments, bool fromEnd)
    {
        arguments.Done();
        IReadOnlyList<object?> elements = value is ListValue list ? list.Items : Values.Elements(value, arguments.Rendering);
        if (elements.Count == 0)
            return new Undefined("an empty value has no first or last element");
        return elements[fromEnd ? elements.Count - 1 : 0];
    }

    private static string Join(object? value, Arguments arguments)
    {
        string separator = Text(arguments.Optional("d", ""), arguments);
        object? attribute = arguments.Optional("attribute", null);
        arguments.Done();
        IEnumerable<object?> elements = Values.Elements(value, arguments.Rendering).Select(element => Keyed(element, attribute, arguments));
        return StringMethods.Joined(separator, [.. elements.Select(element => Text(element, arguments))], arguments.Rendering);
    }

    /// <summary>What an attribute such as <c>"function.name"</c> or <c>0</c> leads to; the element itself where there is none.</summary>
    private static object? Keyed(object? element, object? attribute, Arguments arguments)
    {
        if (attribute is not string path)
            return attribute is null ? element : Members.Get(element, attribute, isAttribute: false, arguments.Rendering);
        foreach (string part in path.Split('.'))
            element = Members.Get(element, long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out long index) ? index : part,
                isAttribute: false, arguments.Rendering);
        return element;
    }

    /// <summary>An attribute that is no element: of a mapping a method only.</summary>
    private static object? Attribute(object? value, Arguments arguments)
    {
        string name = arguments.Text("name");
        arguments.Done();
        return value is not DictionaryValue ? Members.Get(value, name, isAttribute: true, arguments.Rendering)
            : (object?)Members.Method(value, name, arguments.Rendering) ?? new Undefined($"a mapping has no attribute '{name}'");
    }

    private static ListValue DictionarySort(object? value, Arguments arguments)
    {
        bool caseSensitive = arguments.Flag("case_sensitive", false);
        bool byValue = arguments.Text("by", "key") == "value", reverse = arguments.Flag("reverse", false);
        arguments.Done();
        if (value is not DictionaryValue dictionary)
            throw Values.Unusable(value, arguments.Rendering) ?? arguments.Rendering.Error($"{arguments.Callee} needs a mapping; it is given {Values.Kind(value)}.");
        return Sorted(Members.Items(dictionary), pair => ((ListValue)pair!).Items[byValue ? 1 : 0], caseSensitive, reverse, arguments);
    }

    private static ListValue Sort(object? value, Arguments arguments)
    {
        bool reverse = arguments.Flag("reverse", false), caseSensitive = arguments.Flag("case_sensitive", false);
        object? attribute = arguments.Optional("attribute", null);
        arguments.Done();
        return Sorted(Values.Elements(value, arguments.Rendering), element => Keyed(element, attribute, arguments), caseSensitive, reverse, arguments);
    }

    private static ListValue Sorted(IEnumerable<object?> elements, Func<object?, object?> key, bool caseSensitive, bool reverse, Arguments arguments) =>
        new([.. Values.Sorted(elements, element => Folded(key(element), caseSensitive), reverse, arguments.Rendering)]);

    private static object? Folded(object? value, bool caseSensitive) => value is string text && !caseSensitive ? PythonText.Lower(text) : value;

    private static ListValue Unique(object? value, Arguments arguments)
    {
        bool caseSensitive = arguments.Flag("case_sensitive", false);
        object? attribute = arguments.Optional("attribute", null);
        arguments.Done();
        var kept = new List<object?>();
        var keys = new List<object?>();
        foreach (object? element in Values.Elements(value, arguments.Rendering))
        {
            object? key = Folded(Keyed(element, attribute, arguments), caseSensitive);
            if (keys.Exists(other => Values.AreEqual(other, key, arguments.Rendering)))
                continue;
            keys.Add(key);
            kept.Add(element);
        }
        return new ListValue(kept);
    }

    private static object? Extreme(object? value, Arguments arguments, int sign)
    {
        bool caseSensitive = arguments.Flag("case_sensitive", false);
        object? attribute = arguments.Optional("attribute", null);
        arguments.Done();
        IReadOnlyList<object?> elements = Values.Elements(value, arguments.Rendering);
        if (elements.Count == 0)
            return new Undefined("an empty value has no smallest or largest element");
        object? Key(object? element) => Folded(Keyed(element, attribute, arguments), caseSensitive);
        object? best = elements[0];
        foreach (object? element in elements.Skip(1))
            if (Values.Compare(Key(element), Key(best), arguments.Rendering) * sign > 0)
                best = element;
        return best;
    }

    private static object? Sum(object? value, Arguments arguments)
    {
        object? attribute = arguments.Optional("attribute", null), total = arguments.Optional("start", 0L);
        arguments.Done();
        foreach (object? element in Values.Elements(value, arguments.Rendering))
            total = Arithmetic.Apply("+", total, Keyed(element, attribute, arguments), arguments.Rendering);
        return total;
    }

    private static ListValue GroupBy(object? value, Arguments arguments)
    {
        object? attribute = arguments.Required("attribute"), ifAbsent = arguments.Optional("default", null);
        bool caseSensitive = arguments.Flag("case_sensitive", false);
        arguments.Done();
        object? Key(object? element) => Keyed(element, attribute, arguments) is { } key and not Undefined ? key : ifAbsent;
        var groups = new List<object?>();
        List<object?> members = [];
        object? current = null;
        foreach (object? element in Sorted(Values.Elements(value, arguments.Rendering), Key, caseSensitive, reverse: false, arguments))
        {
            object? key = Key(element);
            if (groups.Count == 0 || !Values.AreEqual(Folded(current, caseSensitive), Folded(key, caseSensitive), arguments.Rendering))
            {
                members = [];
                groups.Add(new ListValue([key, new ListValue(members)], isTuple: true));
                current = key;
            }
            members.Add(element);
        }
        return new ListValue(groups);
    }

    private static ListValue Batch(object? value, Arguments arguments)
    {
        long size = arguments.Integer("linecount");
        object? fill = arguments.Optional("fill_with", null);
        arguments.Done();
        if (size is < 1 or > Rendering.MaxSteps)
            throw arguments.Rendering.Error($"{arguments.Callee} needs a size of at least 1.");
        var batches = new List<object?>();
        foreach (object?[] batch in Values.Elements(value, arguments.Rendering).Chunk((int)size))
        {
            int missing = fill is null ? 0 : (int)size - batch.Length;
            arguments.Rendering.Spend(missing);
            batches.Add(new ListValue([.. batch, .. Enumerable.Repeat(fill, missing)]));
        }
        return new ListValue(batches);
    }

    /// <summary>Anything that is false, none among it, has no elements here.</summary>
    private static IReadOnlyList<object?> ElementsOrNone(object? value, Arguments arguments) =>
        Values.IsTrue(value) ? Values.Elements(value, arguments.Rendering) : [];

    private static ListValue Map(object? value, Arguments arguments)
    {
        IReadOnlyList<object?> elements = ElementsOrNone(value, arguments);
        if (arguments.Positional.Count == 0)
        {
            object? attribute = arguments.Required("attribute"), ifAbsent = arguments.Optional("default", null);
            arguments.Done();
            return new ListValue([.. elements.Select(element => Keyed(element, attribute, arguments) is { } found and not Undefined ? found
                : ifAbsent ?? Keyed(element, attribute, arguments))]);
        }
        string name = arguments.Text("filter");
        Func<object?, Arguments, object?> filter = Find(name, arguments.Rendering);
        return new ListValue([.. elements.Select(element =>
            filter(element, new Arguments($"the filter '{name}'", arguments.Rendering, [.. arguments.Positional.Skip(1)], arguments.Named)))]);
    }

    private static ListValue Select(object? value, Arguments arguments, bool byAttribute, bool keeps)
    {
        IReadOnlyList<object?> elements = ElementsOrNone(value, arguments);
        object? attribute = byAttribute ? arguments.Required("attribute") : null;
        string? name = arguments.Left > 0 ? arguments.Text("test") : null;
        Func<object?, Arguments, object?>? test = name is null ? null : Tests.Find(name, arguments.Rendering);
        object?[] rest = [.. arguments.Positional.Skip(arguments.Positional.Count - arguments.Left)];
        bool Holds(object? element)
        {
            object? tested = Keyed(element, attribute, arguments);
            return Values.IsTrue(test is null ? tested : test(tested, new Arguments($"the test '{name}'", arguments.Rendering, rest, arguments.Named)));
        }
        return new ListValue([.. elements.Where(element => Holds(element) == keeps)]);
    }
}
