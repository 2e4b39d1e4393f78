namespace Malrule.Mining.Generations;

/// <summary>What a generator answers to one request; what it does not know is null.</summary>
/// <param name="Index">The request's place in the call's list.</param>
internal sealed record GeneratorOutput(int Index)
{
    /// <summary>The samples' texts; where the request failed, those that came before.</summary>
    public IReadOnlyList<string> Texts { get; init; } = [];

    /// <summary>Why each sample ended: <c>stop</c>, <c>length</c>, or what else a server says.</summary>
    public IReadOnlyList<string> FinishReasons { get; init; } = [];

    /// <summary>Tokens of the prompt; of a server, of all requests that this one took.</summary>
    public int? PromptTokens { get; init; }

    /// <summary>Tokens of each sample.</summary>
    public IReadOnlyList<int>? Tokens { get; init; }

    /// <summary>Tokens of all samples together.</summary>
    public int? GeneratedTokens { get; init; }

    /// <summary>Summed log probability (nats) of each sample's tokens.</summary>
    public IReadOnlyList<double>? CumulativeLogprobs { get; init; }

    /// <summary>Why the request failed, where it did.</summary>
    public string? Error { get; init; }
}

/// <summary>What a first request showed of a generator's speed.</summary>
/// <param name="PromptSeconds">Seconds that a counted token of a prompt takes.</param>
/// <param name="GeneratedSeconds">Seconds that a token of a sample takes in a batch.</param>
/// <param name="TokensPerCounted">Tokens of the prompt for each one that <see cref="IGenerator.CountTokens"/> counted.</param>
internal sealed record GenerationTrial(double PromptSeconds, double GeneratedSeconds, double TokensPerCounted = 1);
