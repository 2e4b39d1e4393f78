using System.Globalization;
using Malrule.Inference;
using Malrule.Mining.Questions;
using Malrule.Mining.Rankings;
using Malrule.Mining.Rankings.Neighbours;
using Malrule.Mining.Results;
using Spectre.Console;

namespace Malrule.Cli.Commands;

/// <summary>An explanation in the terminal: colours there, plain lines elsewhere. Control characters of foreign text are left out.</summary>
internal sealed class ExplanationDisplay
{
    private const int NearestShown = 3;
    private const int PlainWidth = int.MaxValue / 2; // no line is broken that may be searched or piped

    private readonly IAnsiConsole _console;
    private readonly MisconceptionCatalogue _catalogue;
    private readonly int _top;

    public ExplanationDisplay(TextWriter output, MisconceptionCatalogue catalogue, int top)
    {
        (_catalogue, _top) = (catalogue, top);
        bool terminal = output == Console.Out && !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb";
        _console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = terminal ? AnsiSupport.Detect : AnsiSupport.No, // honours NO_COLOR
            Interactive = InteractionSupport.No,
        });
        if (!terminal)
            _console.Profile.Width = PlainWidth;
    }

    public void Write(Explanation explanation)
    {
        Distractor distractor = explanation.Distractor;
        Question question = distractor.Question;
        Heading($"{distractor.Id}{(distractor.SourceId is { } source ? $" ({source})" : "")}  {question.ConstructName} · {question.SubjectName}");
        _console.WriteLine(Clean(question.Stem));
        foreach (char letter in Question.Letters)
        {
            string role = letter == question.Key ? "key" : letter == distractor.Letter ? "this distractor" : "";
            string line = $"  {letter}  {OneLine(question.Options[Question.Letters.IndexOf(letter)])}{(role.Length > 0 ? $"  ({role})" : "")}";
            _console.WriteLine(line, role switch { "key" => new Style(Color.Green), "this distractor" => new Style(Color.Red), _ => Style.Plain });
        }

        if (explanation.Prompt.Count > 0)
        {
            Heading("Prompt");
            foreach (ChatMessage message in explanation.Prompt)
            {
                _console.WriteLine($"{message.Role}:", new Style(decoration: Decoration.Dim));
                _console.WriteLine(Clean(message.Content));
            }
        }
        if (explanation.Error is not null)
            _console.WriteLine($"\nA request failed: {Clean(explanation.Error)}", new Style(Color.Red));
        if (explanation.Texts.Count > 0)
        {
            Heading("Inferred");
            Rows(explanation.Texts.SelectMany(text => Rows(text, distractor.MisconceptionId)));
        }

        Heading(explanation.Reranked is null ? "Ranking" : "Ranking, as reranked");
        int? label = distractor.MisconceptionId;
        Dictionary<int, int>? before = explanation.Reranked?.First.Index().ToDictionary(entry => entry.Item.MisconceptionId, entry => entry.Index + 1);
        Rows(explanation.Candidates.Take(_top).Select((candidate, place) => Row(candidate, place, before, label)));
        if (explanation.Reranked is { } reranked)
            _console.WriteLine($"  None of these: {reranked.None.ToString("G3", CultureInfo.InvariantCulture)}.");
        if (label is { } gold)
            WriteLabel(explanation, gold);
        if (explanation.Neighbours.Count > 0)
        {
            Heading("Nearest labelled wrong answers");
            Rows(explanation.Neighbours.Select(neighbour => Row(neighbour, label)));
        }
        _console.WriteLine();
    }

    private void WriteLabel(Explanation explanation, int label)
    {
        int place = explanation.Candidates.Index().FirstOrDefault(entry => entry.Item.MisconceptionId == label, (-1, default)).Item1 + 1;
        string where = place > 0 ? $"stands at {place.ToString(CultureInfo.InvariantCulture)}" : $"is not among the {explanation.Candidates.Count.ToString(CultureInfo.InvariantCulture)} candidates";
        _console.WriteLine($"The label, {Name(label)}, {where}; it is {(explanation.Seen ? "seen on another labelled question" : "unseen on other labelled questions")}.");
    }

    // A text, and under it the names nearest to it with their cosines.
    private IEnumerable<(string[] Cells, bool Marked)> Rows(InferredText text, int? label) =>
    [
        ([Count(text.Count), text.Text.Length == 0 ? "(nothing)" : text.Text], false),
        .. text.Nearest.Take(NearestShown).Select(name => (
            (string[])["", $"{name.Score.ToString("F2", CultureInfo.InvariantCulture)} → {Name(name.MisconceptionId)}{Mark(name.MisconceptionId, label)}"], name.MisconceptionId == label)),
    ];

    private (string[] Cells, bool Marked) Row(Candidate candidate, int place, Dictionary<int, int>? before, int? label) =>
    (
        [
            (place + 1).ToString(CultureInfo.InvariantCulture), candidate.Score.ToString("G5", CultureInfo.InvariantCulture),
            .. before is null ? (string[])[] : [FormattableString.Invariant($"was {before[candidate.MisconceptionId]}")], Name(candidate.MisconceptionId) + Mark(candidate.MisconceptionId, label),
        ],
        candidate.MisconceptionId == label
    );

    private (string[] Cells, bool Marked) Row(Neighbour neighbour, int? label)
    {
        int carried = neighbour.Distractor.MisconceptionId!.Value;
        return ([neighbour.Distractor.Id, neighbour.Similarity.ToString("F2", CultureInfo.InvariantCulture), $"{neighbour.Distractor.Text.Trim()} → {Name(carried)}{Mark(carried, label)}"], carried == label);
    }

    private void Heading(string text)
    {
        _console.WriteLine();
        _console.WriteLine(OneLine(text), new Style(decoration: Decoration.Bold));
    }

    private void Rows(IEnumerable<(string[] Cells, bool Marked)> rows)
    {
        (string[] Cells, bool Marked)[] all = [.. rows.Select(row => (row.Cells.Select(OneLine).ToArray(), row.Marked))];
        foreach ((string[] cells, bool marked) in all)
        {
            string before = "  " + string.Concat(cells[..^1].Select((cell, column) => cell.PadRight(all.Max(row => row.Cells[column].Length) + 2)));
            foreach ((int i, string line) in Lines(cells[^1], _console.Profile.Width - before.Length - 1).Index())
                _console.WriteLine((i == 0 ? before : new string(' ', before.Length)) + line, marked ? new Style(Color.Green) : Style.Plain);
        }
        if (all.Length == 0)
            _console.WriteLine("  none");
    }

    /// <summary>A cell's lines where it is broken between words to fit a width.</summary>
    private static IEnumerable<string> Lines(string text, int width)
    {
        int end;
        for (; text.Length > width && (end = text.LastIndexOf(' ', Math.Max(width, 0))) > 0; text = text[(end + 1)..])
            yield return text[..end];
        yield return text;
    }

    private string Name(int id) => OneLine(_catalogue[id].Name);

    private static string Mark(int id, int? label) => id == label ? " (the label)" : "";

    private static string Count(int count) => FormattableString.Invariant($"{count} x");

    private static string OneLine(string text) => string.Join(' ', Clean(text).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static string Clean(string text) => string.Concat(text.Trim().Where(character => !char.IsControl(character) || character is '\n'));
}
