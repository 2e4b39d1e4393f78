using Malrule.Mining.Questions;

namespace Malrule.Mining.Evaluation;

/// <summary>A part of a split: what a ranker may learn from, and what it is measured on.</summary>
/// <param name="Training">Labelled questions; labels that the split withholds are taken off.</param>
/// <param name="Test">Labelled distractors. Where their question is among <paramref name="Training"/>, the ranker must leave it out itself.</param>
public sealed record Fold(IReadOnlyList<Question> Training, IReadOnlyList<Distractor> Test);
