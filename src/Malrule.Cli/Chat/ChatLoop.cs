using Malrule.Inference;

namespace Malrule.Cli.Chat;

/// <summary>
/// Reads questions line by line and writes replies as they come. On a terminal it prompts, and Ctrl-C stops a reply; elsewhere it writes
/// each reply and nothing more, and sums up at the end.
/// </summary>
internal sealed class ChatLoop(ChatSession session, TextReader input, TextWriter output, Messages messages, bool interactive)
{
    private const string Help = """
        /regenerate     another reply to the last question
        /reset          forget the conversation
        /system TEXT    begin anew with this system prompt; without TEXT, with none
        /exit           end, as Ctrl-D does
        //…             a question that begins with /
        Ctrl-C          stop the reply; a second time, end
        """;

    private int _replies, _tokens;
    private double _seconds;

    /// <summary>Runs until the input ends; returns the tool's exit code.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        while (await ReadAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            line = line.Trim();
            if (line.Length == 0)
                continue;
            if (line == "/exit")
                break;
            string? question = line;
            if (line.StartsWith("//", StringComparison.Ordinal))
                question = line[1..];
            else if (line[0] == '/')
                question = Command(line);
            if (question is not null)
                await AnswerAsync(question, cancellationToken).ConfigureAwait(false);
        }
        if (!interactive && _replies > 0)
            messages.Line(FormattableString.Invariant($"{_replies} replies, {_tokens} tokens, {_tokens / _seconds:0.0} tokens/s"));
        return ExitCode.Done;
    }

    private async Task<string?> ReadAsync(CancellationToken cancellationToken)
    {
        if (interactive)
            await output.WriteAsync("> ").ConfigureAwait(false);
        // A console's reader blocks whatever it is asked for.
        return await Task.Run(input.ReadLine, cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Obeys a command; returns a question that it asks again.</summary>
    private string? Command(string line)
    {
        string[] words = line.Split(' ', 2, StringSplitOptions.TrimEntries);
        switch (words[0])
        {
            case "/regenerate":
                string? question = session.TakeBack();
                if (question is null)
                    messages.Line("there is no question yet");
                return question;
            case "/reset":
                session.Reset();
                messages.Line("the conversation begins anew");
                return null;
            case "/system":
                session.Reset(words.ElementAtOrDefault(1));
                messages.Line(session.System is null ? "the conversation begins anew, without a system prompt" : "the conversation begins anew with this system prompt");
                return null;
            case "/help":
                messages.Line(Help);
                return null;
            default:
                messages.Line($"there is no command {words[0]}; /help lists them, and // begins a question with /");
                return null;
        }
    }

    private async Task AnswerAsync(string question, CancellationToken cancellationToken)
    {
        using var stopped = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        // Asked twice to stop, it ends: the second time the diversion says no.
        using IDisposable? diversion = interactive ? Interrupt.Divert(() =>
        {
            bool first = !stopped.IsCancellationRequested;
            _ = stopped.CancelAsync();
            return first;
        }) : null;
        try
        {
            await foreach (string text in session.AskAsync(question, stopped.Token).ConfigureAwait(false))
                await output.WriteAsync(interactive ? Printable(text) : text).ConfigureAwait(false);
            await output.WriteLineAsync().ConfigureAwait(false);
            Sum(session.Last!);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            await output.WriteLineAsync().ConfigureAwait(false);
            messages.Line("stopped");
        }
        catch (MalruleException error) when (interactive)
        {
            messages.Line($"malrule: {error.Message}");
        }
    }

    private void Sum(ReplyStatistics reply)
    {
        (_replies, _tokens, _seconds) = (_replies + 1, _tokens + reply.Tokens, _seconds + reply.Seconds);
        if (interactive)
            messages.Line(FormattableString.Invariant($"{reply.Tokens} tokens, {reply.Tokens / reply.Seconds:0.0} tokens/s, the first after {reply.FirstSeconds:0.00} s; {reply.ContextTokens} tokens of conversation, {reply.CachedTokens} of them kept from before"));
        if (reply.Cut)
            messages.Warn("the reply was cut at --max-tokens, or at the longest conversation (--max-model-len)");
    }

    /// <summary>Without control characters: what a model writes must not steer a terminal.</summary>
    private static string Printable(string text) => text.Any(c => char.IsControl(c) && c is not ('\n' or '\t'))
        ? string.Concat(text.Where(c => !char.IsControl(c) || c is '\n' or '\t')) : text;
}
