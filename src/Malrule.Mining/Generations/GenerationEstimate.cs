using Malrule.Inference;
using Malrule.Mining.Prompts;

namespace Malrule.Mining.Generations;

/// <summary>
/// What generating will take, told before it begins. Tokens are counted, or guessed where only a server knows its tokenizer; speeds come
/// from one request tried first.
/// </summary>
/// <param name="Requests">Prompts.</param>
/// <param name="PromptTokens">Their tokens.</param>
/// <param name="SharedTokens">Those of them, about, that start a prompt just as they start the one before it, and need not be computed again.</param>
/// <param name="GeneratedTokens">Most tokens that all samples can have.</param>
internal sealed record GenerationEstimate(int Requests, long PromptTokens, long SharedTokens, long GeneratedTokens)
{
    /// <summary>Fewer requests are done as soon as tried.</summary>
    private const int WorthTrying = 9;

    /// <summary>Seconds that a token of a prompt takes and one of a sample in a batch; null where nothing was tried.</summary>
    public (double Prompt, double Generated)? Costs { get; init; }

    /// <summary>Whether tokens of prompts are counted, not guessed by characters.</summary>
    public bool IsCounted { get; init; } = true;

    /// <summary>
    /// How long it takes if every sample has all the tokens it can have; where a server does the work, if all requests are like the first one, and then
    /// what it saves by shared prompts is not known.
    /// </summary>
    public TimeSpan? Time => Costs is { } costs ? TimeSpan.FromSeconds(costs.Prompt * (PromptTokens - (IsCounted ? SharedTokens : 0)) + costs.Generated * GeneratedTokens) : null;

    /// <summary>Counts, and tries nothing.</summary>
    public static GenerationEstimate Of(IReadOnlyList<(IReadOnlyList<ChatMessage> Messages, int Tokens)> prompts, long generatedTokens) => new(
        prompts.Count, prompts.Sum(prompt => (long)prompt.Tokens),
        prompts.Zip(prompts.Skip(1), (before, prompt) => SharedTokensOf(before.Messages, prompt.Messages, prompt.Tokens)).Sum(), generatedTokens);

    public static async Task<GenerationEstimate> MakeAsync(
        IReadOnlyList<MiningPrompt> prompts, IReadOnlyList<GenerationRequest> requests, IGenerator generator, CancellationToken cancellation)
    {
        long generatedTokens = requests.Sum(request => (long)request.Sampling.N * (request.Sampling.MaxTokens ?? generator.MaxModelLength ?? 0));
        GenerationEstimate estimate = Of([.. prompts.Select(prompt => (prompt.Messages, prompt.Tokens))], generatedTokens) with { IsCounted = generator.CountsTokens };
        if (prompts.Count < WorthTrying || await generator.TryAsync(requests[0], prompts[0].Tokens, cancellation).ConfigureAwait(false) is not { } trial)
            return estimate;
        return estimate with
        {
            PromptTokens = (long)(estimate.PromptTokens * trial.TokensPerCounted),
            SharedTokens = (long)(estimate.SharedTokens * trial.TokensPerCounted),
            Costs = (trial.PromptSeconds / trial.TokensPerCounted, trial.GeneratedSeconds),
        };
    }

    /// <summary>One line for the user.</summary>
    public override string ToString()
    {
        string time = Time is { } most ? $", {(IsCounted ? "at most" : "about")} {Format(most)} at the speed of a first try" : "";
        string prompts = IsCounted ? "" : Costs is null ? "about (guessed by characters) " : "about (guessed by characters, set right by the first answer) ";
        double shared = PromptTokens == 0 ? 0 : (double)SharedTokens / PromptTokens;
        return FormattableString.Invariant($"Expecting {Requests:N0} requests of {prompts}{PromptTokens:N0} prompt tokens, about {shared:P0} of them shared, and at most {GeneratedTokens:N0} generated tokens{time}.");
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
