using System.Buffers;
using System.Text;

namespace Malrule.Inference.Tokenization.Jinja;

/// <summary>Python's string methods, as far as chat templates use them. Positions count code points.</summary>
internal static class StringMethods
{
    public static Func<string, Arguments, object?>? Find(string name) => Methods.GetValueOrDefault(name);

    private static readonly SearchValues<char> LineEnds = SearchValues.Create("\n\r\v\f\x1c\x1d\x1e\u0085\u2028\u2029");

    private static readonly Dictionary<string, Func<string, Arguments, object?>> Methods = new()
    {
        ["strip"] = (text, arguments) => Strip(text, arguments, left: true, right: true),
        ["lstrip"] = (text, arguments) => Strip(text, arguments, left: true, right: false),
        ["rstrip"] = (text, arguments) => Strip(text, arguments, left: false, right: true),
        ["split"] = (text, arguments) => Split(text, arguments, fromRight: false),
        ["rsplit"] = (text, arguments) => Split(text, arguments, fromRight: true),
        ["splitlines"] = SplitLines,
        ["partition"] = (text, arguments) => Partition(text, arguments, fromRight: false),
        ["rpartition"] = (text, arguments) => Partition(text, arguments, fromRight: true),
        ["startswith"] = (text, arguments) => Affix(text, arguments, (whole, part) => whole.StartsWith(part, StringComparison.Ordinal)),
        ["endswith"] = (text, arguments) => Affix(text, arguments, (whole, part) => whole.EndsWith(part, StringComparison.Ordinal)),
        ["removeprefix"] = (text, arguments) =>
            Last(arguments, arguments.Text("prefix")) is string part && text.StartsWith(part, StringComparison.Ordinal) ? text[part.Length..] : text,
        ["removesuffix"] = (text, arguments) =>
            Last(arguments, arguments.Text("suffix")) is string part && text.EndsWith(part, StringComparison.Ordinal) ? text[..^part.Length] : text,
        ["replace"] = Replace,
        ["join"] = Join,
        ["find"] = (text, arguments) => Position(text, text.IndexOf(Last(arguments, arguments.Text("sub")), StringComparison.Ordinal)),
        ["rfind"] = (text, arguments) => Position(text, text.LastIndexOf(Last(arguments, arguments.Text("sub")), StringComparison.Ordinal)),
        ["index"] = (text, arguments) => Position(text, text.IndexOf(Last(arguments, arguments.Text("sub")), StringComparison.Ordinal)) is long at and >= 0
            ? at : throw arguments.Rendering.Error("index() finds no such text."),
        ["count"] = (text, arguments) => Count(text, Last(arguments, arguments.Text("sub"))),
        ["format"] = (text, arguments) => Formatting.Braces(text, arguments),
        ["zfill"] = (text, arguments) => ZeroFill(text, arguments),
        ["ljust"] = (text, arguments) => Pad(text, arguments, left: 0, right: 1),
        ["rjust"] = (text, arguments) => Pad(text, arguments, left: 1, right: 0),
        ["center"] = (text, arguments) => Pad(text, arguments, left: 1, right: 1),
        ["upper"] = Plain(PythonText.Upper),
        ["lower"] = Plain(PythonText.Lower),
        ["casefold"] = Plain(PythonText.Lower),
        ["capitalize"] = Plain(PythonText.Capitalize),
        ["title"] = Plain(Title),
        ["swapcase"] = Plain(text => string.Concat(text.Select(c => char.IsUpper(c) ? PythonText.Lower($"{c}") : PythonText.Upper($"{c}")))),
        ["isspace"] = Plain(text => text.Length > 0 && text.All(PythonText.IsWhiteSpace)),
        ["isdigit"] = Plain(text => text.Length > 0 && text.All(char.IsDigit)),
        ["isdecimal"] = Plain(text => text.Length > 0 && text.All(char.IsDigit)),
        ["isnumeric"] = Plain(text => text.Length > 0 && text.All(char.IsNumber)),
        ["isalpha"] = Plain(text => text.Length > 0 && text.All(char.IsLetter)),
        ["isalnum"] = Plain(text => text.Length > 0 && text.All(c => char.IsLetter(c) || char.IsNumber(c))),
        ["isupper"] = Plain(text => text.Any(char.IsUpper) && !text.Any(char.IsLower)),
        ["islower"] = Plain(text => text.Any(char.IsLower) && !text.Any(char.IsUpper)),
        ["isascii"] = Plain(text => text.All(char.IsAscii)),
    };

    private static Func<string, Arguments, object?> Plain<T>(Func<string, T> compute) => (text, arguments) =>
    {
        arguments.Done();
        arguments.Rendering.SpendCharacters(text.Length);
        return compute(text);
    };

    private static string Last(Arguments arguments, string argument)
    {
        arguments.Done();
        return argument;
    }

    public static string Strip(string text, Arguments arguments, bool left, bool right)
    {
        string? characters = arguments.TextOrNull("chars");
        arguments.Done();
        arguments.Rendering.SpendCharacters(text.Length);
        int start = 0, end = text.Length;
        bool IsStripped(string unit) => characters is null ? PythonText.IsWhiteSpace(unit[0]) : characters.Contains(unit, StringComparison.Ordinal);
        while (left && start < end && IsStripped(text.Substring(start, char.IsHighSurrogate(text[start]) ? 2 : 1)))
            start += char.IsHighSurrogate(text[start]) ? 2 : 1;
        while (right && end > start)
        {
            int width = char.IsLowSurrogate(text[end - 1]) ? 2 : 1;
            if (!IsStripped(text.Substring(end - width, width)))
                break;
            end -= width;
        }
        return text[start..end];
    }

    private static ListValue Split(string text, Arguments arguments, bool fromRight)
    {
        string? separator = arguments.TextOrNull("sep");
        long most = arguments.Integer("maxsplit", -1);
        arguments.Done();
        arguments.Rendering.SpendCharacters(text.Length);
        if (separator == "")
            throw arguments.Rendering.Error("split() by an empty separator.");
        var parts = new List<object?>();
        ReadOnlySpan<char> rest = separator is null ? text.AsSpan().Trim(PythonText.WhiteSpace) : text;
        while (most < 0 || parts.Count < most)
        {
            int at = separator is null ? fromRight ? rest.LastIndexOfAny(PythonText.WhiteSpace) : rest.IndexOfAny(PythonText.WhiteSpace)
                : fromRight ? rest.LastIndexOf(separator, StringComparison.Ordinal) : rest.IndexOf(separator, StringComparison.Ordinal);
            if (at < 0)
                break;
            int width = separator?.Length ?? 1;
            parts.Add((fromRight ? rest[(at + width)..] : rest[..at]).ToString());
            rest = fromRight ? rest[..at] : rest[(at + width)..];
            if (separator is null)
                rest = fromRight ? rest.TrimEnd(PythonText.WhiteSpace) : rest.TrimStart(PythonText.WhiteSpace);
        }
        if (separator is not null || rest.Length > 0)
            parts.Add(rest.ToString());
        if (fromRight)
            parts.Reverse();
        arguments.Rendering.Spend(parts.Count);
        return new ListValue(parts);
    }

    private static ListValue SplitLines(string text, Arguments arguments)
    {
        bool keepEnds = arguments.Flag("keepends", false);
        arguments.Done();
        arguments.Rendering.SpendCharacters(text.Length);
        var lines = new List<object?>();
        for (int start = 0; start < text.Length;)
        {
            int at = text.AsSpan(start).IndexOfAny(LineEnds);
            int end = at < 0 ? text.Length : start + at;
            int next = at < 0 ? end : text.AsSpan(end).StartsWith("\r\n") ? end + 2 : end + 1;
            lines.Add(text[start..(keepEnds ? next : end)]);
            start = next;
        }
        arguments.Rendering.Spend(lines.Count);
        return new ListValue(lines);
    }

    private static ListValue Partition(string text, Arguments arguments, bool fromRight)
    {
        string separator = Last(arguments, arguments.Text("sep"));
        arguments.Rendering.SpendCharacters(text.Length);
        int at = fromRight ? text.LastIndexOf(separator, StringComparison.Ordinal) : text.IndexOf(separator, StringComparison.Ordinal);
        return new ListValue(at >= 0 ? [text[..at], separator, text[(at + separator.Length)..]] : fromRight ? ["", "", text] : [text, "", ""], isTuple: true);
    }

    private static bool Affix(string text, Arguments arguments, Func<string, string, bool> matches)
    {
        object? part = arguments.Required("affix");
        arguments.Done();
        if (part is ListValue { IsTuple: true } several)
            return several.Any(one => one is string affix && matches(text, affix));
        return part is string single ? matches(text, single)
            : throw Values.Unusable(part, arguments.Rendering) ?? arguments.Rendering.Error($"{arguments.Callee} needs a string; it is given {Values.Kind(part)}.");
    }

    public static object Replace(string text, Arguments arguments)
    {
        string old = arguments.Text("old"), replacement = arguments.Text("new");
        long most = arguments.Optional("count", null) is object count
            ? Values.Integer(count) ?? throw arguments.Rendering.Error($"{arguments.Callee}: 'count' must be an integer; it is {Values.Kind(count)}.") : -1;
        arguments.Done();
        if (most < 0)
            most = long.MaxValue;
        long times = Math.Min(most, old.Length == 0 ? PythonText.Length(text) + 1 : Count(text, old));
        arguments.Rendering.SpendCharacters(text.Length + times * Math.Max(0, replacement.Length - old.Length));
        if (times == 0)
            return text;
        if (old.Length == 0)
        {
            string[] characters = PythonText.Characters(text);
            var spread = Enumerable.Range(0, characters.Length + 1).Select(i => (i < times ? replacement : "") + (i < characters.Length ? characters[i] : ""));
            return string.Concat(spread);
        }
        if (times == Count(text, old))
            return text.Replace(old, replacement, StringComparison.Ordinal);
        var result = new StringBuilder();
        int from = 0;
        for (; times > 0; times--)
        {
            int at = text.IndexOf(old, from, StringComparison.Ordinal);
            result.Append(text, from, at - from).Append(replacement);
            from = at + old.Length;
        }
        return result.Append(text, from, text.Length - from).ToString();
    }

    private static string Join(string separator, Arguments arguments)
    {
        IReadOnlyList<object?> elements = Values.Elements(arguments.Required("iterable"), arguments.Rendering);
        arguments.Done();
        foreach (object? element in elements)
            if (element is not string)
                throw Values.Unusable(element, arguments.Rendering) ?? arguments.Rendering.Error($"join() needs strings; an element is {Values.Kind(element)}.");
        return Joined(separator, [.. elements.Cast<string>()], arguments.Rendering);
    }

    public static string Joined(string separator, string[] parts, Rendering rendering)
    {
        rendering.SpendCharacters(parts.Sum(part => (long)part.Length) + (long)separator.Length * parts.Length);
        return string.Join(separator, parts);
    }

    private static long Count(string text, string part)
    {
        if (part.Length == 0)
            return PythonText.Length(text) + 1;
        long count = 0;
        for (int at = text.IndexOf(part, StringComparison.Ordinal); at >= 0; at = text.IndexOf(part, at + part.Length, StringComparison.Ordinal))
            count++;
        return count;
    }

    private static long Position(string text, int offset) => offset < 0 ? -1 : PythonText.Length(text[..offset]);

    private static string ZeroFill(string text, Arguments arguments)
    {
        long width = arguments.Integer("width");
        arguments.Done();
        int missing = (int)Math.Clamp(width - PythonText.Length(text), 0, Rendering.MaxCharacters + 1);
        arguments.Rendering.SpendCharacters(missing + text.Length);
        int sign = text.Length > 0 && text[0] is '+' or '-' ? 1 : 0;
        return text[..sign] + new string('0', missing) + text[sign..];
    }

    /// <summary>Pads to a width; <paramref name="left"/> and <paramref name="right"/> say on which sides.</summary>
    public static string Pad(string text, Arguments arguments, int left, int right)
    {
        long width = arguments.Integer("width");
        string fill = arguments.Left > 0 ? arguments.Text("fillchar") : " ";
        arguments.Done();
        if (PythonText.Length(fill) != 1)
            throw arguments.Rendering.Error($"{arguments.Callee} fills with one character.");
        long length = PythonText.Length(text), missing = Math.Clamp(width - length, 0, Rendering.MaxCharacters + 1);
        arguments.Rendering.SpendCharacters(missing * fill.Length + text.Length);
        // Python's centre puts the odd character on the left when text and width are odd and even alike.
        long before = left == 0 ? 0 : right == 0 ? missing : missing / 2 + (missing & width & 1);
        return string.Concat(Enumerable.Repeat(fill, (int)before)) + text + string.Concat(Enumerable.Repeat(fill, (int)(missing - before)));
    }

    /// <summary>Upper case for each letter that follows none.</summary>
    private static string Title(string text)
    {
        bool inWord = false;
        return string.Concat(text.EnumerateRunes().Select(rune =>
        {
            string cased = inWord ? PythonText.Lower(rune.ToString()) : PythonText.Upper(rune.ToString());
            inWord = Rune.IsLetter(rune);
            return cased;
        }));
    }
}
