using System.CommandLine;
using Malrule.SampleBank;

namespace Malrule.Cli.Commands;

/// <summary><c>malrule sample-bank</c>: a fresh bank of questions whose mal-rules are known.</summary>
internal static class SampleBankCommand
{
    public static Command Create(Messages messages)
    {
        var defaults = new SampleBankOptions();
        var output = new Option<string>("--output", "-o") { Required = true, Description = "Folder for train.csv, test.csv, kept-out.csv, misconception_mapping.csv and the data card.", HelpName = "DIR" };
        var seed = new Option<long>("--seed") { Description = "Every seed makes another bank, the same one on every machine.", DefaultValueFactory = _ => defaults.Seed, HelpName = "S" };
        var questions = new Option<int>("--questions") { Description = "Questions in all files together, 60 to 3000.", DefaultValueFactory = _ => defaults.Questions, HelpName = "N" };
        Option<StemWordings?> wordings = Choice.Of<StemWordings>("--wordings", "held-out: the questions to mine are worded as the bundled models have never seen [default: train]");
        var labelKeptOut = new Option<bool>("--label-kept-out") { Description = "Let train.csv label misconceptions that the bundled models have never seen." };
        var command = new ToolCommand("sample-bank", "Make a bank of questions in which every labelled wrong answer follows from a known mal-rule.", """
            malrule sample-bank --seed 7 --output bank7
            malrule mine --data bank7 --model bundled --embedder bundled
            """)
        {
            output, seed, questions, wordings, labelKeptOut,
        };
        command.SetAction(parsed =>
        {
            string folder = parsed.GetRequiredValue(output);
            GeneratedBank bank = SampleBankWriter.Write(folder, new SampleBankOptions
            {
                Seed = parsed.GetValue(seed),
                Questions = parsed.GetValue(questions),
                Wordings = parsed.GetValue(wordings) ?? defaults.Wordings,
                LabelKeptOut = parsed.GetValue(labelKeptOut),
            });
            messages.Line($"{bank.Train.Count} questions to learn from, {bank.Test.Count} to mine, {bank.KeptOut.Count} on kept-out misconceptions, {bank.Catalogue.Count} misconceptions");
            parsed.InvocationConfiguration.Output.WriteLine(folder);
            return ExitCode.Done;
        });
        return command;
    }
}
