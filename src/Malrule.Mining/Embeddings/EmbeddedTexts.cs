using Malrule.Inference;

namespace Malrule.Mining.Embeddings;

/// <summary>Vectors of texts, each distinct text embedded once. Immutable, so safe for concurrent readers.</summary>
internal sealed class EmbeddedTexts
{
    private const int Batch = 256;

    private readonly Dictionary<string, int> _rows;
    private readonly EmbeddingMatrix _vectors;

    private EmbeddedTexts(Dictionary<string, int> rows, EmbeddingMatrix vectors, int truncated) => (_rows, _vectors, Truncated) = (rows, vectors, truncated);

    /// <summary>Number of distinct texts.</summary>
    public int Count => _vectors.Count;

    /// <summary>Distinct texts longer than the embedder's limit, which were cut.</summary>
    public int Truncated { get; }

    /// <summary>Tokens that were embedded for this.</summary>
    public long Tokens { get; private init; }

    /// <summary>The vectors of some of the texts: <c>[texts, dimensions]</c>.</summary>
    public EmbeddingMatrix Of(IReadOnlyList<string> texts)
    {
        var values = new float[checked(texts.Count * _vectors.Dimensions)];
        for (int i = 0; i < texts.Count; i++)
            _vectors[_rows[texts[i]]].CopyTo(values.AsSpan(i * _vectors.Dimensions));
        return new EmbeddingMatrix(values, texts.Count, _vectors.Dimensions);
    }

    /// <summary>Embeds texts behind <paramref name="prefix"/>, in the order in which they first come.</summary>
    /// <param name="texts">The texts, repeated ones too.</param>
    /// <param name="prefix">Put before every text.</param>
    /// <param name="embedder">What embeds.</param>
    /// <param name="cache">Where the vectors may be kept already, and else are kept; null: nowhere.</param>
    /// <param name="progress">Told how many more distinct texts are done, and how many there are.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public static async Task<EmbeddedTexts> EmbedAsync(
        IEnumerable<string> texts, string prefix, IEmbedder embedder, VectorCache? cache, Action<int, int> progress, CancellationToken cancellation)
    {
        var rows = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string text in texts)
            rows.TryAdd(text, rows.Count);
        string[] distinct = [.. rows.Keys.Select(text => prefix + text)];
        if (cache?.Find(distinct) is { } kept)
        {
            progress(distinct.Length, distinct.Length);
            return new EmbeddedTexts(rows, kept.Vectors, kept.Truncated);
        }
        float[] values = [];
        int dimensions = 0, truncated = 0;
        long tokens = 0;
        for (int start = 0; start < distinct.Length; start += Batch)
        {
            string[] batch = [.. distinct.Skip(start).Take(Batch)];
            EmbeddingBatch embedded = await embedder.EmbedAsync(batch, cancellation).ConfigureAwait(false);
            if (start == 0)
                values = new float[checked(distinct.Length * (dimensions = embedded.Vectors.Dimensions))];
            embedded.Vectors.Values.CopyTo(values.AsSpan(start * dimensions));
            truncated += embedded.Truncated;
            tokens += embedded.Tokens;
            progress(start + batch.Length, distinct.Length);
        }
        var vectors = new EmbeddingMatrix(values, distinct.Length, dimensions);
        cache?.Keep(distinct, vectors, truncated);
        return new EmbeddedTexts(rows, vectors, truncated) { Tokens = tokens };
    }
}
