using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Malrule.Cli;

/// <summary>A command whose help shows its lesser options in groups and ends with examples; the list of commands shows its description only.</summary>
internal sealed class ToolCommand(string name, string description, string examples) : Command(name, description)
{
    private readonly List<(string Title, Option[] Options)> _groups = [];

    /// <summary>Makes the help of a root's commands show their groups and examples.</summary>
    public static void ShowExamples(RootCommand root)
    {
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new GroupedHelp((SynchronousCommandLineAction)help.Action!);
    }

    /// <summary>Adds options that the help shows under a title of their own.</summary>
    public void AddGroup(string title, IEnumerable<Option> options)
    {
        Option[] group = [.. options];
        foreach (Option option in group)
            Add(option);
        _groups.Add((title, group));
    }

    private string Examples { get; } = examples;

    private sealed class GroupedHelp(SynchronousCommandLineAction help) : SynchronousCommandLineAction
    {
        private const string OptionsTitle = "Options:";

        public override bool ClearsParseErrors => help.ClearsParseErrors;

        public override int Invoke(ParseResult parseResult)
        {
            if (parseResult.CommandResult.Command is not ToolCommand command)
                return help.Invoke(parseResult);
            Option[] grouped = [.. command._groups.SelectMany(group => group.Options)];
            TextWriter output = parseResult.InvocationConfiguration.Output;
            output.Write(Without(grouped, command, parseResult));
            foreach ((string title, Option[] options) in command._groups)
            {
                string section = Without([.. command.Options.Except(options)], command, parseResult);
                string rows = section[(section.IndexOf(OptionsTitle, StringComparison.Ordinal) + OptionsTitle.Length)..];
                // Options of every command stand in the first section already.
                int common = rows.IndexOf("\n  -?", StringComparison.Ordinal);
                output.WriteLine($"{title}:{(common < 0 ? rows : rows[..(common + 1)]).TrimEnd()}");
                output.WriteLine();
            }
            output.WriteLine("Examples:");
            foreach (string line in command.Examples.Split('\n'))
                output.WriteLine($"  {line}");
            return 0;
        }

        /// <summary>The command's help as it is without some of its options.</summary>
        private string Without(Option[] options, ToolCommand command, ParseResult parseResult)
        {
            InvocationConfiguration configuration = parseResult.InvocationConfiguration;
            TextWriter output = configuration.Output;
            using var text = new StringWriter();
            bool[] hidden = [.. options.Select(option => option.Hidden)];
            configuration.Output = text;
            foreach (Option option in options)
                option.Hidden = true;
            try
            {
                help.Invoke(parseResult);
                return text.ToString();
            }
            finally
            {
                configuration.Output = output;
                foreach ((Option option, bool was) in options.Zip(hidden))
                    option.Hidden = was;
            }
        }
    }
}
