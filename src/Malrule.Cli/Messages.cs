using System.Diagnostics;
using Spectre.Console;

namespace Malrule.Cli;

/// <summary>How far a stage of work is.</summary>
/// <param name="Stage">What is being done.</param>
/// <param name="Done">Pieces done.</param>
/// <param name="Total">All pieces; 0: not known.</param>
/// <param name="Note">Rates and counts, such as "812 tokens/s".</param>
internal readonly record struct StageProgress(string Stage, long Done, long Total, string Note = "");

/// <summary>What the tool says on stderr: lines, and progress that is a live display on a terminal and a line now and then elsewhere.</summary>
internal sealed class Messages
{
    private static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(10);
    private readonly IAnsiConsole _console;
    private readonly TextWriter _writer;
    private readonly bool _live;

    public Messages(TextWriter writer)
    {
        _writer = writer;
        _live = writer == Console.Error && !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb";
        _console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = _live ? AnsiSupport.Detect : AnsiSupport.No, // honours NO_COLOR
            Interactive = _live ? InteractionSupport.Detect : InteractionSupport.No,
        });
    }

    public void Line(string text)
    {
        if (_live)
            _console.MarkupLineInterpolated($"{text}");
        else
            _writer.WriteLine(text);
    }

    public void Warn(string text) => Line($"warning: {text}");

    /// <summary>Runs work that reports how far it is; being told to stop is acknowledged at once, for a step may take seconds.</summary>
    public async Task<T> ProgressAsync<T>(Func<Action<StageProgress>, Task<T>> work, CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration _ = cancellationToken.Register(() => Line("stopping; Ctrl-C once more ends at once"));
        return await (_live ? LiveAsync(work) : PlainAsync(work)).ConfigureAwait(false);
    }

    /// <summary>Gives the terminal its cursor back, which a live display hides.</summary>
    public static void ShowCursor()
    {
        if (!Console.IsErrorRedirected)
            Console.Error.WriteLine("\e[?25h");
    }

    private Task<T> LiveAsync<T>(Func<Action<StageProgress>, Task<T>> work) => _console.Progress()
        .Columns(new ProgressLine())
        .StartAsync(context =>
        {
            var tasks = new Dictionary<string, ProgressTask>();
            return work(progress =>
            {
                lock (tasks)
                {
                    if (!tasks.TryGetValue(progress.Stage, out ProgressTask? task))
                        tasks.Add(progress.Stage, task = context.AddTask(progress.Stage));
                    task.IsIndeterminate = progress.Total == 0;
                    task.MaxValue = Math.Max(1, progress.Total);
                    task.Value = progress.Done;
                    task.State.Update<StageProgress>(nameof(StageProgress), _ => progress);
                }
            });
        });

    private async Task<T> PlainAsync<T>(Func<Action<StageProgress>, Task<T>> work)
    {
        string? stage = null;
        long last = 0;
        var gate = new Lock();
        return await work(progress =>
        {
            lock (gate)
            {
                if (progress.Stage != stage)
                    (stage, last) = (progress.Stage, Stopwatch.GetTimestamp());
                bool isLast = progress.Total > 0 && progress.Done == progress.Total;
                if (!isLast && Stopwatch.GetElapsedTime(last) < PlainInterval)
                    return;
                last = Stopwatch.GetTimestamp();
                _writer.WriteLine(Summary(progress) is { Length: > 0 } summary ? $"{progress.Stage}: {summary}" : progress.Stage);
            }
        }).ConfigureAwait(false);
    }

    /// <summary>How far it is, in words.</summary>
    public static string Summary(StageProgress progress)
    {
        string count = progress.Total > 0 ? FormattableString.Invariant($"{progress.Done}/{progress.Total}") : progress.Done > 0 ? FormattableString.Invariant($"{progress.Done}") : "";
        return count.Length == 0 ? progress.Note : progress.Note.Length == 0 ? count : $"{count}, {progress.Note}";
    }
}
