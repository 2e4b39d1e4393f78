namespace Malrule.Mining.Rankings.Lexical;

/// <summary>A vector over a vocabulary that names only its non-zero entries.</summary>
/// <param name="Terms">Ascending term numbers.</param>
/// <param name="Weights">The weight of each.</param>
internal readonly record struct SparseVector(int[] Terms, double[] Weights);
