using Malrule.Mining.Questions;

namespace Malrule.Mining.Rankings.Neighbours;

/// <summary>A labelled distractor that resembles another one: the evidence behind a transferred label.</summary>
/// <param name="Distractor">The labelled distractor.</param>
/// <param name="Similarity">0 to 1.</param>
public readonly record struct Neighbour(Distractor Distractor, double Similarity);
