using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Malrule.Cli;

/// <summary>A command whose help shows its lesser options in groups and ends with examples; the list of commands shows its description only.</summary>
internal sealed class ToolCommand(string name, string description, string examples) : Command(name, description)
{
    private readonly List<(string Title, Option[] Options)> _groups = [];

    /// <summary>Makes the help of a root's commands show their groups and examples, and its own help these <paramref name="examples"/>.</summary>
    public static void ShowExamples(RootCommand root, string examples)
    {
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Description = "Show this help.";
        root.Options.OfType<VersionOption>().Single().Description = "Show the version.";
        help.Action = new GroupedHelp((SynchronousCommandLineAction)help.Action!, examples);
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

    private sealed class GroupedHelp(SynchronousCommandLineAction help, string rootExamples) : SynchronousCommandLineAction
    {
        private const string OptionsTitle = "Options:";

        public override bool ClearsParseErrors => help.ClearsParseErrors;

        public override int Invoke(ParseResult parseResult)
        {
            TextWriter output = parseResult.InvocationConfiguration.Output;
            if (parseResult.CommandResult.Command is not ToolCommand command)
            {
                output.Write(Without([], parseResult));
                Show(rootExamples, output);
                return 0;
            }
            Option[] grouped = [.. command._groups.SelectMany(group => group.Options)];
            output.Write(Without(grouped, parseResult));
            foreach ((string title, Option[] options) in command._groups)
            {
                string section = Without([.. command.Options.Except(options)], parseResult);
                string rows = section[(section.IndexOf(OptionsTitle, StringComparison.Ordinal) + OptionsTitle.Length)..];
                // Options of every command stand in the first section already.
                int common = rows.IndexOf("\n  -?", StringComparison.Ordinal);
                output.WriteLine($"{title}:{(common < 0 ? rows : rows[..(common + 1)]).TrimEnd()}");
                output.WriteLine();
            }
            Show(command.Examples, output);
            return 0;
        }

        private static void Show(string examples, TextWriter output)
        {
            output.WriteLine("Examples:");
            foreach (string line in examples.ReplaceLineEndings("\n").Split('\n'))
                output.WriteLine(line.Length == 0 ? "" : $"  {line}");
        }

        /// <summary>The command's help as it is without some of its options.</summary>
        private string Without(Option[] options, ParseResult parseResult)
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
                return text.ToString().Replace(". [default:", " [default:", StringComparison.Ordinal);
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
