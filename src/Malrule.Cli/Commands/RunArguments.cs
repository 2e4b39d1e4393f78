using System.CommandLine;
using Malrule.Mining.Results;

namespace Malrule.Cli.Commands;

/// <summary>A finished run and, where they are not where they were, the files it read.</summary>
internal sealed class RunArguments
{
    public Argument<string> Folder { get; } = new("RUN") { Description = "A finished run's folder." };

    public Option<string?> Data { get; } = new("--data") { Description = "The folder the run read [default: where it was then]", HelpName = "DIR" };

    public Option<string?> Questions { get; } = new("--questions")
    {
        Description = "The questions it mined [default: where they were then, or the file of that name in --data]",
        HelpName = "FILE",
    };

    public FinishedRun Open(ParseResult parsed) => Open(parsed, parsed.GetRequiredValue(Folder));

    /// <summary>Opens another run of the same questions.</summary>
    public FinishedRun Open(ParseResult parsed, string folder) => FinishedRun.Open(folder, parsed.GetValue(Data), parsed.GetValue(Questions));
}
