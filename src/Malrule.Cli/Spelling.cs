using System.CommandLine;

namespace Malrule.Cli;

/// <summary>What a mistyped word probably meant.</summary>
internal static class Spelling
{
    private const int MostEdits = 3;

    /// <summary>A sentence about the first word that a command line cannot place, or null where every word has its place.</summary>
    public static string? Fault(ParseResult parsed)
    {
        if (parsed.UnmatchedTokens is not [var word, ..])
            return null;
        Command command = parsed.CommandResult.Command;
        bool isOption = word.StartsWith('-');
        IEnumerable<string> known = isOption
            ? command.Options.Where(option => !option.Hidden).SelectMany(option => (IEnumerable<string>)[option.Name, .. option.Aliases])
            : command.Subcommands.Select(subcommand => subcommand.Name);
        string[] near = [.. known.Select(name => (Name: name, Edits: Edits(word, name))).Where(name => name.Edits <= Math.Min(MostEdits, word.Length / 2))
            .OrderBy(name => name.Edits).ThenBy(name => name.Name, StringComparer.Ordinal).Select(name => name.Name).Take(1)];
        string fault = isOption ? $"{command.Name} has no option {word}." : command.Subcommands.Count > 0 ? $"There is no command {word}." : $"{command.Name} takes no argument {word}.";
        return near is [var meant] ? $"{fault} Did you mean {meant}?" : fault;
    }

    /// <summary>Levenshtein's distance: letters to insert, drop or replace.</summary>
    private static int Edits(string from, string to)
    {
        int[] row = [.. Enumerable.Range(0, to.Length + 1)];
        for (int i = 0; i < from.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i + 1;
            for (int j = 0; j < to.Length; j++)
                (diagonal, row[j + 1]) = (row[j + 1], Math.Min(Math.Min(row[j], row[j + 1]) + 1, diagonal + (from[i] == to[j] ? 0 : 1)));
        }
        return row[^1];
    }
}
