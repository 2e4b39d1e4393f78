using System.Globalization;
using System.Text;
using CsvHelper;
using Malrule.Inference;

namespace Malrule.Mining.Questions;

/// <summary>
/// A CSV file with a header, read record by record. It only adds to CsvHelper what the user needs when a file is wrong: every error
/// names file, line and column, what was expected, what was found, and the fix. Lines are those where records start.
/// </summary>
internal sealed class CsvTable : IDisposable
{
    private const int MaxRecordBytes = 1 << 20;

    private static readonly Dictionary<char, string> Separators = new() { [','] = "comma", [';'] = "semicolon", ['\t'] = "tab" };

    private readonly CsvReader _reader;
    private readonly char _separator;

    private CsvTable(string path, CsvReader reader, char separator) => (Path, _reader, _separator) = (path, reader, separator);

    public string Path { get; }

    /// <summary>Opens a file and checks that its header has <paramref name="requiredColumns"/>.</summary>
    public static CsvTable Open(string path, IReadOnlyList<string> requiredColumns, char separator = ',')
    {
        CsvReader? reader = null;
        try
        {
            // A strict decoder: a file in another encoding must not turn into U+FFFD without a word.
            var text = new StreamReader(path, new UTF8Encoding(false, throwOnInvalidBytes: true), detectEncodingFromByteOrderMarks: true);
            reader = CsvReader.Create(text, new CsvReaderOptions
            {
                Separator = separator,
                MalformedData = CsvMalformedDataHandling.Throw,
                FieldCountMismatch = CsvFieldCountHandling.Throw,
                TrackLineNumbers = true,
                MaxRecordSize = MaxRecordBytes,
                PoolStrings = true,
            });
            var table = new CsvTable(path, reader, separator);
            table.CheckHeader(requiredColumns);
            return table;
        }
        catch (Exception error) when (Explain(path, separator, error) is { } explained)
        {
            reader?.Dispose();
            throw explained;
        }
        catch
        {
            reader?.Dispose();
            throw;
        }
    }

    /// <summary>Moves to the next record; false at the end.</summary>
    public bool Read()
    {
        try
        {
            return _reader.Read();
        }
        catch (Exception error) when (Explain(Path, _separator, error) is { } explained)
        {
            throw explained;
        }
    }

    public bool Has(string column) => _reader.TryGetFieldIndex(column, out _);

    /// <summary>A cell's text as it stands.</summary>
    public string Text(string column) => _reader.GetString(column);

    /// <summary>A cell's text, which may not be blank.</summary>
    public string RequiredText(string column)
    {
        string text = Text(column);
        return string.IsNullOrWhiteSpace(text) ? throw Fault(column, "a text", "an empty cell", "Fill it in, or remove the record.") : text;
    }

    /// <summary>A cell that holds an id: a whole number, also as pandas writes it when the column has gaps (<c>1672.0</c>).</summary>
    public int Id(string column) =>
        OptionalId(column) ?? throw Fault(column, "an id (a whole number from 0)", "an empty cell", "Fill it in, or remove the record.");

    /// <summary>A cell that holds an id or nothing.</summary>
    public int? OptionalId(string column)
    {
        string cell = Text(column);
        return string.IsNullOrWhiteSpace(cell) ? null
            : TryParseId(cell, out int id) ? id
            : throw Fault(column, "an id (a whole number from 0)", Quoted(cell), "Correct it.");
    }

    /// <summary>Whether a cell's text is an id: a whole number, also as pandas writes it when the column has gaps.</summary>
    public static bool TryParseId(string cell, out int id)
    {
        ReadOnlySpan<char> digits = cell.AsSpan().Trim();
        int point = digits.IndexOf('.');
        if (point > 0 && digits[(point + 1)..].Trim('0').IsEmpty)
            digits = digits[..point];
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out id);
    }

    /// <summary>An error in the current record.</summary>
    public InvalidInputException Fault(string column, string expected, string found, string fix) =>
        new($"{Path}, line {_reader.LineNumber}, column {column}: expected {expected}, found {found}. {fix}");

    /// <summary>A cell's text fit for an error message.</summary>
    public static string Quoted(string text) =>
        $"\"{(text.Length <= 60 ? text : string.Concat(text.AsSpan(0, 60), "…")).ReplaceLineEndings(" ")}\"";

    public void Dispose() => _reader.Dispose();

    private void CheckHeader(IReadOnlyList<string> requiredColumns)
    {
        string[] found = _reader.Headers.ToArray();
        if (found.Length == 0)
            throw new InvalidInputException($"{Path} is empty; expected a header line with the columns {string.Join(", ", requiredColumns)}. Check that the file was copied whole.");
        string[] missing = [.. requiredColumns.Where(column => !Has(column))];
        if (missing.Length > 0)
            throw new InvalidInputException($"{Path}, line 1: expected the column{(missing.Length > 1 ? "s" : "")} {string.Join(", ", missing)}, found {string.Join(", ", found)}. {(OtherSeparator(found) is { } other ? $"Its cells seem to stand between {other}s: say so (--separator {other} of malrule import)." : "Add or rename columns.")}");
        string? twice = found.GroupBy(name => name.Trim(), StringComparer.OrdinalIgnoreCase).FirstOrDefault(group => group.Count() > 1)?.Key;
        if (twice is not null)
            throw new InvalidInputException($"{Path}, line 1, column {twice}: expected every column once, found it more than once. Remove one of them.");
    }

    // A header of one column that holds another separator.
    private string? OtherSeparator(string[] header) =>
        header.Length == 1 && Separators.Keys.FirstOrDefault(other => other != _separator && header[0].Contains(other)) is var found && found != default ? Separators[found] : null;

    /// <summary>What a user can do about an error of the file system or the parser; null for any other.</summary>
    private static InvalidInputException? Explain(string path, char separator, Exception error) => error switch
    {
        CsvFormatException format => new($"{path}, line {Math.Max(1, format.LineNumber)}: expected cells between {Separators[separator]}s, as many as the header has, found: {format.Message} Put a cell that holds {Separators[separator]}s, quotes or line breaks between double quotes, and double the quotes in it.", format),
        DecoderFallbackException => new($"{path}: expected UTF-8 text, found bytes that are not. Save the file as UTF-8.", error),
        FileNotFoundException or DirectoryNotFoundException => new($"{path} does not exist. Check the path.", error),
        UnauthorizedAccessException when Directory.Exists(path) => new($"{path}: expected a CSV file, found a folder. Name the file in it.", error),
        UnauthorizedAccessException => new($"{path} cannot be read: access is denied. Change its permissions.", error),
        IOException => new($"{path} cannot be read: {error.Message}", error),
        _ => null,
    };
}
