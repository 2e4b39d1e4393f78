using System.Runtime.CompilerServices;
using Malrule.Inference;
using Malrule.Mining.Questions;
using Malrule.Mining.Rankings;

namespace Malrule.Mining.Embeddings;

/// <summary>
/// Maps inferred texts onto the catalogue by the cosines of their embeddings, every distinct text being embedded once. Immutable once made,
/// so safe for concurrent use.
/// </summary>
internal sealed class EmbeddingLookup
{
    private readonly EmbeddedTexts _texts;
    private readonly EmbeddingMatrix _names; // [catalogue, dimensions]
    private readonly CosineIndex? _index;
    private readonly double[] _norms;

    private EmbeddingLookup(MisconceptionCatalogue catalogue, EmbeddingMatrix names, EmbeddedTexts texts, bool inDouble)
    {
        (_names, _texts) = (names, texts);
        _index = inDouble ? null : new CosineIndex(catalogue, names);
        _norms = inDouble ? CosineSimilarity.Norms(names) : [];
    }

    /// <summary>What computed the embeddings.</summary>
    public required string KernelPath { get; init; }

    /// <summary>Texts cut to the embedder's limit, names included.</summary>
    public required int TextsCut { get; init; }

    /// <summary>Tokens that were embedded for this.</summary>
    public required long Tokens { get; init; }

    /// <summary>Loads the embedder, embeds the catalogue's names and the texts where their vectors are not kept, and lets the embedder go.</summary>
    public static async Task<EmbeddingLookup> MakeAsync(
        MisconceptionCatalogue catalogue, IEnumerable<string> texts, EmbeddingOptions options, string? embedderHash, Func<Task<IEmbedder>> loadEmbedder, RunLog log, CancellationToken cancellation)
    {
        IEmbedder embedder;
        using (log.Time(MiningStage.LoadingEmbedder))
            embedder = await loadEmbedder().ConfigureAwait(false);
        await using ConfiguredAsyncDisposable _ = embedder.ConfigureAwait(false);
        foreach (string line in embedder.Description)
            log.Note(MiningStage.LoadingEmbedder, line);

        using IDisposable timed = log.Time(MiningStage.Embedding);
        VectorCache? cache = Cache(options, embedderHash, embedder, log);
        string[] names = [.. catalogue.Items.Select(item => options.CleanNames ? item.CleanName : item.Name)];
        EmbeddedTexts embeddedNames = await EmbedAsync(names, options.CataloguePrefix ?? embedder.Prefixes.Document).ConfigureAwait(false);
        EmbeddedTexts embeddedTexts = await EmbedAsync(texts, options.QueryPrefix ?? embedder.Prefixes.Query).ConfigureAwait(false);
        return new EmbeddingLookup(catalogue, embeddedNames.Of(names), embeddedTexts, options.CosinesInDouble)
        {
            KernelPath = embedder.KernelPath,
            Tokens = embeddedNames.Tokens + embeddedTexts.Tokens,
            TextsCut = embeddedNames.Truncated + embeddedTexts.Truncated,
        };

        Task<EmbeddedTexts> EmbedAsync(IEnumerable<string> some, string prefix) => EmbeddedTexts.EmbedAsync(
            some, prefix, embedder, cache, (done, total) => log.Report(new MiningProgress(MiningStage.Embedding, done, total)), cancellation);
    }

    // What vectors depend on beside the texts; the same file serves any batch size and number of threads.
    private static VectorCache? Cache(EmbeddingOptions options, string? embedderHash, IEmbedder embedder, RunLog log)
    {
        if (options.CacheFolder is not { } folder || embedderHash is null)
            return null;
        string[] identity = [embedderHash, embedder.KernelPath, options.Engine.Mode.ToString(), options.Engine.Pooling.ToString(), RunLog.Text(options.Engine.MaxTokens)];
        return new VectorCache(folder, identity, VectorCache.DefaultLimit, line => log.Note(MiningStage.Embedding, line));
    }

    /// <summary>The cosines of some of the texts with all names: <c>[texts, catalogue]</c>.</summary>
    public void Scores(IReadOnlyList<string> texts, Span<double> scores)
    {
        EmbeddingMatrix vectors = _texts.Of(texts);
        if (_index is null)
        {
            for (int i = 0; i < texts.Count; i++)
                CosineSimilarity.Scores(vectors[i], _names, _norms, scores.Slice(i * _names.Count, _names.Count));
            return;
        }
        var cosines = new float[scores.Length];
        _index.Scores(vectors.Values, cosines);
        for (int i = 0; i < cosines.Length; i++)
            scores[i] = cosines[i];
    }
}
