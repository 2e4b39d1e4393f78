using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace Malrule.Cli;

/// <summary>Numbers as options take them, the same everywhere: with a decimal point and nothing between digits, so that 0,1 is refused and never read as 1.</summary>
internal static class Numbers
{
    private const string Whole = "a whole number", Any = "a number such as 0.7";

    /// <summary>Has every option of a command and its subcommands that takes a number, and says nothing of how, read it so.</summary>
    public static void ReadStrictly(Command command)
    {
        foreach (Option option in command.Options)
        {
            if (option is Option<int> { CustomParser: null } count)
                count.CustomParser = argument => Parse<int>(option, argument, Whole) ?? 0;
            else if (option is Option<int?> { CustomParser: null } optionalCount)
                optionalCount.CustomParser = argument => Parse<int>(option, argument, Whole);
            else if (option is Option<long> { CustomParser: null } seed)
                seed.CustomParser = argument => Parse<long>(option, argument, Whole) ?? 0;
            else if (option is Option<uint> { CustomParser: null } sampleSeed)
                sampleSeed.CustomParser = argument => Parse<uint>(option, argument, "a whole number from 0") ?? 0;
            else if (option is Option<double> { CustomParser: null } number)
                number.CustomParser = argument => Parse<double>(option, argument, Any) ?? 0;
            else if (option is Option<double?> { CustomParser: null } optionalNumber)
                optionalNumber.CustomParser = argument => Parse<double>(option, argument, Any);
        }
        foreach (Command subcommand in command.Subcommands)
            ReadStrictly(subcommand);
    }

    private static T? Parse<T>(Option option, ArgumentResult argument, string expected)
        where T : struct, INumber<T>
    {
        string text = argument.Tokens[0].Value;
        if (T.TryParse(text, expected == Any ? NumberStyles.Float : NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out T number))
            return number;
        argument.AddError($"{option.Name} must be {expected}; it is \"{text}\".");
        return null;
    }
}
