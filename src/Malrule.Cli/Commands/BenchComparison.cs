using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Malrule.Inference;

namespace Malrule.Cli.Commands;

/// <summary>
/// Holds a benchmark's result against one that was kept. Only shares of the machine's own peaks are compared, and memory: seconds depend on the
/// machine and its day, shares on the code.
/// </summary>
/// <param name="Job">What was timed; both results must be of the same.</param>
/// <param name="Measures">Names and values; memory is better where lower, the rest where higher.</param>
/// <param name="PeaksPlausible">Whether the shares mean something.</param>
internal sealed record BenchComparison(string Job, IReadOnlyList<(string Name, double Value)> Measures, bool PeaksPlausible)
{
    private const string Memory = "peak_memory_bytes";

    public static BenchComparison Of(EngineBenchmarkResult result) => new(
        FormattableString.Invariant($"{result.Model}, {result.Requests} × {result.PromptTokens} tokens, {result.Samples} × {result.OutputTokens} drawn, {result.KernelPath}, {result.Threads} threads"),
        [
            ("job_share_of_limits", result.JobShareOfLimits), ("prompt_share_of_peak", result.PromptShareOfPeak),
            ("decode_share_of_read_peak", result.DecodeShareOfReadPeak), (Memory, result.PeakMemoryBytes),
        ],
        result.PeaksPlausible);

    public static BenchComparison Of(EmbedderBenchmarkResult result) => new(
        FormattableString.Invariant($"{result.Model}, {result.Texts} × {result.Tokens} tokens, {result.KernelPath}, {result.Threads} threads"),
        [("share_of_peak", result.ShareOfPeak), (Memory, result.PeakMemoryBytes)],
        result.PeaksPlausible);

    /// <summary>Reads a result that <c>malrule bench --json</c> wrote.</summary>
    public static T Read<T>(string path, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), type) ?? throw new JsonException("it holds null.");
        }
        catch (JsonException error)
        {
            throw new InvalidInputException($"{path}: expected a result of malrule bench --json of this kind of model, found: {error.Message}", error);
        }
    }

    /// <summary>Says how every measure stands to the kept one's; whether all are within <paramref name="tolerance"/> of it or better.</summary>
    /// <exception cref="InvalidInputException">The results are of different jobs.</exception>
    /// <exception cref="MalruleException">The shares of one of them say nothing.</exception>
    public bool Holds(BenchComparison kept, double tolerance, Action<string> say)
    {
        if (Job != kept.Job)
            throw new InvalidInputException($"The results are of different jobs: {Job}; the kept one: {kept.Job}.");
        if (!PeaksPlausible || !kept.PeaksPlausible)
            throw new MalruleException($"The {(PeaksPlausible ? "kept " : "")}run is invalid: the machine's peaks were lower than such cores reach, so something else ran or the clock was held down. Run again on a quiet machine.");
        bool holds = true;
        say(FormattableString.Invariant($"{"",-28}{"kept",14}{"now",14}{"change",10}"));
        foreach (((string name, double now), (string _, double then)) in Measures.Zip(kept.Measures))
        {
            double change = then == 0 ? 0 : now / then - 1;
            bool fell = name == Memory ? change > tolerance : change < -tolerance;
            holds &= !fell;
            say(FormattableString.Invariant($"{name,-28}{Text(name, then),14}{Text(name, now),14}{change,10:+0.0%;-0.0%}{(fell ? "  FELL BEHIND" : "")}"));
        }
        return holds;
    }

    private static string Text(string name, double value) =>
        FormattableString.Invariant(name == Memory ? $"{value / 1048576:0} MiB" : (FormattableString)$"{value:0.0%}");
}
