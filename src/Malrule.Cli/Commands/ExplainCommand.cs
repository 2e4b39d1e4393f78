using System.CommandLine;
using Malrule.Mining.Results;

namespace Malrule.Cli.Commands;

/// <summary><c>malrule explain</c>: how a run came to its answer for one distractor.</summary>
internal static class ExplainCommand
{
    public static Command Create()
    {
        var run = new RunArguments();
        var id = new Argument<string>("ID") { Description = "A question (1672) or one of its distractors (1672_B), also by the ids that were imported." };
        var top = new Option<int>("--top") { Description = "Candidates shown.", DefaultValueFactory = _ => 10, HelpName = "K" };
        top.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
                result.AddError("--top must be at least 1.");
        });

        var command = new ToolCommand("explain", "Show how a run came to its answer: question, prompt, inferred texts, ranking, and where the label stands.", """
            malrule explain runs/default-infer 2
            malrule explain runs/eedi-default-hybrid 1672_B --top 25

            Everything comes from the run's files and the data it read; nothing is generated anew.
            """)
        {
            run.Folder, id, run.Data, run.Questions, top,
        };
        command.SetAction(parsed =>
        {
            FinishedRun finished = run.Open(parsed);
            var display = new ExplanationDisplay(parsed.InvocationConfiguration.Output, finished.Bank.Catalogue, parsed.GetValue(top));
            foreach (Explanation explanation in finished.Explain(parsed.GetRequiredValue(id)))
                display.Write(explanation);
            return ExitCode.Done;
        });
        return command;
    }
}
