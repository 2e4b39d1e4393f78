using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Malrule.Cli.Doctor;
using Malrule.Inference;

namespace Malrule.Cli.Commands;

/// <summary><c>malrule doctor</c>: what is here, what is missing, and what of a model would fit.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var model = new Option<string?>("--model") { Description = "Also examine this model: a folder, or org/name in the Hugging Face cache.", HelpName = "DIR" };
        var noPeaks = new Option<bool>("--no-peaks") { Description = "Do not measure the machine, which takes some seconds." };
        var json = new Option<bool>("--json") { Description = "Print the report as JSON." };
        var engine = new EngineArguments(lengthCap: null);

        var command = new ToolCommand("doctor", "Look at the machine, the Hugging Face cache and the environment: what is here, what is missing and how to get it.", """
            malrule doctor
            malrule doctor --model Qwen/Qwen2.5-3B-Instruct-AWQ --memory 6GiB --max-model-len 4096

            With --model: what would fit, without loading the weights. The exit code is 1 where something prevents work.
            """)
        {
            model, noPeaks, json,
        };
        command.AddGroup("How the model would be loaded", engine.All);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            EngineOptions options = engine.Read(parsed);
            DoctorReport report = await new Examination().RunAsync(parsed.GetValue(noPeaks) ? null : options.Threads, parsed.GetValue(model), options, cancellationToken).ConfigureAwait(false);
            TextWriter stdout = parsed.InvocationConfiguration.Output;
            await stdout.WriteLineAsync(parsed.GetValue(json) ? JsonSerializer.Serialize(report, DoctorJson.Default.DoctorReport) : Text(report)).ConfigureAwait(false);
            return report.Problems.Count > 0 ? ExitCode.Failed : ExitCode.Done;
        });
        return command;
    }

    private static string Text(DoctorReport report)
    {
        var text = new StringBuilder();
        void Line(string name, FormattableString value) => text.Append(CultureInfo.InvariantCulture, $"{name,-12}").AppendLine(value.ToString(CultureInfo.InvariantCulture));

        MachineReport machine = report.Machine;
        Line("machine", $"{machine.Processor ?? "processor unknown"}, {machine.Cores} cores ({machine.Architecture})");
        Line("system", $"{machine.OperatingSystem}; {machine.Runtime}");
        Line("devices", $"{string.Join(", ", machine.Devices)}; auto takes {machine.Devices[0]}");
        Line("kernels", $"{machine.KernelPaths[0]}{(machine.KernelPaths.Count > 1 ? $"; also here: {string.Join(", ", machine.KernelPaths.Skip(1))}" : "")}; generated code {(machine.ExecutablePages ? "runs" : "does not run")}");
        if (machine.PeakReadGbps is not null)
            Line("peaks", $"{(machine.PeakFp32Gflops is { } floats ? FormattableString.Invariant($"{floats:0} fp32 GFLOP/s, {machine.PeakInt8Gops:0} int8 GOP/s, ") : "")}{machine.PeakReadGbps:0.0} GB/s read");
        Line("memory", $"{Size(machine.FreeMemoryBytes)} free of {Size(machine.MemoryBytes)}{(machine.MemoryLimitBytes is { } limit ? $", limited to {Size(limit)} by the container" : "")}{(machine.HugePages is { } pages ? $"; huge pages: {pages}" : "")}");
        HubReport hub = report.Hub;
        Line("cache", $"{hub.Cache}, {hub.Models.Count} {(hub.Models.Count == 1 ? "model" : "models")}{(hub.FreeDiskBytes is { } disk ? $", {Size(disk)} free on its disk" : "")}");
        foreach (CachedModel model in hub.Models)
            Line("", $"{model.Id} {(model.Revisions.Count > 0 ? string.Join(", ", model.Revisions) : model.Commit[..12])}: {Size(model.Bytes)}, {(model.Missing.Count == 0 ? "complete" : $"lacks {string.Join(", ", model.Missing.Take(3))}")}");
        Line("hub", $"{hub.Endpoint}{(hub.Offline ? ", offline" : "")}; {(hub.TokenSource is null ? "no token" : $"token from {hub.TokenSource}")}");
        Line("environment", $"{(hub.Variables.Count == 0 ? "none of the variables that matter is set" : string.Join(", ", hub.Variables.Select(variable => $"{variable.Key}={variable.Value}")))}");
        if (report.Model is { } language)
        {
            Line("model", $"{language.Name}: {language.KernelPath}, sequences of up to {language.MaxModelLength} tokens");
            Line("", $"budget {Size(language.BudgetBytes)}: weights {Size(language.WeightBytes)}, workspace {Size(language.WorkspaceBytes)}, {language.KvPages} KV pages of {Size(language.KvPageBytes)} for {language.KvTokens} tokens");
            Line("", $"at once: {language.SequencesOf1024} sequences of 1024 tokens, {language.LongestSequences} of {language.MaxModelLength}");
            if (language.UnusedTensors.Count > 0)
                Line("", $"{language.UnusedTensors.Count} tensors are not used: {string.Join(", ", language.UnusedTensors.Take(4))}");
        }
        if (report.Embedder is { } embedder)
            Line("embedder", $"{embedder.Directory}: {embedder.KernelPath}, {embedder.Dimensions} dimensions, {embedder.Pooling} pooling, texts of up to {embedder.MaxTokens} tokens, weights {Size(embedder.WeightBytes)}");
        foreach (string hint in report.Hints)
            Line("hint", $"{hint}");
        foreach (string problem in report.Problems)
            Line("problem", $"{problem}");
        Line("", $"{(report.Problems.Count == 0 ? "nothing stands in the way" : "something stands in the way")}");
        return text.ToString().TrimEnd();
    }

    private static string Size(long bytes) =>
        FormattableString.Invariant($"{bytes / (bytes < 1L << 30 ? 1048576.0 : 1073741824.0):0.##} {(bytes < 1L << 30 ? "MiB" : "GiB")}");
}
