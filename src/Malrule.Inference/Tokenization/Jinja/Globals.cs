using System.Globalization;
using System.Text;

namespace Malrule.Inference.Tokenization.Jinja;

/// <summary>The functions that every template can call.</summary>
internal static class Globals
{
    /// <summary>As in Jinja2's sandbox.</summary>
    private const int LongestRange = 100_000;

    public static void AddTo(Scope scope)
    {
        Add("range", Range);
        Add("dict", Dictionary);
        Add("namespace", Namespace);
        Add("joiner", Joiner);
        Add("cycler", Cycler);
        Add("raise_exception", arguments => throw arguments.Rendering.Error(arguments.Text("message")));
        Add("strftime_now", Now);

        void Add(string name, Func<Arguments, object?> body) => scope.Set(name, new Function(name, body));
    }

    private static ListValue Range(Arguments arguments)
    {
        long start = arguments.Integer("start");
        (start, long stop) = arguments.Left > 0 ? (start, arguments.Integer("stop")) : (0, start);
        long step = arguments.Integer("step", 1);
        arguments.Done();
        if (step == 0)
            throw arguments.Rendering.Error("range() with a step of zero.");
        decimal length = step > 0 ? Math.Ceiling(((decimal)stop - start) / step) : Math.Ceiling(((decimal)start - stop) / -(decimal)step);
        if (length > LongestRange)
            throw arguments.Rendering.Error(string.Create(CultureInfo.InvariantCulture, $"range() of more than {LongestRange:N0} numbers."));
        arguments.Rendering.Spend(Math.Max(0, (long)length));
        var numbers = new List<object?>();
        for (int i = 0; i < length; i++)
            numbers.Add(start + i * step);
        return new ListValue(numbers);
    }

    private static DictionaryValue Dictionary(Arguments arguments)
    {
        var dictionary = new DictionaryValue();
        if (arguments.Left > 0)
        {
            object? source = arguments.Required("source");
            IEnumerable<object?> pairs = source is DictionaryValue other ? Members.Items(other) : Values.Elements(source, arguments.Rendering);
            foreach (object? pair in pairs)
            {
                if (pair is not ListValue { Items: [string or long or bool or double, _] } list)
                    throw arguments.Rendering.Error("dict() needs a mapping or pairs of a key and a value.");
                dictionary.Set(list.Items[0]!, list.Items[1]);
            }
        }
        foreach ((string name, object? value) in arguments.TakeRestNamed())
            dictionary.Set(name, value);
        arguments.Done();
        return dictionary;
    }

    private static NamespaceValue Namespace(Arguments arguments)
    {
        var space = new NamespaceValue();
        foreach ((object key, object? value) in Dictionary(arguments).Members)
            space.Members[ValueText.Of(key, arguments.Rendering)] = value;
        return space;
    }

    private static Function Joiner(Arguments arguments)
    {
        string separator = arguments.Text("sep", ", ");
        arguments.Done();
        bool isUsed = false;
        return new Function("joiner", _ =>
        {
            string text = isUsed ? separator : "";
            isUsed = true;
            return text;
        });
    }

    private static Function Cycler(Arguments arguments)
    {
        object?[] items = [.. arguments.TakeRest()];
        arguments.Done();
        if (items.Length == 0)
            throw arguments.Rendering.Error("cycler() is given nothing to choose from.");
        int position = 0;
        Function Next() => new("next", _ =>
        {
            object? item = items[position];
            position = (position + 1) % items.Length;
            return item;
        });
        return new Function("cycler", inner => throw inner.Rendering.Error("a cycler is not called; its next() is."))
        {
            Member = name => name switch
            {
                "next" => Next(),
                "current" => items[position],
                "reset" => new Function("reset", _ =>
                {
                    position = 0;
                    return null;
                }),
                _ => null,
            },
        };
    }

    /// <summary>The local time in the common fields of C's <c>strftime</c>, with English names.</summary>
    private static string Now(Arguments arguments)
    {
        string format = arguments.Text("format");
        arguments.Done();
        DateTimeOffset now = arguments.Rendering.Clock.GetLocalNow();
        var result = new StringBuilder();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || ++i == format.Length)
            {
                result.Append(format[Math.Min(i, format.Length - 1)]);
                continue;
            }
            bool isUnpadded = format[i] == '-' && i + 1 < format.Length;
            char field = isUnpadded ? format[++i] : format[i];
            string? net = field switch
            {
                'Y' => "yyyy",
                'y' => "yy",
                'm' => "MM",
                'B' => "MMMM",
                'b' or 'h' => "MMM",
                'd' => "dd",
                'e' => "%d",
                'A' => "dddd",
                'a' => "ddd",
                'H' => "HH",
                'I' => "hh",
                'M' => "mm",
                'S' => "ss",
                'p' => "tt",
                'F' => "yyyy-MM-dd",
                'T' => "HH:mm:ss",
                _ => null,
            };
            string text = net is not null ? now.ToString(net, CultureInfo.InvariantCulture)
                : field == 'j' ? now.DayOfYear.ToString("000", CultureInfo.InvariantCulture)
                : field == '%' ? "%"
                : throw arguments.Rendering.Error($"strftime_now() does not know the field '%{field}'.");
            if (field == 'e')
                text = text.PadLeft(2);
            result.Append(isUnpadded ? text.TrimStart('0').PadLeft(1, '0') : text);
        }
        return arguments.Rendering.Counted(result.ToString());
    }
}
