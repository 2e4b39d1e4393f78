using System.Globalization;
using System.Numerics;
using System.Text;

namespace Malrule.Inference.Tokenization.Jinja;

/// <summary>
/// The written forms of a value: Python's <c>str</c> and <c>repr</c>, and <c>tojson</c> as transformers sets it up (<c>json.dumps</c> with
/// <c>ensure_ascii</c> off, in the order of insertion, nothing escaped for HTML).
/// </summary>
internal static class ValueText
{
    /// <summary>What <c>{{ value }}</c> prints.</summary>
    public static string Of(object? value, Rendering rendering)
    {
        switch (value)
        {
            case string text:
                return text;
            case Undefined:
                return "";
            default:
                var result = new StringBuilder();
                AppendRepr(value, result, rendering, 0);
                return rendering.Counted(result.ToString());
        }
    }

    private static void AppendRepr(object? value, StringBuilder result, Rendering rendering, int depth)
    {
        Descend(rendering, result, depth);
        switch (value)
        {
            case null:
                result.Append("None");
                break;
            case Undefined:
                result.Append("Undefined");
                break;
            case bool flag:
                result.Append(flag ? "True" : "False");
                break;
            case string text:
                result.Append(PythonText.Quoted(text));
                break;
            case ListValue list:
                result.Append(list.IsTuple ? '(' : '[');
                AppendAll(list.Items, result, item => AppendRepr(item, result, rendering, depth + 1));
                result.Append(list.IsTuple ? list.Items.Count == 1 ? ",)" : ")" : "]");
                break;
            case DictionaryValue dictionary:
                result.Append('{');
                AppendAll(dictionary.Members, result, member =>
                {
                    AppendRepr(member.Key, result, rendering, depth + 1);
                    result.Append(": ");
                    AppendRepr(member.Value, result, rendering, depth + 1);
                });
                result.Append('}');
                break;
            default:
                result.Append(NumberText(value) ?? throw rendering.Error($"{Values.Kind(value)} has no text."));
                break;
        }
    }

    private static string? NumberText(object? value) => value switch
    {
        long integer => integer.ToString(CultureInfo.InvariantCulture),
        BigInteger big => big.ToString(CultureInfo.InvariantCulture),
        double real => PythonText.Float(real),
        _ => null,
    };

    private static void AppendAll<T>(IEnumerable<T> items, StringBuilder result, Action<T> append)
    {
        bool isFirst = true;
        foreach (T item in items)
        {
            if (!isFirst)
                result.Append(", ");
            isFirst = false;
            append(item);
        }
    }

    /// <param name="value">The value.</param>
    /// <param name="indent">What one level is indented by; null: all on one line.</param>
    /// <param name="separators">Between items and behind a key; null: Python's own.</param>
    /// <param name="ensureAscii">Whether other characters are escaped.</param>
    /// <param name="sortKeys">Whether members are written in the order of their names.</param>
    /// <param name="rendering">The rendering that pays for the text.</param>
    public static string Json(object? value, string? indent, (string Item, string Key)? separators, bool ensureAscii, bool sortKeys, Rendering rendering)
    {
        (string itemSeparator, string keySeparator) = separators ?? (indent is null ? ", " : ",", ": ");
        var result = new StringBuilder();
        Append(value, 0);
        return rendering.Counted(result.ToString());

        void Append(object? value, int depth)
        {
            Descend(rendering, result, depth);
            switch (value)
            {
                case null:
                    result.Append("null");
                    break;
                case bool flag:
                    result.Append(flag ? "true" : "false");
                    break;
                case string text:
                    AppendJsonString(text, ensureAscii, result);
                    break;
                case double real when !double.IsFinite(real):
                    result.Append(double.IsNaN(real) ? "NaN" : real > 0 ? "Infinity" : "-Infinity");
                    break;
                case ListValue list:
                    AppendItems('[', list.Items, item => Append(item, depth + 1), ']', depth);
                    break;
                case DictionaryValue dictionary:
                    IEnumerable<KeyValuePair<object, object?>> members = sortKeys
                        ? Values.Sorted(dictionary.Members, member => member.Key, reverse: false, rendering)
                        : dictionary.Members;
                    AppendItems('{', [.. members], member =>
                    {
                        string key = member.Key as string ?? (member.Key is bool flag ? flag ? "true" : "false" : NumberText(member.Key)!);
                        AppendJsonString(key, ensureAscii, result);
                        result.Append(keySeparator);
                        Append(member.Value, depth + 1);
                    }, '}', depth);
                    break;
                default:
                    result.Append(NumberText(value)
                        ?? throw Values.Unusable(value, rendering) ?? rendering.Error($"{Values.Kind(value)} cannot be written as JSON."));
                    break;
            }
        }

        void AppendItems<T>(char open, IReadOnlyList<T> items, Action<T> append, char close, int depth)
        {
            result.Append(open);
            for (int i = 0; i < items.Count; i++)
            {
                if (i > 0)
                    result.Append(itemSeparator);
                Break(depth + 1);
                append(items[i]);
            }
            if (items.Count > 0)
                Break(depth);
            result.Append(close);
        }

        void Break(int depth)
        {
            if (indent is null)
                return;
            result.Append('\n');
            for (int i = 0; i < depth; i++)
                result.Append(indent);
        }
    }

    private static void AppendJsonString(string text, bool ensureAscii, StringBuilder result)
    {
        result.Append('"');
        foreach (char c in text)
        {
            const string Escaped = "\"\\\n\r\t\f\b";
            int index = Escaped.IndexOf(c, StringComparison.Ordinal);
            if (index >= 0)
                result.Append('\\').Append("\"\\nrtfb"[index]);
            else if (c < ' ' || ensureAscii && !char.IsAscii(c))
                result.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                result.Append(c);
        }
        result.Append('"');
    }

    private static void Descend(Rendering rendering, StringBuilder result, int depth)
    {
        rendering.Spend(1);
        if (depth > Values.MaxDepth)
            throw rendering.Error($"values nest deeper than {Values.MaxDepth} levels.");
        if (result.Length > Rendering.MaxCharacters)
            rendering.SpendCharacters(result.Length);
    }
}
