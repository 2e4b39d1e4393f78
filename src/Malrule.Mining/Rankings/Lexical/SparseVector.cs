namespace Malrule.Mining.Rankings.Lexical;

/// <summary>A vector over a vocabulary that names only its non-zero entries.</summary>
/// <param name="Terms">Ascending term numbers.</param>
/// <param name="Weights">The weight of each.</param>
internal readonly record struct SparseVector(int[] Terms, double[] Weights)
{
    /// <summary>The dot product; for unit vectors the cosine.</summary>
    public double Dot(SparseVector other)
    {
        double sum = 0;
        for (int i = 0, j = 0; i < Terms.Length && j < other.Terms.Length;)
        {
            if (Terms[i] == other.Terms[j])
                sum += Weights[i++] * other.Weights[j++];
            else if (Terms[i] < other.Terms[j])
                i++;
            else
                j++;
        }
        return sum;
    }
}
