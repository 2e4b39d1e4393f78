using System.Diagnostics;
using Malrule.Inference;
using Malrule.Mining.Prompts;

namespace Malrule.Mining.Generations;

/// <summary>
/// What generating will take, told before it begins. Tokens are counted; speeds come from one prompt tried first: what it leaves in
/// the prefix cache serves the first request, and results do not depend on it.
/// </summary>
/// <param name="Requests">Prompts.</param>
/// <param name="PromptTokens">Their tokens.</param>
/// <param name="SharedTokens">Those of them, about, that start a prompt just as they start the one before it, and need not be computed again.</param>
/// <param name="GeneratedTokens">Most tokens that all samples can have.</param>
internal sealed record GenerationEstimate(int Requests, long PromptTokens, long SharedTokens, long GeneratedTokens)
{
    private const int TriedTokens = 8, TriedSamples = 64;

    /// <summary>Fewer requests are done as soon as tried.</summary>
    private const int WorthTrying = 9;

    /// <summary>Seconds that a token of a prompt takes and one of a sample in a batch; null where nothing was tried.</summary>
    public (double Prompt, double Generated)? Costs { get; init; }

    /// <summary>How long it takes if every sample has all the tokens it can have.</summary>
    public TimeSpan? Time => Costs is { } costs ? TimeSpan.FromSeconds(costs.Prompt * (PromptTokens - SharedTokens) + costs.Generated * GeneratedTokens) : null;

    /// <summary>Counts, and tries nothing.</summary>
    public static GenerationEstimate Of(IReadOnlyList<(IReadOnlyList<ChatMessage> Messages, int Tokens)> prompts, long generatedTokensEach) => new(
        prompts.Count, prompts.Sum(prompt => (long)prompt.Tokens),
        prompts.Zip(prompts.Skip(1), (before, prompt) => SharedTokensOf(before.Messages, prompt.Messages, prompt.Tokens)).Sum(), prompts.Count * generatedTokensEach);

    public static async Task<GenerationEstimate> MakeAsync(
        IReadOnlyList<MiningPrompt> prompts, SamplingParams sampling, IGenerator generator, CancellationToken cancellation)
    {
        GenerationEstimate estimate = Of([.. prompts.Select(prompt => (prompt.Messages, prompt.Tokens))], (long)sampling.N * (sampling.MaxTokens ?? generator.MaxModelLength));
        if (prompts.Count < WorthTrying)
            return estimate;

        int samples = Math.Min(TriedSamples, generator.MaxNumSeqs);
        var oneToken = new SamplingParams { MaxTokens = 1, Seed = 0 };
        SamplingParams someTokens = oneToken with { N = samples, MaxTokens = TriedTokens, MinTokens = TriedTokens, IgnoreEos = true };
        return await TryAsync(prompts[0], oneToken).ConfigureAwait(false) is { } promptSeconds && await TryAsync(prompts[0], someTokens).ConfigureAwait(false) is { } sampleSeconds
            ? estimate with { Costs = (promptSeconds / prompts[0].Tokens, sampleSeconds / (TriedTokens * samples)) }
            : estimate;

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
    private static long SharedTokensOf(IReadOnlyList<ChatMessage> before, IReadOnlyList<ChatMessage> prompt, int tokens)
    {
        string text = string.Join('\n', prompt.Select(turn => turn.Content)), earlier = string.Join('\n', before.Select(turn => turn.Content));
        return (long)((double)text.AsSpan().CommonPrefixLength(earlier) / text.Length * tokens);
    }
}
