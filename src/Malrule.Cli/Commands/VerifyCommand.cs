using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Malrule.Inference;

namespace Malrule.Cli.Commands;

/// <summary><c>malrule verify</c>: looks models through, from their files to what they compute.</summary>
internal static partial class VerifyCommand
{
    public static Command Create(Messages messages)
    {
        var models = new Argument<string[]>("MODEL") { Description = "Folder, or org/name in the Hugging Face cache: a language model or an embedder [default: the two bundled models]", Arity = ArgumentArity.ZeroOrMore };
        var json = new Option<bool>("--json") { Description = "Print the reports as JSON; the lines go to stderr." };
        var threads = new Option<int>("--threads") { Description = "Threads that compute [default: one for each core]", HelpName = "N" };
        Option<double> memory = EngineArguments.Memory("--memory");
        var command = new ToolCommand("verify", "Check a model: its files, tensors and tokenizer, a fixed text and prompt, fast mode against exact mode, speed.", """
            malrule verify Qwen/Qwen2.5-3B-Instruct-AWQ
            malrule verify nomic-ai/nomic-embed-text-v1.5 --json > report.json

            Exit code 1: a check failed, and its lines say what is wrong. A warning deserves a look; the model can be used.
            """)
        {
            models, json, threads, memory,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            TextWriter stdout = parsed.InvocationConfiguration.Output;
            bool asJson = parsed.GetValue(json);
            Action<string> line = asJson ? messages.Line : stdout.WriteLine;
            var options = new EngineOptions { Threads = parsed.GetValue(threads), Memory = parsed.GetValue(memory) };
            string[] named = parsed.GetValue(models) is { Length: > 0 } given ? given : [Bundled.Model, Bundled.Embedder];
            var reports = new List<ModelVerificationReport>();
            foreach (string model in named)
            {
                line(model);
                ModelVerificationReport report = await ModelVerification.RunAsync(model, options, check => Show(check, line), cancellationToken).ConfigureAwait(false);
                line(Summary(report));
                reports.Add(report);
            }
            if (asJson)
                await stdout.WriteLineAsync(JsonSerializer.Serialize(reports, VerifyJson.Default.ListModelVerificationReport)).ConfigureAwait(false);
            return reports.TrueForAll(report => report.Passed) ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }

    private static void Show(ModelCheck check, Action<string> line)
    {
        line($"  {Word(check.Verdict)} {check.Name,-10} {check.Found.ReplaceLineEndings(" ")}");
        foreach (string detail in check.Details)
            line($"         - {detail.ReplaceLineEndings(" ")}");
    }

    private static string Summary(ModelVerificationReport report)
    {
        List<string> failed = [.. Named(CheckVerdict.Failed)], warned = [.. Named(CheckVerdict.Warning)];
        return (failed, warned) switch
        {
            ({ Count: > 0 }, _) => $"  => FAIL: {string.Join(", ", failed)}",
            (_, { Count: > 0 }) => $"  => usable, with {(warned.Count == 1 ? "a warning" : "warnings")}: {string.Join(", ", warned)}",
            _ => "  => all is well",
        };

        IEnumerable<string> Named(CheckVerdict verdict) => report.Checks.Where(check => check.Verdict == verdict).Select(check => check.Name);
    }

    private static string Word(CheckVerdict verdict) => verdict switch
    {
        CheckVerdict.Ok => "OK  ",
        CheckVerdict.Warning => "WARN",
        CheckVerdict.Failed => "FAIL",
        _ => "skip",
    };

    [JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true)]
    [JsonSerializable(typeof(List<ModelVerificationReport>))]
    private sealed partial class VerifyJson : JsonSerializerContext;
}
