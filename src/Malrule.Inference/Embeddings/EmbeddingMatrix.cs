namespace Malrule.Inference;

/// <summary>Embeddings of a list of texts, row-major: <c>[Count, Dimensions]</c>, fp32. Immutable, so safe for concurrent readers.</summary>
public sealed class EmbeddingMatrix
{
    private readonly float[] _values;

    /// <summary>Wraps <paramref name="values"/>, which holds <paramref name="count"/> rows of equal length.</summary>
    public EmbeddingMatrix(float[] values, int count, int dimensions)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.LongLength != (long)count * dimensions)
            throw new ArgumentException($"{count} rows of {dimensions} need {(long)count * dimensions} values; there are {values.LongLength}.", nameof(values));
        (_values, Count, Dimensions) = (values, count, dimensions);
    }

    /// <summary>Number of rows.</summary>
    public int Count { get; }

    /// <summary>Length of each row.</summary>
    public int Dimensions { get; }

    /// <summary>All rows, one after another.</summary>
    public ReadOnlySpan<float> Values => _values;

    /// <summary>One text's embedding.</summary>
    public ReadOnlySpan<float> this[int row] => _values.AsSpan(checked(row * Dimensions), Dimensions);
}
