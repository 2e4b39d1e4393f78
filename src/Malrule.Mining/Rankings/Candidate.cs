namespace Malrule.Mining.Rankings;

/// <summary>A misconception proposed for a distractor.</summary>
/// <param name="MisconceptionId">Its id.</param>
/// <param name="Score">Higher is more likely; comparable only within one distractor's list.</param>
public readonly record struct Candidate(int MisconceptionId, double Score);
