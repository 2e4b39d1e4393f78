using Malrule.Inference;
using Malrule.Mining.Questions;
using Malrule.Mining.Rankings;
using Malrule.Mining.Rankings.Neighbours;

namespace Malrule.Mining.Results;

/// <summary>All that a run holds about one distractor, from the question to the ranking.</summary>
/// <param name="Distractor">The distractor.</param>
/// <param name="Prompt">The conversation that asked for its misconception, rebuilt from the run's options; empty for methods without a language model.</param>
/// <param name="Texts">The distinct inferred texts with how often each came, the most frequent first.</param>
/// <param name="Error">Why its request failed, where it did.</param>
/// <param name="Candidates">The ranking, best first.</param>
/// <param name="Neighbours">The nearest labelled distractors of other questions.</param>
/// <param name="Seen">Whether its label also stands on another labelled question.</param>
public sealed record Explanation(
    Distractor Distractor, IReadOnlyList<ChatMessage> Prompt, IReadOnlyList<KeyValuePair<string, int>> Texts, string? Error,
    IReadOnlyList<Candidate> Candidates, IReadOnlyList<Neighbour> Neighbours, bool Seen);
