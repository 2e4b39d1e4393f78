namespace Malrule.Inference;

/// <summary>One request of a batch: a prompt and how to sample from it.</summary>
/// <param name="Prompt">Text, token ids or a conversation.</param>
/// <param name="Sampling">Its sampling parameters.</param>
public sealed record GenerationRequest(Prompt Prompt, SamplingParams Sampling);
