namespace Malrule.Mining.Rankings.Reranking;

/// <summary>What reranking said about a distractor beside the new order, in which a candidate's score is its probability, or 0 where it was not shown.</summary>
/// <param name="None">The probability that none of the candidates that were shown explains the answer: grounds to abstain, or a sign of something new.</param>
/// <param name="First">The candidates as they stood before, with their scores.</param>
public sealed record Reranked(double None, IReadOnlyList<Candidate> First);
