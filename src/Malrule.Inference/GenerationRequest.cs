namespace Malrule.Inference;

/// <summary>One request of a batch: a prompt and how to sample from it.</summary>
/// <param name="Prompt">Text, token ids or a conversation.</param>
/// <param name="Sampling">Its sampling parameters.</param>
public sealed record GenerationRequest(Prompt Prompt, SamplingParams Sampling)
{
    /// <summary>
    /// Keeps the prompt's pages in the prefix cache apart: only requests with the same salt share them, so that nobody learns from timing
    /// what others asked. Null: shared with all that have none. Results do not depend on it.
    /// </summary>
    public string? CacheSalt { get; init; }
}
