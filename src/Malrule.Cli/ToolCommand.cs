using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Malrule.Cli;

/// <summary>A command whose help ends with examples; the list of commands shows its description only.</summary>
internal sealed class ToolCommand(string name, string description, string examples) : Command(name, description)
{
    /// <summary>Makes the help of a root's commands show their examples.</summary>
    public static void ShowExamples(RootCommand root)
    {
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((SynchronousCommandLineAction)help.Action!);
    }

    private string Examples { get; } = examples;

    private sealed class HelpWithExamples(SynchronousCommandLineAction help) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => help.ClearsParseErrors;

        public override int Invoke(ParseResult parseResult)
        {
            int result = help.Invoke(parseResult);
            if (parseResult.CommandResult.Command is ToolCommand command)
            {
                TextWriter output = parseResult.InvocationConfiguration.Output;
                output.WriteLine("Examples:");
                foreach (string line in command.Examples.Split('\n'))
                    output.WriteLine($"  {line}");
            }
            return result;
        }
    }
}
