using System.Diagnostics;
using Malrule.Inference;
using Malrule.Mining.Prompts;

namespace Malrule.Mining.Generations;

/// <summary>
/// What generating will take, told before it begins. Tokens are counted; speeds come from one prompt tried first, alone: what it
/// leaves in the prefix cache serves the first request, and results do not depend on it. Batches are faster than one prompt, so the time is
/// a bound rather than a forecast.
/// </summary>
/// <param name="Requests">Prompts.</param>
/// <param name="PromptTokens">Their tokens.</param>
/// <param name="SharedTokens">Those of them, about, that start a prompt just as they start the one before it, and need not be computed again.</param>
/// <param name="GeneratedTokens">Most tokens that all samples can have.</param>
/// <param name="Time">How long it takes at most; null where nothing was tried.</param>
internal sealed record GenerationEstimate(int Requests, long PromptTokens, long SharedTokens, long GeneratedTokens, TimeSpan? Time)
{
    private const int TriedTokens = 8;

    /// <summary>Fewer requests are done as soon as tried.</summary>
    public const int WorthTrying = 9;

    public static async Task<GenerationEstimate> MakeAsync(
        IReadOnlyList<MiningPrompt> prompts, SamplingParams sampling, IGenerator generator, CancellationToken cancellation)
    {
        long promptTokens = prompts.Sum(prompt => (long)prompt.Tokens);
        long sharedTokens = prompts.Zip(prompts.Skip(1), SharedTokensOf).Sum();
        long generatedTokens = (long)prompts.Count * sampling.N * (sampling.MaxTokens ?? generator.MaxModelLength);
        var estimate = new GenerationEstimate(prompts.Count, promptTokens, sharedTokens, generatedTokens, null);
        if (prompts.Count < WorthTrying)
            return estimate;

        SamplingParams oneToken = new() { N = 1, MaxTokens = 1, Temperature = 0 };
        SamplingParams someTokens = sampling with { MaxTokens = TriedTokens, MinTokens = TriedTokens, Stop = [], IgnoreEos = true };
        if (await TryAsync(prompts[0], oneToken).ConfigureAwait(false) is not { } promptSeconds || await TryAsync(prompts[0], someTokens).ConfigureAwait(false) is not { } sampleSeconds)
            return estimate;
        double seconds = promptSeconds / prompts[0].Tokens * (promptTokens - sharedTokens) + sampleSeconds / (TriedTokens * sampling.N) * generatedTokens;
        return estimate with { Time = TimeSpan.FromSeconds(seconds) };

        async Task<double?> TryAsync(MiningPrompt prompt, SamplingParams tried)
        {
            long start = Stopwatch.GetTimestamp();
            bool failed = false;
            await foreach (RequestOutput output in generator.StreamAsync([new GenerationRequest(new Prompt.FromConversation(prompt.Messages), tried)], cancellation).ConfigureAwait(false))
                failed |= output.Error is not null;
            return failed ? null : Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
    }

    /// <summary>One line for the user.</summary>
    public override string ToString()
    {
        string time = Time is { } most ? $", at most {Format(most)} at the speed of a first try" : "";
        double shared = PromptTokens == 0 ? 0 : (double)SharedTokens / PromptTokens;
        return FormattableString.Invariant($"Expecting {Requests:N0} requests of {PromptTokens:N0} prompt tokens, about {shared:P0} of them shared, and at most {GeneratedTokens:N0} generated tokens{time}.");
    }

    private static string Format(TimeSpan time) => time.TotalHours >= 1
        ? FormattableString.Invariant($"{(int)time.TotalHours} h {time.Minutes} min")
        : time.TotalMinutes >= 1 ? FormattableString.Invariant($"{time.Minutes} min {time.Seconds} s") : FormattableString.Invariant($"{Math.Ceiling(time.TotalSeconds)} s");

    /// <summary>By characters: the share of a prompt up to where it departs from the one before it.</summary>
    private static long SharedTokensOf(MiningPrompt before, MiningPrompt prompt)
    {
        string text = string.Join('\n', prompt.Messages.Select(turn => turn.Content)), earlier = string.Join('\n', before.Messages.Select(turn => turn.Content));
        return (long)((double)text.AsSpan().CommonPrefixLength(earlier) / text.Length * prompt.Tokens);
    }
}
