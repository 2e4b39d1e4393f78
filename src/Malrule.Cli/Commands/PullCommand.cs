using System.CommandLine;
using System.Diagnostics;
using Malrule.Inference;

namespace Malrule.Cli.Commands;

/// <summary><c>malrule pull</c>: downloads a model into the Hugging Face cache.</summary>
internal static class PullCommand
{
    private const long Megabyte = 1_000_000;

    public static Command Create(Messages messages)
    {
        var model = new Argument<string>("MODEL") { Description = "org/name of the Hugging Face hub, or org/name@revision.", HelpName = "ORG/NAME" };
        var revision = new Option<string?>("--revision") { Description = "Branch, tag or commit [default: main]", HelpName = "R" };
        var output = new Option<string?>("--output", "-o") { Description = "Put plain files here instead of in the cache.", HelpName = "DIR" };

        var command = new ToolCommand("pull", "Download a model into the Hugging Face cache, where other commands find it by its name; prints its folder.", """
            malrule pull Qwen/Qwen2.5-3B-Instruct-AWQ
            malrule pull Qwen/Qwen2.5-0.5B-Instruct-AWQ --output models/qwen
            malrule pull nomic-ai/nomic-embed-text-v1.5 --revision main
            HF_ENDPOINT=https://hub.example.org HF_HUB_CACHE=/mnt/models malrule pull BAAI/bge-large-en-v1.5

            Only what Malrule reads is downloaded: safetensors, configuration, tokenizer. An interrupted download goes on when the same
            command is given again. HF_TOKEN, HF_TOKEN_PATH, HF_HOME, HF_HUB_CACHE, HF_ENDPOINT and HF_HUB_OFFLINE count as for Hugging Face's own
            tools, and so does the token that `hf auth login` saved. Offline, pull succeeds where all is here already.
            """)
        {
            model, revision, output,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var options = new HubDownloadOptions { Revision = parsed.GetValue(revision), OutputDirectory = parsed.GetValue(output) is { } folder ? Path.GetFullPath(folder) : null };
            string id = parsed.GetRequiredValue(model);
            HubSnapshot snapshot = await messages.ProgressAsync(report => HubDownloader.DownloadAsync(id, options, new Display(messages, report), cancellationToken), cancellationToken)
                .ConfigureAwait(false);
            messages.Line($"{id}: {snapshot.Files.Count} files of commit {snapshot.Commit}");
            if (snapshot.LeftOut.Count > 0)
                messages.Line($"left out, as Malrule does not read them: {string.Join(", ", snapshot.LeftOut)}");
            await parsed.InvocationConfiguration.Output.WriteLineAsync(snapshot.Directory).ConfigureAwait(false);
            return ExitCode.Done;
        });
        return command;
    }

    private sealed class Display(Messages messages, Action<StageProgress> report) : IProgress<HubProgress>
    {
        private readonly long _start = Stopwatch.GetTimestamp();

        public void Report(HubProgress value)
        {
            if (value.Message is { } message)
                messages.Line(message);
            else if (value.TotalBytes > 0)
            {
                double rate = value.Bytes / (double)Megabyte / Stopwatch.GetElapsedTime(_start).TotalSeconds;
                // The last megabyte counts as done with the last file.
                long total = Math.Max(1, value.TotalBytes / Megabyte), done = value.Files == value.TotalFiles ? total : Math.Min(value.Bytes / Megabyte, total - 1);
                report(new StageProgress("downloading, MB", done, total, FormattableString.Invariant($"{value.Files}/{value.TotalFiles} files, {rate:0.0} MB/s")));
            }
        }
    }
}
