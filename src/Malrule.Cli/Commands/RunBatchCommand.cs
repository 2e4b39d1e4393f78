using System.CommandLine;
using Malrule.Cli.Batch;
using Malrule.Inference;

namespace Malrule.Cli.Commands;

/// <summary><c>malrule run-batch</c>: answers a file of OpenAI requests with one model.</summary>
internal static class RunBatchCommand
{
    private const int LongestEmbedderInput = 8192;
    private static readonly string Version = typeof(RunBatchCommand).Assembly.GetName().Version!.ToString();

    public static Command Create(Messages messages)
    {
        var input = new Option<string>("--input-file", "-i") { Required = true, Description = "JSON Lines: custom_id, method, url and body in each.", HelpName = "FILE" };
        var output = new Option<string>("--output-file", "-o") { Required = true, Description = "Answers in the same order; it appears when all are there.", HelpName = "FILE" };
        var model = new Option<string>("--model") { Required = true, Description = "Language model or embedder: a folder, org/name in the Hugging Face cache, or \"bundled\" (the small language model of malrule mine, to try things with).", HelpName = "DIR" };
        var name = new Option<string?>("--served-model-name") { Description = "The model's name in answers [default: as given to --model]", HelpName = "NAME" };
        Option<Pooling?> pooling = Choice.Of<Pooling>("--pooling", "Of an embedder; auto: as the checkpoint says [default: auto]");
        var seed = new Option<long>("--seed") { Description = "Seed of requests that bring none.", DefaultValueFactory = _ => 0, HelpName = "S" };
        var maxLogprobs = new Option<int>("--max-logprobs") { Description = "Most logprobs a request may ask for; -1: no limit.", DefaultValueFactory = _ => 20, HelpName = "N" };
        var engine = new EngineArguments(lengthCap: null);

        var command = new ToolCommand("run-batch", "Answer a file of OpenAI requests, as vllm run-batch does: chat completions, completions, embeddings.", """
            malrule run-batch -i requests.jsonl -o answers.jsonl --model Qwen/Qwen2.5-0.5B-Instruct-AWQ

            A line of the input: {"custom_id": "1", "method": "POST", "url": "/v1/completions", "body": {"prompt": "Two and two", "max_tokens": 8}}
            Urls: /v1/chat/completions, /v1/completions, /v1/embeddings. A bad line is answered by an error; the others go on.
            An interrupted batch goes on when the same command is given again.
            """)
        {
            input, output, model, name, pooling, seed, maxLogprobs,
        };
        command.AddGroup("Engine", engine.All);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            BatchRunner.Check(parsed.GetRequiredValue(input), parsed.GetRequiredValue(output));
            string given = parsed.GetRequiredValue(model), served = parsed.GetValue(name) ?? given, directory = Bundled.Language(given);
            long created = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
            EngineOptions options = engine.Read(parsed) with { MaxLogprobs = parsed.GetValue(maxLogprobs), Seed = parsed.GetValue(seed) };
            if (TextEmbedder.CanLoad(directory))
            {
                await using TextEmbedder embedder = await TextEmbedder.LoadAsync(directory, new EmbedderOptions
                {
                    Device = options.Device,
                    Mode = options.Mode,
                    Threads = options.Threads,
                    Pooling = parsed.GetValue(pooling) ?? Pooling.Auto,
                    MaxTokens = options.MaxModelLength ?? LongestEmbedderInput,
                }, cancellationToken).ConfigureAwait(false);
                messages.Line($"{served}: {embedder.Info.Dimensions} dimensions, {embedder.Info.Pooling} pooling, {embedder.Info.KernelPath}");
                var service = new OpenAiService(null, embedder, served, options.Seed, created, messages.Warn);
                return await RunAsync(service, window: 256, $"{embedder.Info.KernelPath} {embedder.Info.Pooling} {embedder.Info.MaxTokens}").ConfigureAwait(false);
            }
            await using (LlmEngine llm = await LlmEngine.LoadAsync(directory, options, cancellationToken).ConfigureAwait(false))
            {
                messages.Line($"{served}: {llm.Info.KernelPath}, sequences of up to {llm.Info.MaxModelLength} tokens; {llm.Info.Memory}");
                SamplingParams defaults = llm.GenerationDefaults.ToSamplingParams();
                messages.Line($"unset fields default to temperature {defaults.Temperature}, top_p {defaults.TopP}, top_k {defaults.TopK}, "
                    + $"min_p {defaults.MinP}, repetition_penalty {defaults.RepetitionPenalty} (generation_config.json)");
                var service = new OpenAiService(llm, null, served, options.Seed, created, messages.Warn);
                return await RunAsync(service, window: 2 * llm.Info.MaxNumSeqs, $"{llm.Info.KernelPath} {options.KvType} {llm.Info.MaxModelLength} {options.MaxLogprobs}").ConfigureAwait(false);
            }

            async Task<int> RunAsync(OpenAiService service, int window, string computing)
            {
                string target = parsed.GetRequiredValue(output);
                var runner = new BatchRunner(service, window, $"{Version} {served} {options.Seed} {computing}\n{Files(directory)}", messages.Line);
                BatchProgress done;
                try
                {
                    done = await messages.ProgressAsync(report => runner.RunAsync(parsed.GetRequiredValue(input), target,
                        progress => report(new StageProgress("requests", progress.Done, progress.Total, progress.Failed > 0 ? $"{progress.Failed} failed" : "")), cancellationToken), cancellationToken).ConfigureAwait(false);
                }
                catch (OperationCanceledException)
                {
                    messages.Line("what was answered is kept; the same command goes on from there");
                    throw;
                }
                messages.Line($"{done.Done} {(done.Done == 1 ? "request" : "requests")}, {done.Failed} failed: {target}");
                return done.Broken > 0 ? ExitCode.Failed : ExitCode.Done;
            }
        });
        return command;
    }

    /// <summary>A model's files as they stand; reading gigabytes to know them for the same would take longer than many a batch.</summary>
    private static string Files(string model)
    {
        var folder = new DirectoryInfo(HubCache.Resolve(model));
        return string.Join('\n', folder.EnumerateFiles().OrderBy(file => file.Name, StringComparer.Ordinal)
            .Select(file => FormattableString.Invariant($"{file.FullName} {file.Length} {file.LastWriteTimeUtc.Ticks}")));
    }
}
