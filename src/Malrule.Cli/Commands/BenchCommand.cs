using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Malrule.Inference;

namespace Malrule.Cli.Commands;

/// <summary><c>malrule bench</c>: times a model beside the machine's own peaks.</summary>
internal static partial class BenchCommand
{
    public static Command Create(Messages messages)
    {
        var defaults = new EngineBenchmarkOptions();
        var model = new Option<string>("--model") { Required = true, Description = "Folder, or org/name in the Hugging Face cache.", HelpName = "DIR" };
        var prompt = Whole("--prompt-tokens", defaults.PromptTokens, "Tokens of each prompt, random ones.");
        var samples = Whole("--samples", defaults.Samples, "Branches of each request.");
        var output = Whole("--output-tokens", defaults.OutputTokens, "Tokens of each branch, exactly.");
        var requests = Whole("--requests", defaults.Requests, "Requests queued together.");
        var runs = Whole("--runs", defaults.Runs, "Timed runs; the median counts.");
        var json = new Option<bool>("--json") { Description = "Print the figures as JSON." };
        var engine = new EngineArguments(lengthCap: null);

        var command = new ToolCommand("bench", "Time a model: prompts no cache has seen, an exact number of output tokens, the machine's peaks measured beside it.", """
            malrule bench --model Qwen/Qwen2.5-0.5B-Instruct-AWQ
            malrule bench --model DIR --prompt-tokens 16 --samples 1 --output-tokens 64 --threads 2 --json
            """)
        {
            model, prompt, samples, output, requests, runs, json,
        };
        foreach (Option option in engine.All)
            command.Add(option);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            EngineOptions options = engine.Read(parsed);
            int length = parsed.GetValue(prompt) + parsed.GetValue(output);
            EngineBenchmarkResult result = await EngineBenchmark.RunAsync(parsed.GetRequiredValue(model), new EngineBenchmarkOptions
            {
                PromptTokens = parsed.GetValue(prompt),
                Samples = parsed.GetValue(samples),
                OutputTokens = parsed.GetValue(output),
                Requests = parsed.GetValue(requests),
                Runs = parsed.GetValue(runs),
                Engine = options with { MaxModelLength = options.MaxModelLength ?? length },
            }, messages.Line, cancellationToken).ConfigureAwait(false);
            TextWriter stdout = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
                await stdout.WriteLineAsync(JsonSerializer.Serialize(result, BenchJson.Default.EngineBenchmarkResult)).ConfigureAwait(false);
            else
                await stdout.WriteLineAsync(Table(result)).ConfigureAwait(false);
            return ExitCode.Done;
        });
        return command;
    }

    private static Option<int> Whole(string name, int value, string description) => new(name) { Description = description, DefaultValueFactory = _ => value, HelpName = "N" };

    private static string Table(EngineBenchmarkResult result) => FormattableString.Invariant($"""
        {result.KernelPath}, {result.Threads} threads
        total            {result.TotalSeconds,10:0.000} s   (median of {result.AllTotalSeconds.Count}: {result.AllTotalSeconds[0]:0.000} to {result.AllTotalSeconds[^1]:0.000})
        prompts          {result.PromptTokensPerSecond,10:0.0} tokens/s   {result.PromptShareOfPeak:0.0%} of the arithmetic peak
        output           {result.OutputTokensPerSecond,10:0.0} tokens/s   {result.DecodeShareOfReadPeak:0.0%} of the read peak
        first token      {result.TimeToFirstTokenSeconds,10:0.000} s
        steps            {1000 * result.StepSecondsP50,10:0.00} ms p50, {1000 * result.StepSecondsP90:0.00} p90, {1000 * result.StepSecondsP99:0.00} p99
        load             {result.LoadSeconds,10:0.000} s
        peak memory      {result.PeakMemoryBytes / 1048576.0,10:0} MiB
        machine          {result.PeakInt8Gops,10:0} int8 GOP/s, {result.PeakFp32Gflops:0} fp32 GFLOP/s, {result.PeakReadGbps:0.0} GB/s read
        """);

    [JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(EngineBenchmarkResult))]
    private sealed partial class BenchJson : JsonSerializerContext;
}
