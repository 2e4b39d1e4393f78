using System.CommandLine;
using Malrule.Inference;

namespace Malrule.Cli.Commands;

/// <summary>Refuses options that were given but would change nothing, rather than ignoring them.</summary>
internal static class UnusedOptions
{
    /// <param name="parsed">The command line.</param>
    /// <param name="with">What leaves them without effect.</param>
    /// <param name="options">The options.</param>
    /// <exception cref="InvalidInputException">One of them was given; the message names it.</exception>
    public static void RefuseUnused(this ParseResult parsed, string with, IEnumerable<Option> options)
    {
        if (options.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is { } option)
            throw new InvalidInputException($"{option.Name} has no effect with {with}. Leave it out.");
    }
}
