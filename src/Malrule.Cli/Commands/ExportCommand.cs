using System.CommandLine;
using Malrule.Mining.Results;

namespace Malrule.Cli.Commands;

/// <summary><c>malrule export</c>: a run's results as JSON Lines.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        var run = new RunArguments();
        var top = new Option<int>("--top") { Description = "Candidates of each distractor.", DefaultValueFactory = _ => ResultFiles.SubmissionDepth, HelpName = "K" };
        top.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
                result.AddError("--top must be at least 1.");
        });

        var command = new ToolCommand("export", "Write a run's results as JSON Lines: one object for each wrong option.", """
            malrule export runs/default-infer > results.jsonl
            malrule export runs/eedi-default-hybrid --top 5

            Each line: id, question_id, letter, construct, subject, stem, key_letter, key, distractor, label and label_rank (0: not among the candidates),
            candidates with id, name and score, texts, demonstrations; source_id where the data were imported with ids of their own,
            error where a request failed; of reranked runs the probability of none of these, and each candidate's first_rank.
            """)
        {
            run.Folder, run.Data, run.Questions, top,
        };
        command.SetAction((parsed, cancellationToken) => Task.Run(() =>
        {
            FinishedRun finished = run.Open(parsed);
            ResultLines.Write(parsed.InvocationConfiguration.Output, finished, parsed.GetValue(top), cancellationToken);
            return ExitCode.Done;
        }, cancellationToken));
        return command;
    }
}
