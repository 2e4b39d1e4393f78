using System.Globalization;
using Malrule.Mining;

namespace Malrule.Cli.Commands;

/// <summary>What a mining run says of itself, as progress and lines.</summary>
internal sealed class MiningDisplay(Messages messages, Action<StageProgress> report) : IProgress<MiningProgress>
{
    public void Report(MiningProgress value)
    {
        if (value.Note is not null)
            messages.Line(value.Note);
        else
            report(new StageProgress(Name(value.Stage), value.Done, value.Total, Rates(value)));
    }

    private static string Name(MiningStage stage) => stage switch
    {
        MiningStage.Reading => "reading questions",
        MiningStage.LoadingModel => "loading the language model",
        MiningStage.Generating => "generating",
        MiningStage.LoadingEmbedder => "loading the embedder",
        MiningStage.Embedding => "embedding",
        MiningStage.Ranking => "ranking",
        MiningStage.Reranking => "reranking",
        _ => "writing results",
    };

    private static string Rates(MiningProgress progress)
    {
        var parts = new List<string>();
        if (progress.TimeLeft is { } left && progress.Done < progress.Total)
            parts.Add($"{Duration(left)} left");
        if (progress.PromptTokensPerSecond is { } prompt)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"prompts {prompt:F0} tokens/s"));
        if (progress.GeneratedTokensPerSecond is { } generated)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"output {generated:F0} tokens/s"));
        if (progress.PrefixHitRate is { } hits)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{100 * hits:F0} % of prompts from the prefix cache"));
        return string.Join(", ", parts);
    }

    private static string Duration(TimeSpan time) => time.TotalHours >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours} h {time.Minutes:D2} min")
        : time.TotalMinutes >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{time.Minutes} min {time.Seconds:D2} s")
        : string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(time.TotalSeconds)} s");
}
