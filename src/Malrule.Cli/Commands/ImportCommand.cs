using System.CommandLine;
using Malrule.Mining.Questions;

namespace Malrule.Cli.Commands;

/// <summary><c>malrule import</c>: tables of one's own into a data folder.</summary>
internal static class ImportCommand
{
    private static readonly Dictionary<string, KeyForm> Keys = new()
    {
        ["auto"] = KeyForm.Auto,
        ["letter"] = KeyForm.Letter,
        ["index"] = KeyForm.Index,
        ["index0"] = KeyForm.ZeroIndex,
        ["text"] = KeyForm.Text,
    };

    public static Command Create(Messages messages)
    {
        var catalogue = new Option<string>("--catalogue") { Required = true, Description = "CSV with the misconceptions, one a record.", HelpName = "FILE" };
        var labelled = new Option<string?>("--labelled") { Description = "CSV with labelled questions, to learn from; becomes train.csv.", HelpName = "FILE" };
        var questions = new Option<string?>("--questions") { Description = "CSV with questions to mine; becomes test.csv.", HelpName = "FILE" };
        var column = new Option<string[]>("--column") { Description = $"Where a field is, such as stem=\"Question text\"; as many as needed. Fields: {string.Join(", ", BankColumns.Fields.Keys)} [default: Eedi's columns]", HelpName = "FIELD=COLUMN", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [] };
        Option<string?> key = Choice.Among("--key", "How correct options are named: letter (A to D), index (1 to 4), index0 (0 to 3), text (the option's) [default: auto]", [.. Keys.Keys]);
        Option<string?> separator = Choice.Among("--separator", "What stands between cells [default: comma]", "comma", "semicolon", "tab");
        var output = new Option<string>("--output", "-o") { Required = true, Description = "Data folder, for --data of the other commands.", HelpName = "DIR" };

        var command = new ToolCommand("import", "Turn CSV files of your own, whatever their columns, into a data folder.", """
            malrule import --catalogue ideas.csv --questions items.csv -o mine --key index \
              --column catalogue-id=Code catalogue-name=Idea id=Ref stem="Question text" a="Option 1" b="Option 2" c="Option 3" d="Option 4" key=Answer
            malrule mine --data mine --method lexical

            Labels are ids or names of the catalogue (--column misconception-a=…). Construct and subject may be absent. Ids that are no whole numbers
            are numbered; malrule export gives them back as source_id.
            """)
        {
            catalogue, labelled, questions, column, key, separator, output,
        };
        command.SetAction(parsed =>
        {
            string folder = parsed.GetRequiredValue(output);
            var columns = new BankColumns(parsed.GetRequiredValue(column))
            {
                Key = Keys[parsed.GetValue(key) ?? "auto"],
                Separator = parsed.GetValue(separator) switch { "semicolon" => ';', "tab" => '\t', _ => ',' },
            };
            ImportedBank bank = BankImport.Run(parsed.GetRequiredValue(catalogue), parsed.GetValue(labelled), parsed.GetValue(questions), columns, folder);
            messages.Line($"{bank.Misconceptions} misconceptions, {bank.Labelled} labelled questions, {bank.Questions} questions to mine");
            parsed.InvocationConfiguration.Output.WriteLine(folder);
            return ExitCode.Done;
        });
        return command;
    }
}
