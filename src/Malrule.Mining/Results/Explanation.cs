using Malrule.Inference;
using Malrule.Mining.Questions;
using Malrule.Mining.Rankings;
using Malrule.Mining.Rankings.Neighbours;
using Malrule.Mining.Rankings.Reranking;

namespace Malrule.Mining.Results;

/// <summary>All that a run holds about one distractor, from the question to the ranking.</summary>
/// <param name="Distractor">The distractor.</param>
/// <param name="Prompt">The conversation that asked for its misconception, rebuilt from the run's options; empty for methods without a language model.</param>
/// <param name="Texts">The distinct inferred texts, the most frequent first.</param>
/// <param name="Error">Why its request failed, where it did.</param>
/// <param name="Candidates">The ranking, best first.</param>
/// <param name="Reranked">What reranking said; null where there was none.</param>
/// <param name="Neighbours">The nearest labelled distractors of other questions.</param>
/// <param name="Seen">Whether its label also stands on another labelled question.</param>
public sealed record Explanation(
    Distractor Distractor, IReadOnlyList<ChatMessage> Prompt, IReadOnlyList<InferredText> Texts, string? Error,
    IReadOnlyList<Candidate> Candidates, Reranked? Reranked, IReadOnlyList<Neighbour> Neighbours, bool Seen);

/// <summary>A text that a language model inferred about a distractor.</summary>
/// <param name="Text">The text; empty for samples that named nothing.</param>
/// <param name="Count">How often it came.</param>
/// <param name="Nearest">The names of the catalogue nearest to it, with their cosines; empty where the run does not hold them.</param>
public sealed record InferredText(string Text, int Count, IReadOnlyList<Candidate> Nearest);
