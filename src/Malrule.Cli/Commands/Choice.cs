using System.CommandLine;
using System.Text.Json;

namespace Malrule.Cli.Commands;

/// <summary>Options that take one of a few names. A wrong one is answered by the right ones, and shells complete them.</summary>
internal static class Choice
{
    /// <summary>One of an enumeration's values, written as <c>same-topic</c>; null where it is not given.</summary>
    public static Option<T?> Of<T>(string name, string description)
        where T : struct, Enum
    {
        var values = Enum.GetValues<T>().ToDictionary(value => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString()), StringComparer.OrdinalIgnoreCase);
        return Among<T?>(name, description, [.. values.Keys], text => values[text]);
    }

    /// <summary>One of some words; null where it is not given.</summary>
    public static Option<string?> Among(string name, string description, params string[] words) => Among<string?>(name, description, words, text => text);

    /// <summary>True or false; null where it is not given.</summary>
    public static Option<bool?> TrueOrFalse(string name, string description) => new(name) { Description = description, HelpName = "true|false" };

    private static Option<T> Among<T>(string name, string description, string[] words, Func<string, T> read)
    {
        var option = new Option<T>(name) { Description = description, HelpName = string.Join('|', words), Arity = ArgumentArity.ExactlyOne };
        option.CustomParser = argument =>
        {
            string text = argument.Tokens[0].Value;
            if (words.FirstOrDefault(word => word.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } known)
                return read(known);
            argument.AddError($"{name} must be {(words.Length > 1 ? $"{string.Join(", ", words[..^1])} or {words[^1]}" : words[0])}; it is \"{text}\".");
            return default!;
        };
        option.CompletionSources.Clear();
        option.CompletionSources.Add(words);
        return option;
    }
}
