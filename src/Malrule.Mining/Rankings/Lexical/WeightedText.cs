namespace Malrule.Mining.Rankings.Lexical;

/// <summary>A field of a document and how many times each of its terms counts.</summary>
internal readonly record struct WeightedText(string Text, double Weight = 1);
