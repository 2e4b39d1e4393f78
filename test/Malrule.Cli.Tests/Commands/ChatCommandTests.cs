using System.Diagnostics;
using System.Text;
using Malrule.Cli.Chat;
using Malrule.Inference;
using Malrule.Tests;

namespace Malrule.Cli.Tests.Commands;

public sealed class ChatCommandTests(TinyModels models)
{
    private const string First = "What is 1/2 + 1/3? A pupil says 2/5.", Second = "What is 5 - 8? Another says 3.", System = "/system Name the misconception.";

    private static readonly SamplingParams Sampling = new() { MaxTokens = 6, IgnoreEos = true, Temperature = 0 };

    // Random weights repeat themselves whatever they are asked.
    private static readonly string Trained = Path.Combine(TestPaths.Repository, "models", "malrule-llm-awq");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Piped_questions_are_answered_one_after_another_and_summed_up()
    {
        var (output, error) = await TalkAsync(new EngineOptions(), Sampling, "one\n\ntwo\n//three\n/exit\nfour\n");
        Assert.DoesNotContain("> ", output, StringComparison.Ordinal);
        Assert.Contains("3 replies, 18 tokens", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_later_reply_depends_on_the_turns_before_it_until_the_conversation_is_reset()
    {
        string[] fresh = await RepliesAsync(Second), later = await RepliesAsync(First, Second), reset = await RepliesAsync(First, "/reset", Second);
        Assert.NotEqual(fresh[0], later[1]);
        Assert.Equal(fresh[0], reset[1]);
    }

    [Fact]
    public async Task The_system_prompt_counts_and_can_be_changed()
    {
        string[] without = await RepliesAsync(First), with = await RepliesAsync(System, First), back = await RepliesAsync(System, First, "/system", First);
        Assert.NotEqual(without[0], with[0]);
        Assert.Equal([with[0], without[0]], back);
    }

    [Fact]
    public async Task Regenerating_asks_again_without_the_reply_before()
    {
        string[] greedy = await RepliesAsync(First, Second, "/regenerate", First, "/regenerate");
        Assert.Equal((greedy[1], greedy[3]), (greedy[2], greedy[4]));
        string[] drawn = await RepliesAsync(Sampling with { Temperature = 1.5 }, First, "/regenerate");
        Assert.NotEqual(drawn[0], drawn[1]);
        Assert.Contains("no question yet", (await TalkAsync(new EngineOptions(), Sampling, "/regenerate\n/what\n")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Oldest_turns_that_do_not_fit_are_dropped_and_told()
    {
        string questions = string.Concat(Enumerable.Range(0, 12).Select(i => $"question {i} is about fractions and decimals\n"));
        var (output, error) = await TalkAsync(new EngineOptions { MaxModelLength = 160 }, Sampling, questions);
        Assert.Contains("outgrew 160 tokens: its oldest question and answer were dropped", error, StringComparison.Ordinal);
        Assert.Contains("12 replies", error, StringComparison.Ordinal);
        Assert.NotEmpty(output);
    }

    [Fact]
    public async Task A_question_that_does_not_fit_is_refused_with_the_numbers_and_leaves_the_conversation()
    {
        string tooLong = string.Concat(Enumerable.Repeat("one two three ", 100));
        var error = await Assert.ThrowsAsync<InvalidInputException>(() => TalkAsync(new EngineOptions { MaxModelLength = 160 }, Sampling, $"{tooLong}\n"));
        Assert.Contains("at most 154 fit", error.Message, StringComparison.Ordinal);

        string interactive = (await TalkAsync(new EngineOptions { MaxModelLength = 160 }, Sampling, $"one\n{tooLong}\n/regenerate\n", interactive: true)).Output;
        string[] replies = [.. interactive.Split("> ").Where(text => text.Trim().Length > 0)];
        Assert.Equal(replies[0], replies[1]);
    }

    [Fact]
    public async Task A_reply_that_was_cut_is_told() =>
        Assert.Contains("cut at --max-tokens", (await TalkAsync(new EngineOptions(), Sampling, "one\n")).Error, StringComparison.Ordinal);

    [Fact]
    public Task A_checkpoint_without_a_template_cannot_chat() => Tool.RefusesAsync(["chat", "--model", models.TokenIdsOnly, "--memory", "200MB"], "no chat template");

    [Fact]
    public async Task On_a_terminal_ctrl_c_stops_a_reply_and_again_ends()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script") && OperatingSystem.IsLinux(), "needs script, which makes a terminal");
        string tool = $"dotnet {Path.Combine(AppContext.BaseDirectory, "malrule.dll")} chat --model {models.Chat} --memory 200MB --threads 1 --temperature 0";
        using Process process = Process.Start(new ProcessStartInfo("/usr/bin/script", ["-qefc", tool, "/dev/null"]) { RedirectStandardInput = true, RedirectStandardOutput = true, Environment = { ["TERM"] = "dumb" } })!;
        try
        {
            var seen = new StringBuilder();
            await UntilAsync(process, seen, "> ");
            await TypeAsync(process, "one\r");
            await UntilAsync(process, seen, "one\r\n", "");
            await Task.Delay(300, Cancel); // into the reply, which goes on for 4,096 tokens
            await TypeAsync(process, "\x03");
            await UntilAsync(process, seen, "stopped", "> ");
            await TypeAsync(process, "/help\r");
            await UntilAsync(process, seen, "/regenerate  ", "> ");
            await TypeAsync(process, "\x03");
            await process.WaitForExitAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(30), Cancel);
            Assert.Equal(130, process.ExitCode);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    private static async Task TypeAsync(Process process, string keys)
    {
        await process.StandardInput.WriteAsync(keys);
        await process.StandardInput.FlushAsync(Cancel);
    }

    /// <summary>Reads until the texts have come one after another; what came goes out of <paramref name="seen"/>.</summary>
    private static async Task UntilAsync(Process process, StringBuilder seen, params string[] texts)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        var buffer = new char[1024];
        while (true)
        {
            int at = 0;
            string all = seen.ToString();
            foreach (string text in texts)
                at = at < 0 ? at : all.IndexOf(text, at, StringComparison.Ordinal) is >= 0 and var found ? found + text.Length : -1;
            if (at >= 0)
            {
                seen.Remove(0, at);
                return;
            }
            int read = await process.StandardOutput.ReadAsync(buffer, patience.Token);
            Assert.True(read > 0, $"ended with: {all}");
            seen.Append(buffer, 0, read);
        }
    }

    private Task<string[]> RepliesAsync(params string[] lines) => RepliesAsync(Sampling, lines);

    private async Task<string[]> RepliesAsync(SamplingParams sampling, params string[] lines)
    {
        string output = (await TalkAsync(new EngineOptions(), sampling with { MaxTokens = 16 }, string.Join('\n', lines), interactive: true, Trained)).Output;
        return [.. output.Split("> ")[1..].Where(text => text.Length > 0)];
    }

    private async Task<(string Output, string Error)> TalkAsync(EngineOptions options, SamplingParams sampling, string lines, bool interactive = false, string? model = null)
    {
        await using LlmEngine engine = await LlmEngine.LoadAsync(model ?? models.Chat, options with { MaxNumSeqs = 1, Memory = 200 << 20, Threads = 1, MaxModelLength = options.MaxModelLength ?? 1024 }, Cancel);
        var output = new StringWriter();
        var error = new StringWriter();
        var messages = new Messages(error);
        var loop = new ChatLoop(new ChatSession(engine, sampling, null) { Notify = messages.Line }, new StringReader(lines), output, messages, interactive);
        Assert.Equal(0, await loop.RunAsync(Cancel));
        return (output.ToString(), error.ToString());
    }
}
