using System.CommandLine;
using Malrule.Cli.Commands;
using Malrule.Inference;

namespace Malrule.Cli;

/// <summary>The tool from its arguments to its exit code: data on stdout, everything else on stderr, an error as one line.</summary>
internal static class CommandLine
{
    private static readonly Option<bool> Verbose = new("--verbose") { Description = "Show where in the program an error arose.", Recursive = true };

    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        ParseResult parsed = Parse(args.Length == 0 ? ["--help"] : args, error);
        if (parsed.Errors.Count > 0)
        {
            foreach (string wrong in Spelling.Fault(parsed) is { } fault ? [fault] : parsed.Errors.Select(wrong => wrong.Message))
                await error.WriteLineAsync($"malrule: {wrong.ReplaceLineEndings(" ")}").ConfigureAwait(false);
            string command = parsed.CommandResult.Command is RootCommand ? "" : $" {parsed.CommandResult.Command.Name}";
            await error.WriteLineAsync($"Try: malrule{command} --help").ConfigureAwait(false);
            return ExitCode.WrongInput;
        }
        try
        {
            var configuration = new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            return await parsed.InvokeAsync(configuration, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await error.WriteLineAsync("malrule: interrupted").ConfigureAwait(false);
            return ExitCode.Interrupted;
        }
        catch (Exception exception)
        {
            bool expected = exception is MalruleException or IOException or UnauthorizedAccessException;
            string message = exception.Message.ReplaceLineEndings(" ");
            await error.WriteLineAsync(expected ? $"malrule: {message}" : $"malrule: unexpected {exception.GetType().Name}: {message} (--verbose shows where)").ConfigureAwait(false);
            if (parsed.GetValue(Verbose))
                await error.WriteLineAsync(exception.ToString()).ConfigureAwait(false);
            return exception is InvalidInputException ? ExitCode.WrongInput : ExitCode.Failed;
        }
    }

    internal static ParseResult Parse(IReadOnlyList<string> args, TextWriter error) =>
        Root(error).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });

    private static RootCommand Root(TextWriter error)
    {
        var messages = new Messages(error);
        var root = new RootCommand("Find the misconceptions behind the wrong answers of multiple-choice questions, with a language model on your own machine.")
        {
            Verbose,
            MineCommand.Create(messages),
            ImportCommand.Create(messages),
            EvaluateCommand.Create(),
            ExplainCommand.Create(),
            RankCommand.Create(messages),
            ExportCommand.Create(),
            SampleBankCommand.Create(messages),
            RunBatchCommand.Create(messages),
            ChatCommand.Create(messages),
            PullCommand.Create(messages),
            VerifyCommand.Create(messages),
            BenchCommand.Create(messages),
            DoctorCommand.Create(),
        };
        Numbers.ReadStrictly(root);
        ToolCommand.ShowExamples(root, """
            malrule mine                      the whole job on the bundled questions with the bundled models
            malrule mine --method lexical     the same without a model, in a second
            malrule doctor                    what this machine can do, and what is missing
            malrule mine --help               options, in groups, with their defaults
            """);
        return root;
    }
}
