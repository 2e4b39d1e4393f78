namespace Malrule.Inference.Tokenization.Jinja;

/// <summary>Attributes, elements and slices of values. What is not there is undefined; methods that would change a value are refused.</summary>
internal static class Members
{
    private static readonly HashSet<string> Changing =
        ["append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse", "update", "setdefault", "popitem"];

    public static object? Get(object? target, object? key, bool isAttribute, Rendering rendering)
    {
        if (Values.Unusable(target, rendering) is InvalidInputException error)
            throw error;
        if (Values.Unusable(key, rendering) is InvalidInputException keyError)
            throw keyError;
        if (key is string name)
        {
            if (target is Function function)
                return function.Member?.Invoke(name) ?? Absent();
            object? member = null;
            bool isMember = target is DictionaryValue dictionary && dictionary.TryGet(name, out member)
                || target is NamespaceValue space && space.Members.TryGetValue(name, out member);
            // An attribute may be a method of the same name; an element may not.
            object? value = isMember && !isAttribute ? member : Method(target, name, rendering) ?? (isMember ? member : null);
            return value is not null || isMember ? value : Absent();

            Undefined Absent() => new($"{Values.Kind(target)} has no member '{name}'");
        }
        if (Values.Integer(key) is long index && target is ListValue or string)
            return TryElement(target, index, out object? element) ? element : new Undefined($"{Values.Kind(target)} has no element {index}");
        if (target is DictionaryValue map && map.TryGet(key, out object? found))
            return found;
        return new Undefined($"{Values.Kind(target)} has no element {ValueText.Of(key, rendering)}");
    }

    private static bool TryElement(object? target, long index, out object? element)
    {
        int length = target is string characters ? PythonText.Length(characters) : ((ListValue)target!).Items.Count;
        index = index < 0 ? index + length : index;
        element = null;
        if (index < 0 || index >= length)
            return false;
        if (target is string text)
        {
            int offset = PythonText.Offset(text, (int)index);
            element = text.Substring(offset, char.IsHighSurrogate(text[offset]) ? 2 : 1);
        }
        else
            element = ((ListValue)target!).Items[(int)index];
        return true;
    }

    /// <summary>A method of a string, list or mapping; null where there is none.</summary>
    public static Function? Method(object? target, string name, Rendering rendering)
    {
        if (target is ListValue or DictionaryValue && Changing.Contains(name))
            throw rendering.Error($"'{name}' would change {Values.Kind(target)}, which a template may not do.");
        return target switch
        {
            string text when StringMethods.Find(name) is { } method => new Function(name, arguments => method(text, arguments)),
            DictionaryValue dictionary => DictionaryMethod(dictionary, name),
            ListValue list => ListMethod(list, name),
            _ => null,
        };
    }

    private static Function? DictionaryMethod(DictionaryValue dictionary, string name) => name switch
    {
        "get" => new Function(name, arguments =>
        {
            object? key = arguments.Required("key"), ifAbsent = arguments.Optional("default", null);
            arguments.Done();
            return dictionary.TryGet(key, out object? value) ? value : ifAbsent;
        }),
        "keys" => Listing(() => dictionary.Keys),
        "values" => Listing(() => dictionary.Members.Select(member => member.Value)),
        "items" => Listing(() => Items(dictionary)),
        "copy" => new Function(name, _ => dictionary),
        _ => null,
    };

    /// <summary>The members as pairs.</summary>
    public static IEnumerable<object?> Items(DictionaryValue dictionary) =>
        dictionary.Members.Select(member => new ListValue([member.Key, member.Value], isTuple: true));

    private static Function Listing(Func<IEnumerable<object?>> elements) => new("items", arguments =>
    {
        arguments.Done();
        ListValue list = new([.. elements()]);
        arguments.Rendering.Spend(list.Items.Count);
        return list;
    });

    private static Function? ListMethod(ListValue list, string name) => name switch
    {
        "index" => new Function(name, arguments =>
        {
            object? wanted = arguments.Required("value");
            arguments.Done();
            for (int i = 0; i < list.Items.Count; i++)
                if (Values.AreEqual(list.Items[i], wanted, arguments.Rendering))
                    return (long)i;
            throw arguments.Rendering.Error("index() finds no such element.");
        }),
        "count" => new Function(name, arguments =>
        {
            object? wanted = arguments.Required("value");
            arguments.Done();
            return (long)list.Count(item => Values.AreEqual(item, wanted, arguments.Rendering));
        }),
        "copy" => new Function(name, _ => list),
        _ => null,
    };

    public static object? Slice(object? target, object? start, object? stop, object? step, Rendering rendering)
    {
        if (target is not (string or ListValue))
            throw Values.Unusable(target, rendering) ?? rendering.Error($"{Values.Kind(target)} cannot be sliced.");
        int length = target is string characters ? PythonText.Length(characters) : ((ListValue)target).Items.Count;
        long stride = Math.Clamp(Bound(step, 1), -length - 1L, length + 1L);
        if (stride == 0)
            throw rendering.Error("a slice's step is zero.");
        long lowest = stride > 0 ? 0 : -1, highest = stride > 0 ? length : length - 1;
        long first = Position(start, stride > 0 ? lowest : highest), end = Position(stop, stride > 0 ? highest : lowest);
        if (target is string text && stride == 1)
            return first >= end ? "" : rendering.Counted(text[PythonText.Offset(text, (int)first)..PythonText.Offset(text, (int)end)]);

        IReadOnlyList<object?> items = Values.Elements(target, rendering);
        var chosen = new List<object?>();
        for (long i = first; stride > 0 ? i < end : i > end; i += stride)
            chosen.Add(items[(int)i]);
        return target is ListValue list ? new ListValue(chosen, list.IsTuple) : string.Concat(chosen);

        long Position(object? bound, long ifNone)
        {
            long position = Bound(bound, ifNone);
            return bound is null ? ifNone : Math.Clamp(position < 0 ? Math.Max(position + length, lowest) : position, lowest, highest);
        }

        long Bound(object? value, long ifNone) => value is null ? ifNone
            : Values.Integer(value) ?? throw Values.Unusable(value, rendering) ?? rendering.Error($"a slice's bound must be an integer; it is {Values.Kind(value)}.");
    }
}
