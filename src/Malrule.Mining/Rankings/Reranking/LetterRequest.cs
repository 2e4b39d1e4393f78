using Malrule.Inference;

namespace Malrule.Mining.Rankings.Reranking;

/// <summary>A question whose answer is a letter.</summary>
/// <param name="Conversation">What is asked; the last turn is the user's.</param>
/// <param name="Letters">How many letters may be the answer, from A.</param>
internal sealed record LetterRequest(IReadOnlyList<ChatMessage> Conversation, int Letters);

/// <summary>The answer to one.</summary>
/// <param name="Index">The request's place in the call's list.</param>
/// <param name="Logprobs">Logarithms of the probabilities that the answer begins with A, B, …; empty where the request failed.</param>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="Error">Why the request failed, where it did.</param>
internal sealed record LetterOutput(int Index, IReadOnlyList<double> Logprobs, int PromptTokens, string? Error);
