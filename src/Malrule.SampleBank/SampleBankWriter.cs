using System.Globalization;
using System.Text;
using Malrule.Mining.Questions;

namespace Malrule.SampleBank;

/// <summary>
/// Writes a bank as a folder in Eedi's wide format: <c>misconception_mapping.csv</c>, <c>train.csv</c> (to learn from),
/// <c>test.csv</c> and <c>kept-out.csv</c> (to mine; labelled, so that a run is scored) and the data card <c>README.md</c>.
/// </summary>
public static class SampleBankWriter
{
    private static readonly string Header = "QuestionId,ConstructId,ConstructName,SubjectId,SubjectName,CorrectAnswer,QuestionText,"
        + string.Join(',', Question.Letters.Select(letter => $"Answer{letter}Text")) + ","
        + string.Join(',', Question.Letters.Select(letter => $"Misconception{letter}Id"));

    /// <summary>Makes the bank and writes it, replacing files of these names; the folder is created where it is missing.</summary>
    /// <returns>The bank that was written.</returns>
    /// <exception cref="Inference.InvalidInputException">An option is outside its range.</exception>
    public static GeneratedBank Write(string directory, SampleBankOptions options)
    {
        GeneratedBank bank = SampleBankGenerator.Generate(options);
        Directory.CreateDirectory(directory);
        Save("misconception_mapping.csv", ["MisconceptionId,MisconceptionName", .. bank.Catalogue.Items.Select(item => Record([Text(item.Id), item.Name]))]);
        Save("train.csv", Table(bank.Train));
        Save("test.csv", Table(bank.Test));
        Save("kept-out.csv", Table(bank.KeptOut));
        Save("README.md", [DataCard.Of(bank, options)]);
        return bank;

        void Save(string name, IEnumerable<string> lines) =>
            File.WriteAllText(Path.Combine(directory, name), string.Concat(lines.Select(line => line + "\n")), new UTF8Encoding(false));
    }

    private static IEnumerable<string> Table(IEnumerable<Question> questions) =>
    [
        Header,
        .. questions.Select(question => Record(
        [
            Text(question.Id), Text(question.ConstructId), question.ConstructName, Text(question.SubjectId), question.SubjectName,
            question.Key.ToString(), question.Stem, .. question.Options, .. question.MisconceptionIds.Select(Text),
        ])),
    ];

    private static string Record(IEnumerable<string> fields) => string.Join(',', fields.Select(field =>
        field.AsSpan().ContainsAny(",\"\n") ? $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : field));

    private static string Text(int? id) => id?.ToString(CultureInfo.InvariantCulture) ?? "";
}
