using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Malrule.Inference;

namespace Malrule.Mining.Rankings;

/// <summary>
/// Cosines in double precision over fp32 vectors, which rankings that must agree with other software to the last place need:
/// neighbouring cosines of a catalogue lie as close as 1e-12. <see cref="CosineIndex"/> is the fast way.
/// Sums run in eight lanes that are folded in a fixed order, so a pair's cosine is the same bits on every machine.
/// </summary>
public static class CosineSimilarity
{
    /// <summary>Cosines of one query and every row of <paramref name="catalogue"/>. A zero vector has cosine 0 with everything.</summary>
    /// <param name="query">[Dimensions]</param>
    /// <param name="catalogue">[Count, Dimensions]</param>
    /// <param name="scores">[Count], written.</param>
    public static void Scores(ReadOnlySpan<float> query, EmbeddingMatrix catalogue, Span<double> scores) => Scores(query, catalogue, Norms(catalogue), scores);

    /// <summary>The same with <see cref="Norms"/> of the catalogue, which many queries share.</summary>
    public static void Scores(ReadOnlySpan<float> query, EmbeddingMatrix catalogue, ReadOnlySpan<double> norms, Span<double> scores)
    {
        ArgumentNullException.ThrowIfNull(catalogue);
        if (query.Length != catalogue.Dimensions)
            throw new ArgumentException($"The query has {query.Length} dimensions, the catalogue {catalogue.Dimensions}.", nameof(query));
        double queryNorm = Math.Sqrt(Dot(query, query));
        for (int row = 0; row < catalogue.Count; row++)
        {
            double product = queryNorm * norms[row];
            scores[row] = product == 0 ? 0 : Dot(query, catalogue[row]) / product;
        }
    }

    /// <summary>The Euclidean length of every row, [Count].</summary>
    public static double[] Norms(EmbeddingMatrix catalogue)
    {
        ArgumentNullException.ThrowIfNull(catalogue);
        var norms = new double[catalogue.Count];
        for (int row = 0; row < norms.Length; row++)
            norms[row] = Math.Sqrt(Dot(catalogue[row], catalogue[row]));
        return norms;
    }

    /// <summary>The dot product with every product and sum in double.</summary>
    internal static double Dot(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        ref float a = ref MemoryMarshal.GetReference(left);
        ref float b = ref MemoryMarshal.GetReference(right);
        Vector512<double> lanes = Vector512<double>.Zero;
        nuint k = 0;
        for (; k + 8 <= (nuint)left.Length; k += 8)
            lanes = Vector512.FusedMultiplyAdd(Widen(Vector256.LoadUnsafe(ref a, k)), Widen(Vector256.LoadUnsafe(ref b, k)), lanes);
        Vector256<double> four = lanes.GetLower() + lanes.GetUpper();
        Vector128<double> two = four.GetLower() + four.GetUpper();
        double sum = two[0] + two[1];
        for (int i = (int)k; i < left.Length; i++)
            sum = Math.FusedMultiplyAdd(left[i], right[i], sum);
        return sum;
    }

    private static Vector512<double> Widen(Vector256<float> values)
    {
        (Vector256<double> lower, Vector256<double> upper) = Vector256.Widen(values);
        return Vector512.Create(lower, upper);
    }
}
