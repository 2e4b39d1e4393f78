using System.Globalization;
using CsvHelper;
using Malrule.Inference;
using Malrule.Mining.Results;

namespace Malrule.Mining.Questions;

/// <summary>What an import wrote.</summary>
/// <param name="Misconceptions">Of the catalogue.</param>
/// <param name="Labelled">Questions of <c>train.csv</c>.</param>
/// <param name="Questions">Questions of <c>test.csv</c>.</param>
public sealed record ImportedBank(int Misconceptions, int Labelled, int Questions);

/// <summary>
/// Turns foreign tables into a data folder in Eedi's format, so that every command can use them. Tables are read and written record by record; only
/// the catalogue is kept. Ids that are no whole numbers are replaced by numbers in the order of the file, and stand in a column SourceId.
/// </summary>
public sealed class BankImport
{
    private const string SourceId = "SourceId";
    private static readonly string[] OptionFields = ["a", "b", "c", "d"];
    private static readonly CsvWriterOptions Csv = new() { NewLine = "\n" };

    private readonly BankColumns _columns;
    private readonly Dictionary<string, int> _misconceptions = new(StringComparer.OrdinalIgnoreCase); // by id and by name
    private readonly HashSet<string> _ambiguous = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _questionIds = [];
    private int _nextQuestion = 1;

    private BankImport(BankColumns columns) => _columns = columns;

    /// <summary>Writes <c>misconception_mapping.csv</c>, <c>train.csv</c> and <c>test.csv</c>, each where there is a table for it.</summary>
    /// <param name="catalogue">The table of misconceptions.</param>
    /// <param name="labelled">Questions with labels, to learn from; null: none.</param>
    /// <param name="questions">Questions to mine; null: none but the labelled ones.</param>
    /// <param name="columns">Where their columns are.</param>
    /// <param name="folder">Where to write; made where it is absent.</param>
    /// <exception cref="InvalidInputException">A table is wrong; the message names file, line and column.</exception>
    public static ImportedBank Run(string catalogue, string? labelled, string? questions, BankColumns columns, string folder)
    {
        ArgumentNullException.ThrowIfNull(columns);
        if ((labelled ?? questions) is null)
            throw new InvalidInputException("There are no questions to import. Name a table with labels, one to mine, or both.");
        string catalogueTarget = Path.Combine(folder, "misconception_mapping.csv"), train = Path.Combine(folder, "train.csv"), test = Path.Combine(folder, "test.csv");
        foreach (string target in (ReadOnlySpan<string>)[catalogueTarget, train, test])
        {
            if (File.Exists(target))
                throw new InvalidInputException($"{target} is there already. Choose another folder, or move it away.");
        }
        bool made = !Directory.Exists(folder);
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception error) when (AtomicFile.Explain(folder, error) is { } explained)
        {
            throw explained;
        }
        var import = new BankImport(columns);
        try
        {
            return new ImportedBank(
                import.Catalogue(catalogue, catalogueTarget),
                labelled is null ? 0 : import.Questions(labelled, train, needsLabels: true),
                questions is null ? 0 : import.Questions(questions, test, needsLabels: false));
        }
        catch
        {
            // All or nothing, so that the same command can be given again when the tables are mended.
            foreach (string target in (ReadOnlySpan<string>)[catalogueTarget, train, test])
                File.Delete(target);
            if (made)
                Directory.Delete(folder);
            throw;
        }
    }

    private int Catalogue(string path, string target)
    {
        string idColumn = _columns.Of("catalogue-id"), nameColumn = _columns.Of("catalogue-name");
        using CsvTable table = Open(path, [nameColumn, .. Given(["catalogue-id"])]);
        bool hasIds = table.Has(idColumn), whole = hasIds && AllWhole(path, idColumn, [nameColumn]);
        var ids = new HashSet<int>();
        int count = 0;
        Write(target, ["MisconceptionId", "MisconceptionName", .. hasIds && !whole ? [SourceId] : Array.Empty<string>()], write =>
        {
            while (table.Read())
            {
                string name = table.RequiredText(nameColumn), source = hasIds ? table.RequiredText(idColumn).Trim() : "";
                int id = whole ? table.Id(idColumn) : count;
                if (!ids.Add(id) || (hasIds && !whole && _misconceptions.ContainsKey(source)))
                    throw table.Fault(idColumn, "every id once", $"{source} again", "Remove one of the two records.");
                if (hasIds)
                    _misconceptions[whole ? Invariant(id) : source] = id;
                if (!_misconceptions.TryAdd(Clean(name), id))
                    _ambiguous.Add(Clean(name));
                write(hasIds && !whole ? [Invariant(id), name, source] : [Invariant(id), name]);
                count++;
            }
            if (count == 0)
                throw new InvalidInputException($"{path} holds no misconceptions; expected one a record below the header.");
        });
        return count;
    }

    private int Questions(string path, string target, bool needsLabels)
    {
        string idColumn = _columns.Of("id");
        string[] labelFields = [.. OptionFields.Select(letter => $"misconception-{letter}")];
        string[] required = [_columns.Of("stem"), _columns.Of("key"), .. OptionFields.Select(_columns.Of)];
        using CsvTable table = Open(path, [.. required, .. Given(["id", "construct", "subject", .. needsLabels ? labelFields : []])]);
        bool hasIds = table.Has(idColumn), whole = hasIds && AllWhole(path, idColumn, required);
        bool[] hasLabel = [.. labelFields.Select(field => table.Has(_columns.Of(field)))];
        if (needsLabels && !hasLabel.Contains(true))
            throw new InvalidInputException($"{path}, line 1: expected a column with labels, found none. Name them with {string.Join(", ", labelFields.Select(field => $"{field}=COLUMN"))}; a column that is not there may be left out.");
        bool sourced = hasIds && !whole, labelled = hasLabel.Contains(true);
        int count = 0;
        string[] header = ["QuestionId", "ConstructName", "SubjectName", "CorrectAnswer", "QuestionText", "AnswerAText", "AnswerBText", "AnswerCText", "AnswerDText"];
        Write(target, [.. header, .. labelled ? Question.Letters.Select(letter => $"Misconception{letter}Id") : [], .. sourced ? [SourceId] : Array.Empty<string>()], write =>
        {
            while (table.Read())
            {
                string source = hasIds ? table.RequiredText(idColumn).Trim() : "";
                int id = whole ? table.Id(idColumn) : _nextQuestion++;
                if (!_questionIds.Add(sourced ? $"source {source}" : Invariant(id)))
                    throw table.Fault(idColumn, "every id once in all tables of questions", $"{source} again", "Remove one of the two records, or give it another id. (Labelled questions need no second table to be mined: malrule mine --questions DIR/train.csv.)");
                string[] options = [.. OptionFields.Select(field => table.RequiredText(_columns.Of(field)))];
                int key = ReadKey(table, options);
                string[] labels = labelled ? [.. labelFields.Select((field, option) => hasLabel[option] ? ReadLabel(table, _columns.Of(field), isKey: option == key) : "")] : [];
                write(
                [
                    Invariant(id), Optional(table, "construct"), Optional(table, "subject"), Question.Letters[key].ToString(), table.RequiredText(_columns.Of("stem")),
                    .. options, .. labels, .. sourced ? [source] : Array.Empty<string>(),
                ]);
                count++;
            }
            if (count == 0)
                throw new InvalidInputException($"{path} holds no questions; expected one a record below the header.");
        });
        return count;
    }

    private int ReadKey(CsvTable table, string[] options)
    {
        string column = _columns.Of("key"), cell = table.RequiredText(column).Trim();
        int letter = cell.Length == 1 ? Question.Letters.IndexOf(char.ToUpperInvariant(cell[0]), StringComparison.Ordinal) : -1;
        int[] texts = [.. options.Index().Where(option => Clean(option.Item).Equals(Clean(cell), StringComparison.Ordinal)).Select(option => option.Index)];
        int number = int.TryParse(cell, NumberStyles.None, CultureInfo.InvariantCulture, out int parsed) ? parsed : -1;
        int index = number is >= 1 and <= 4 ? number - 1 : -1;
        if (_columns.Key == KeyForm.Auto && letter < 0 && texts.Length == 1 && index >= 0 && index != texts[0])
            throw table.Fault(column, "one correct option", $"{CsvTable.Quoted(cell)}, which is option {Question.Letters[texts[0]]}'s text and option {Question.Letters[index]}'s number", "Say which it is: --key text or --key index.");
        int key = _columns.Key switch
        {
            KeyForm.Letter => letter,
            KeyForm.Index => index,
            KeyForm.ZeroIndex => number is >= 0 and <= 3 ? number : -1,
            KeyForm.Text => texts.Length == 1 ? texts[0] : -1,
            _ => letter >= 0 ? letter : texts.Length == 1 ? texts[0] : index,
        };
        string expected = _columns.Key switch
        {
            KeyForm.Letter => "A, B, C or D",
            KeyForm.Index => "1, 2, 3 or 4",
            KeyForm.ZeroIndex => "0, 1, 2 or 3",
            KeyForm.Text => "the text of exactly one option",
            _ => "a letter A to D, the text of exactly one option, or a number 1 to 4",
        };
        return key >= 0 ? key : throw table.Fault(column, expected, CsvTable.Quoted(cell), "Correct it, or say with --key how correct options are named.");
    }

    private string ReadLabel(CsvTable table, string column, bool isKey)
    {
        string cell = Clean(table.Text(column));
        if (cell.Length == 0)
            return "";
        if (isKey)
            throw table.Fault(column, "no misconception, this being the correct option", CsvTable.Quoted(cell), "Empty the cell, or correct the key.");
        if (CsvTable.TryParseId(cell, out int whole))
            cell = Invariant(whole); // pandas writes 12.0
        if (_ambiguous.Contains(cell))
            throw table.Fault(column, "a name that the catalogue has once", CsvTable.Quoted(cell), "Give the misconception's id.");
        return _misconceptions.TryGetValue(cell, out int id) ? Invariant(id)
            : throw table.Fault(column, "the id or the name of a misconception of the catalogue", CsvTable.Quoted(cell), "Correct it, or add the misconception to the catalogue.");
    }

    private string Optional(CsvTable table, string field) => table.Has(_columns.Of(field)) ? table.Text(_columns.Of(field)).Trim() : "";

    private IEnumerable<string> Given(IEnumerable<string> fields) => fields.Where(_columns.IsGiven).Select(_columns.Of);

    private CsvTable Open(string path, IReadOnlyList<string> required) => CsvTable.Open(path, required, _columns.Separator);

    /// <summary>Whether every id is a whole number, so that it can stay as it is.</summary>
    private bool AllWhole(string path, string column, IReadOnlyList<string> required)
    {
        using CsvTable table = Open(path, required);
        while (table.Read())
        {
            if (!CsvTable.TryParseId(table.Text(column), out _))
                return false;
        }
        return true;
    }

    private static void Write(string path, string[] header, Action<Action<string[]>> records) => AtomicFile.Write(path, stream =>
    {
        using var csv = CsvWriter.Create(stream, Csv, leaveOpen: true);
        csv.WriteRecord(header);
        records(csv.WriteRecord);
    });

    private static string Clean(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static string Invariant(int value) => value.ToString(CultureInfo.InvariantCulture);
}
