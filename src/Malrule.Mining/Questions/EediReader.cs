using Malrule.Inference;

namespace Malrule.Mining.Questions;

/// <summary>
/// Reads the CSV files of Kaggle's Eedi competition: a catalogue with the columns MisconceptionId and MisconceptionName, and questions
/// in wide format, one record a question, with QuestionId, ConstructName, SubjectName, CorrectAnswer, QuestionText, AnswerAText …
/// AnswerDText, optionally ConstructId, SubjectId and the labels MisconceptionAId … MisconceptionDId. Texts keep their LaTeX, line
/// breaks and stray spaces; the answers <c>None</c> and <c>NA</c> are texts like any other.
/// </summary>
public static class EediReader
{
    private static readonly string[] AnswerColumns = [.. Question.Letters.Select(letter => $"Answer{letter}Text")];
    private static readonly string[] LabelColumns = [.. Question.Letters.Select(letter => $"Misconception{letter}Id")];
    private static readonly string[] RequiredColumns = ["QuestionId", "ConstructName", "SubjectName", "CorrectAnswer", "QuestionText", .. AnswerColumns];

    /// <summary>Reads a catalogue (<c>misconception_mapping.csv</c>) in the order of the file.</summary>
    /// <exception cref="InvalidInputException">The file cannot be read or is wrong; the message says where and what to do.</exception>
    public static MisconceptionCatalogue ReadCatalogue(string path)
    {
        using CsvTable table = CsvTable.Open(path, ["MisconceptionId", "MisconceptionName"]);
        bool hasSourceId = table.Has("SourceId");
        var items = new List<Misconception>();
        var ids = new HashSet<int>();
        while (table.Read())
        {
            int id = table.Id("MisconceptionId");
            if (!ids.Add(id))
                throw table.Fault("MisconceptionId", "every id once", $"{id} again", "Remove one of the two records.");
            items.Add(new Misconception(id, table.RequiredText("MisconceptionName")) { SourceId = hasSourceId ? table.Text("SourceId") : null });
        }
        return items.Count > 0
            ? new MisconceptionCatalogue(items)
            : throw new InvalidInputException($"{path} holds no misconceptions; expected one a record below the header. Check that the file was copied whole.");
    }

    /// <summary>Streams the questions of a file, in its order.</summary>
    /// <param name="path">A file in wide format.</param>
    /// <param name="catalogue">What the labels refer to.</param>
    /// <exception cref="InvalidInputException">The file cannot be read or is wrong; the message says where and what to do.</exception>
    public static IEnumerable<Question> ReadQuestions(string path, MisconceptionCatalogue catalogue)
    {
        using CsvTable table = CsvTable.Open(path, RequiredColumns);
        bool labelled = HasLabelColumns(table);
        bool hasConstructId = table.Has("ConstructId"), hasSubjectId = table.Has("SubjectId"), hasSourceId = table.Has("SourceId");
        var ids = new HashSet<int>();
        while (table.Read())
        {
            int id = table.Id("QuestionId");
            if (!ids.Add(id))
                throw table.Fault("QuestionId", "every id once", $"{id} again", "Remove one of the two records, or give it another id.");
            char key = ReadKey(table);
            yield return new Question
            {
                Id = id,
                ConstructName = table.Text("ConstructName"),
                SubjectName = table.Text("SubjectName"),
                Stem = table.RequiredText("QuestionText"),
                Key = key,
                Options = [.. AnswerColumns.Select(table.RequiredText)],
                MisconceptionIds = labelled ? ReadLabels(table, catalogue, key) : [null, null, null, null],
                SourceId = hasSourceId ? table.Text("SourceId") : null,
                ConstructId = hasConstructId ? table.OptionalId("ConstructId") : null,
                SubjectId = hasSubjectId ? table.OptionalId("SubjectId") : null,
            };
        }
        if (ids.Count == 0)
            throw new InvalidInputException($"{path} holds no questions; expected one a record below the header. Check that the file was copied whole.");
    }

    private static bool HasLabelColumns(CsvTable table)
    {
        string[] missing = [.. LabelColumns.Where(column => !table.Has(column))];
        return missing.Length == 0 || (missing.Length == LabelColumns.Length
            ? false
            : throw new InvalidInputException($"{table.Path}, line 1: expected the labels of all four options or of none, found no {string.Join(", ", missing)}. Add the missing columns (cells may be empty) or remove the others."));
    }

    private static char ReadKey(CsvTable table)
    {
        string cell = table.Text("CorrectAnswer").Trim();
        return cell.Length == 1 && Question.Letters.Contains(cell[0])
            ? cell[0]
            : throw table.Fault("CorrectAnswer", "A, B, C or D", cell.Length == 0 ? "an empty cell" : CsvTable.Quoted(cell), "Correct it.");
    }

    private static int?[] ReadLabels(CsvTable table, MisconceptionCatalogue catalogue, char key)
    {
        var labels = new int?[Question.Letters.Length];
        for (int option = 0; option < labels.Length; option++)
        {
            int? label = labels[option] = table.OptionalId(LabelColumns[option]);
            if (label is null)
                continue;
            if (Question.Letters[option] == key)
                throw table.Fault(LabelColumns[option], $"no misconception, {key} being the correct answer", $"{label}", "Empty the cell, or correct CorrectAnswer.");
            if (!catalogue.Contains(label.Value))
                throw table.Fault(LabelColumns[option], $"the id of one of the catalogue's {catalogue.Count} misconceptions", $"{label}", "Correct it, or add the misconception to misconception_mapping.csv.");
        }
        return labels;
    }
}
