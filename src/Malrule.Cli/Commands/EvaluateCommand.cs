using System.CommandLine;
using Malrule.Mining.Evaluation;
using Malrule.Mining.Results;

namespace Malrule.Cli.Commands;

/// <summary><c>malrule evaluate</c>: how well a finished run ranks, alone or beside another.</summary>
internal static class EvaluateCommand
{
    private static readonly Dictionary<string, EvaluationSplit> Splits = new()
    {
        ["own-question"] = EvaluationSplit.LeaveOwnQuestionOut,
        ["by-question"] = EvaluationSplit.ByQuestion(),
        ["by-stem"] = EvaluationSplit.ByStem(),
        ["mixed"] = EvaluationSplit.Mixed(),
        ["by-misconception"] = EvaluationSplit.ByMisconception(),
    };

    public static Command Create()
    {
        var run = new RunArguments();
        var compare = new Option<string?>("--compare") { Description = "Another run of the same questions: its values less RUN's, item by item.", HelpName = "RUN2" };
        var json = new Option<bool>("--json") { Description = "Write JSON." };
        var split = new Option<string[]>("--split")
        {
            Description = "Measure the run's method anew, for methods without texts: own-question (learn from all other questions), by-question, by-stem (similar stems together), mixed (60 % unseen), by-misconception (all unseen); all. The folds are five.",
            HelpName = "SPLIT",
            AllowMultipleArgumentsPerToken = true,
        };
        split.AcceptOnlyFromAmong([.. Splits.Keys, "all"]);
        var resamples = new Option<int>("--resamples") { Description = "Resamples of the questions, from which the intervals come.", DefaultValueFactory = _ => new Bootstrap().Resamples, HelpName = "N" };
        resamples.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 1_000_000)
                result.AddError("--resamples must be from 1 to 1,000,000.");
        });

        var command = new ToolCommand("evaluate", "Measure a finished run on its labels: seen and unseen misconceptions, where the rest is lost, intervals.", """
            malrule evaluate runs/default-infer
            malrule evaluate runs/default-infer --compare runs/rrf
            malrule evaluate runs/eedi-default-hybrid --split by-question mixed
            malrule evaluate runs/eedi-default-hybrid --json > hybrid.json

            Every interval covers 95 %, by bootstrap over questions. An item is seen where another labelled question has its misconception too.
            """)
        {
            run.Folder, compare, json, split, resamples, run.Data, run.Questions,
        };
        command.SetAction((parsed, cancellationToken) => Task.Run(() =>
        {
            var bootstrap = new Bootstrap { Resamples = parsed.GetValue(resamples) };
            FinishedRun finished = run.Open(parsed);
            RunEvaluation evaluation = RunEvaluation.Of(finished, bootstrap);
            if (parsed.GetValue(split) is { Length: > 0 } names)
                evaluation = evaluation.With(finished, names.Contains("all") ? Splits.Values : names.Distinct().Select(name => Splits[name]), bootstrap, cancellationToken);
            if (parsed.GetValue(compare) is { } other)
                evaluation = evaluation.With(finished, run.Open(parsed, other), bootstrap);
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
                output.WriteLine(evaluation.ToJson());
            else
                EvaluationDisplay.Write(evaluation, output);
            return ExitCode.Done;
        }, cancellationToken));
        return command;
    }
}
