using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Malrule.Inference;

namespace Malrule.Cli.Commands;

/// <summary><c>malrule bench</c>: times a model beside the machine's own peaks.</summary>
internal static partial class BenchCommand
{
    public static Command Create(Messages messages)
    {
        var defaults = new EngineBenchmarkOptions();
        var embedderDefaults = new EmbedderBenchmarkOptions();
        var model = new Option<string?>("--model") { Description = "Language model: a folder, org/name in the Hugging Face cache, or \"bundled\".", HelpName = "DIR" };
        var prompt = Whole("--prompt-tokens", defaults.PromptTokens, "Tokens of each prompt, random ones.");
        var samples = Whole("--samples", defaults.Samples, "Branches of each request.");
        var output = Whole("--output-tokens", defaults.OutputTokens, "Tokens of each branch, exactly.");
        var requests = Whole("--requests", defaults.Requests, "Requests queued together.");
        var embedder = new Option<string?>("--embedder") { Description = "Embedding model, likewise; instead of --model.", HelpName = "DIR" };
        var texts = Whole("--texts", embedderDefaults.Texts, "Texts to embed; the default is Eedi's catalogue.");
        var tokens = Whole("--tokens", embedderDefaults.Tokens, "Tokens of each text, random ones.");
        var runs = Whole("--runs", defaults.Runs, "Timed runs; the median counts.");
        var json = new Option<bool>("--json") { Description = "Print the figures as JSON." };
        var compare = new Option<string?>("--compare") { Description = "Fail (exit code 1) where shares of the machine's peaks, or memory, fall behind this earlier --json result.", HelpName = "FILE" };
        var tolerance = new Option<double>("--tolerance") { Description = "By how much they may, as a fraction.", DefaultValueFactory = _ => 0.1, HelpName = "X" };
        var engine = new EngineArguments(lengthCap: null);

        var command = new ToolCommand("bench", "Time a model: input no cache has seen, an exact number of tokens, the machine's peaks measured beside it.", """
            malrule bench --model Qwen/Qwen2.5-0.5B-Instruct-AWQ
            malrule bench --model DIR --prompt-tokens 16 --samples 1 --output-tokens 64 --threads 2 --json
            malrule bench --embedder BAAI/bge-small-en-v1.5 --texts 2587 --tokens 16
            malrule bench --model DIR --compare bench/results/MACHINE/qwen2.5-0.5b.json --tolerance 0.1
            """)
        {
            model, prompt, samples, output, requests, embedder, texts, tokens, runs, json, compare, tolerance,
        };
        command.AddGroup("Engine", engine.All);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            EngineOptions options = engine.Read(parsed);
            string? modelFolder = Bundled.Resolve(parsed.GetValue(model), Bundled.Model, onlyChoice: false), embedderFolder = Bundled.Resolve(parsed.GetValue(embedder), Bundled.Embedder, onlyChoice: false);
            if ((modelFolder is null) == (embedderFolder is null))
                throw new InvalidInputException("malrule bench times one model: give --model or --embedder.");
            return modelFolder is not null
                ? await ReportAsync(parsed, BenchJson.Default.EngineBenchmarkResult, BenchComparison.Of, Table, () => EngineBenchmark.RunAsync(modelFolder, new EngineBenchmarkOptions
                {
                    PromptTokens = parsed.GetValue(prompt),
                    Samples = parsed.GetValue(samples),
                    OutputTokens = parsed.GetValue(output),
                    Requests = parsed.GetValue(requests),
                    Runs = parsed.GetValue(runs),
                    Engine = options with { MaxModelLength = options.MaxModelLength ?? parsed.GetValue(prompt) + parsed.GetValue(output) },
                }, messages.Line, cancellationToken)).ConfigureAwait(false)
                : await ReportAsync(parsed, BenchJson.Default.EmbedderBenchmarkResult, BenchComparison.Of, Table, () => EmbedderBenchmark.RunAsync(embedderFolder!, new EmbedderBenchmarkOptions
                {
                    Texts = parsed.GetValue(texts),
                    Tokens = parsed.GetValue(tokens),
                    Runs = parsed.GetValue(runs),
                    Embedder = new EmbedderOptions { Device = options.Device, Mode = options.Mode, Threads = options.Threads },
                }, messages.Line, cancellationToken)).ConfigureAwait(false);
        });
        return command;

        async Task<int> ReportAsync<T>(ParseResult parsed, JsonTypeInfo<T> type, Func<T, BenchComparison> measures, Func<T, string> table, Func<Task<T>> run)
        {
            BenchComparison? kept = parsed.GetValue(compare) is { } file ? measures(BenchComparison.Read(file, type)) : null;
            T result = await run().ConfigureAwait(false);
            await parsed.InvocationConfiguration.Output.WriteLineAsync(parsed.GetValue(json) ? JsonSerializer.Serialize(result, type) : table(result)).ConfigureAwait(false);
            BenchComparison now = measures(result);
            if (!now.PeaksPlausible)
                messages.Warn("the machine's peaks are lower than such cores reach: something else ran, or the clock was held down; shares of them say nothing");
            return kept is null || now.Holds(kept, parsed.GetValue(tolerance), messages.Line) ? ExitCode.Done : ExitCode.Failed;
        }
    }

    private static Option<int> Whole(string name, int value, string description) =>
        new(name) { Description = description, DefaultValueFactory = _ => value, HelpName = "N" };

    private static string Table(EngineBenchmarkResult result) => FormattableString.Invariant($"""
        {result.KernelPath}, {result.Threads} threads
        total            {result.TotalSeconds,10:0.000} s   (median of {result.AllTotalSeconds.Count}: {result.AllTotalSeconds[0]:0.000} to {result.AllTotalSeconds[^1]:0.000})   {result.JobShareOfLimits:0.0%} of the machine's limits
        prompts          {result.PromptTokensPerSecond,10:0.0} tokens/s   {result.PromptShareOfPeak:0.0%} of the arithmetic peak
        output           {result.OutputTokensPerSecond,10:0.0} tokens/s   {result.DecodeShareOfReadPeak:0.0%} of the read peak
        first token      {result.TimeToFirstTokenSeconds,10:0.000} s
        steps            {1000 * result.StepSecondsP50,10:0.00} ms p50, {1000 * result.StepSecondsP90:0.00} p90, {1000 * result.StepSecondsP99:0.00} p99
        load             {result.LoadSeconds,10:0.000} s
        peak memory      {result.PeakMemoryBytes / 1048576.0,10:0} MiB
        machine          {result.PeakInt8Gops,10:0} int8 GOP/s, {result.PeakFp32Gflops:0} fp32 GFLOP/s, {result.PeakReadGbps:0.0} GB/s read
        """);

    private static string Table(EmbedderBenchmarkResult result) => FormattableString.Invariant($"""
        {result.KernelPath}, {result.Threads} threads, {result.Texts} texts of {result.Tokens} tokens
        total            {result.TotalSeconds,10:0.000} s   (median of {result.AllTotalSeconds.Count}: {result.AllTotalSeconds[0]:0.000} to {result.AllTotalSeconds[^1]:0.000})
        texts            {result.TextsPerSecond,10:0.0} texts/s
        tokens           {result.TokensPerSecond,10:0.0} tokens/s   {result.ShareOfPeak:0.0%} of the arithmetic peak
        load             {result.LoadSeconds,10:0.000} s
        peak memory      {result.PeakMemoryBytes / 1048576.0,10:0} MiB
        machine          {result.PeakInt8Gops,10:0} int8 GOP/s, {result.PeakFp32Gflops:0} fp32 GFLOP/s, {result.PeakReadGbps:0.0} GB/s read
        """);

    [JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(EngineBenchmarkResult))]
    [JsonSerializable(typeof(EmbedderBenchmarkResult))]
    private sealed partial class BenchJson : JsonSerializerContext;
}
