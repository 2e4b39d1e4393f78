using Spectre.Console;
using Spectre.Console.Rendering;

namespace Malrule.Cli;

/// <summary>
/// A stage on one line of the terminal: its name, a bar where there is room for one, how far it is. What is too long for the terminal is cut, so
/// that a line never becomes two.
/// </summary>
internal sealed class ProgressLine : ProgressColumn
{
    private const int NameWidth = 26, BarWidth = 24, LeastForBar = 90;
    private static readonly Style Done = new(Color.Blue), Rest = new(Color.Grey);

    /// <inheritdoc/>
    public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime)
    {
        int room = options.ConsoleSize.Width - 1; // a full line makes some terminals begin the next
        (string name, string summary) = (task.Description, Messages.Summary(task.State.Get<StageProgress>(nameof(StageProgress))));
        var line = new Paragraph();
        Add(name.PadRight(Math.Min(NameWidth, name.Length + 2 + Math.Max(0, room - name.Length - summary.Length - 2))), null);
        if (options.ConsoleSize.Width >= LeastForBar && !task.IsIndeterminate)
        {
            int done = (int)Math.Round(BarWidth * task.Percentage / 100);
            Add(new string('━', done), Done);
            Add($"{new string('━', BarWidth - done)}  ", Rest);
        }
        Add(summary, null);
        return line;

        void Add(string text, Style? style)
        {
            line.Append(text.Length <= room ? text : text[..room], style);
            room -= Math.Min(room, text.Length);
        }
    }
}
