namespace Malrule.Inference;

/// <summary>A job of requests that share nothing: each a random prompt, n branches, an exact number of output tokens.</summary>
public sealed record EngineBenchmarkOptions
{
    /// <summary>Tokens of each prompt.</summary>
    public int PromptTokens { get; init; } = 1024;

    /// <summary>Branches of each request.</summary>
    public int Samples { get; init; } = 10;

    /// <summary>Tokens of each branch; end-of-sequence ids are ignored.</summary>
    public int OutputTokens { get; init; } = 32;

    /// <summary>Requests queued together.</summary>
    public int Requests { get; init; } = 1;

    /// <summary>Timed runs, each with prompts of its own; the figures are those of the run with the median time.</summary>
    public int Runs { get; init; } = 5;

    /// <summary>Seed of prompts and noise.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>How the model is loaded.</summary>
    public EngineOptions Engine { get; init; } = new();

    internal void Validate()
    {
        foreach (var (name, value) in (ReadOnlySpan<(string, int)>)[("prompt tokens", PromptTokens), ("samples", Samples), ("output tokens", OutputTokens), ("requests", Requests), ("runs", Runs)])
            if (value < 1)
                throw new InvalidInputException($"The number of {name} must be at least 1; it is {value}.");
    }
}
