namespace Malrule.Inference;

/// <summary>A list of texts of random tokens, as long as the names of a catalogue.</summary>
public sealed record EmbedderBenchmarkOptions
{
    /// <summary>Texts embedded in a run: as many as Eedi's catalogue has names.</summary>
    public int Texts { get; init; } = 2587;

    /// <summary>Tokens of each text.</summary>
    public int Tokens { get; init; } = 16;

    /// <summary>Timed runs, each with texts of its own; the median counts.</summary>
    public int Runs { get; init; } = 5;

    /// <summary>How the model is loaded.</summary>
    public EmbedderOptions Embedder { get; init; } = new();

    internal void Validate()
    {
        foreach (var (name, value) in (ReadOnlySpan<(string, int)>)[("texts", Texts), ("tokens", Tokens), ("runs", Runs)])
            if (value < 1)
                throw new InvalidInputException($"The number of {name} must be at least 1; it is {value}.");
    }
}
