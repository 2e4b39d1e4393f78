using System.Globalization;
using System.Text;

namespace Malrule.Inference.Tokenization.Jinja;

/// <summary>The two ways of Python to fill in a text, in their plain forms; widths and other conversions are refused.</summary>
internal static class Formatting
{
    /// <summary><c>%s</c>, <c>%r</c>, <c>%d</c>, <c>%i</c>, <c>%f</c>, <c>%.3f</c> and <c>%%</c>.</summary>
    /// <param name="format">The text with places.</param>
    /// <param name="values">What fills the places.</param>
    /// <param name="mayBeUnused">Whether values may be left over, which Python allows for one list or mapping.</param>
    /// <param name="rendering">The rendering that pays for the text.</param>
    public static string Percent(string format, IReadOnlyList<object?> values, bool mayBeUnused, Rendering rendering)
    {
        var result = new StringBuilder();
        int next = 0;
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                result.Append(format[i]);
                continue;
            }
            int precision = 6;
            bool hasPrecision = ++i + 1 < format.Length && format[i] == '.' && char.IsAsciiDigit(format[i + 1]);
            if (hasPrecision)
            {
                precision = format[i + 1] - '0';
                i += 2;
            }
            char conversion = i < format.Length ? format[i] : '\0';
            if (conversion == '%' && !hasPrecision)
            {
                result.Append('%');
                continue;
            }
            if (next == values.Count)
                throw rendering.Error("a format has more places than values.");
            object? value = values[next++];
            result.Append(conversion switch
            {
                's' when !hasPrecision => ValueText.Of(value, rendering),
                'r' when !hasPrecision => value is string text ? PythonText.Quoted(text) : ValueText.Of(value, rendering),
                'd' or 'i' when !hasPrecision && Values.Number(value) is double number => Math.Truncate(number).ToString("F0", CultureInfo.InvariantCulture),
                'f' when Values.Number(value) is double number => number.ToString($"F{precision}", CultureInfo.InvariantCulture),
                _ => throw rendering.Error($"the format '%{conversion}' cannot take {Values.Kind(value)}, or is not supported."),
            });
        }
        return mayBeUnused || next == values.Count ? rendering.Counted(result.ToString()) : throw rendering.Error("a format has fewer places than values.");
    }

    /// <summary><c>{}</c>, <c>{0}</c>, <c>{name}</c>, <c>{{</c> and <c>}}</c>.</summary>
    public static string Braces(string format, Arguments arguments)
    {
        var result = new StringBuilder();
        int next = 0;
        for (int i = 0; i < format.Length; i++)
        {
            char c = format[i];
            bool isDoubled = i + 1 < format.Length && format[i + 1] == c;
            if (c is not ('{' or '}') || isDoubled)
            {
                result.Append(c);
                i += c is '{' or '}' ? 1 : 0;
                continue;
            }
            int close = c == '{' ? format.IndexOf('}', i) : -1;
            if (close < 0)
                throw arguments.Rendering.Error("format() is given a brace without its partner.");
            string place = format[(i + 1)..close];
            i = close;
            if (place.Length == 0)
                place = next++.ToString(CultureInfo.InvariantCulture);
            object? value = int.TryParse(place, NumberStyles.None, CultureInfo.InvariantCulture, out int index)
                ? index < arguments.Positional.Count ? arguments.Positional[index] : throw Missing(place)
                : arguments.Named.Any(argument => argument.Key == place) ? arguments.Named.First(argument => argument.Key == place).Value : throw Missing(place);
            result.Append(ValueText.Of(value, arguments.Rendering));
            arguments.Rendering.Spend(1);
        }
        return arguments.Rendering.Counted(result.ToString());

        InvalidInputException Missing(string place) => arguments.Rendering.Error($"format() has no value for {{{place}}}, or the form is not supported.");
    }
}
