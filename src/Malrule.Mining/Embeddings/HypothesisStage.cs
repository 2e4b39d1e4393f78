using System.Runtime.CompilerServices;
using Malrule.Inference;
using Malrule.Mining.Generations;
using Malrule.Mining.Questions;
using Malrule.Mining.Rankings;
using Malrule.Mining.Results;

namespace Malrule.Mining.Embeddings;

/// <summary>Maps what was generated about each distractor onto the catalogue: infers, embeds every distinct text once, ranks and fuses.</summary>
/// <param name="options">How.</param>
/// <param name="catalogue">What they are mapped onto.</param>
/// <param name="embedderHash">The embedder's checkpoint; null where it is not known, and then nothing is kept.</param>
/// <param name="log">Told how it goes.</param>
internal sealed class HypothesisStage(MiningOptions options, MisconceptionCatalogue catalogue, string? embedderHash, RunLog log)
{
    /// <summary>What computed the embeddings; known after <see cref="RunAsync"/>.</summary>
    public string KernelPath { get; private set; } = "";

    /// <summary>Distinct texts that were inferred.</summary>
    public int DistinctTexts { get; private set; }

    /// <summary>Texts cut to the embedder's limit, names included.</summary>
    public int TextsCut { get; private set; }

    public async Task<MinedDistractor[]> RunAsync(
        IReadOnlyList<Distractor> distractors, IReadOnlyDictionary<string, Generation> generations, Func<Task<IEmbedder>> loadEmbedder, CancellationToken cancellation)
    {
        string[][] inferred = [.. distractors.Select(distractor => generations[distractor.Id].Texts.Select(options.Hypotheses.Infer).ToArray())];
        DistinctSamples[] samples = [.. inferred.Select(texts => DistinctSamples.Of(texts, options.Hypotheses.BlankVotes))];
        string[] names = [.. catalogue.Items.Select(item => options.Embedding.CleanNames ? item.CleanName : item.Name)];
        (EmbeddedTexts embeddedNames, EmbeddedTexts embeddedTexts) = await EmbedAsync(names, samples.SelectMany(sample => sample.Texts), loadEmbedder, cancellation).ConfigureAwait(false);

        using IDisposable _ = log.Time(MiningStage.Ranking);
        var ranker = new HypothesisRanker(catalogue, embeddedNames.Of(names), options.Fusion, options.Embedding.CosinesInDouble);
        var mined = new MinedDistractor[distractors.Count];
        int done = 0;
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Engine.Threads == 0 ? Environment.ProcessorCount : options.Engine.Threads, CancellationToken = cancellation };
        Parallel.For(0, mined.Length, parallel, i =>
        {
            mined[i] = new MinedDistractor(distractors[i], ranker.Rank(embeddedTexts.Of(samples[i].Texts), samples[i].Weights, options.Candidates))
            {
                Inferred = inferred[i],
                Demonstrations = generations[distractors[i].Id].Demonstrations ?? [],
            };
            if (Interlocked.Increment(ref done) is var count && (count % 64 == 0 || count == mined.Length))
                log.Report(new MiningProgress(MiningStage.Ranking, count, mined.Length));
        });
        return mined;
    }

    private async Task<(EmbeddedTexts Names, EmbeddedTexts Texts)> EmbedAsync(
        IEnumerable<string> names, IEnumerable<string> texts, Func<Task<IEmbedder>> loadEmbedder, CancellationToken cancellation)
    {
        IEmbedder embedder;
        using (log.Time(MiningStage.LoadingEmbedder))
            embedder = await loadEmbedder().ConfigureAwait(false);
        await using ConfiguredAsyncDisposable _ = embedder.ConfigureAwait(false);
        foreach (string line in embedder.Description)
            log.Note(MiningStage.LoadingEmbedder, line);

        using IDisposable timed = log.Time(MiningStage.Embedding);
        void Report(int done, int total) => log.Report(new MiningProgress(MiningStage.Embedding, done, total));
        EmbeddedTexts embeddedNames = await EmbeddedTexts.EmbedAsync(names, options.Embedding.CataloguePrefix ?? embedder.Prefixes.Document, embedder, Cache(embedder), Report, cancellation).ConfigureAwait(false);
        EmbeddedTexts embeddedTexts = await EmbeddedTexts.EmbedAsync(texts, options.Embedding.QueryPrefix ?? embedder.Prefixes.Query, embedder, cache: null, Report, cancellation).ConfigureAwait(false);
        (KernelPath, DistinctTexts, TextsCut) = (embedder.KernelPath, embeddedTexts.Count, embeddedNames.Truncated + embeddedTexts.Truncated);
        return (embeddedNames, embeddedTexts);
    }

    /// <summary>Keeps the names' vectors under everything they depend on; the same file serves any batch size and number of threads.</summary>
    private VectorCache? Cache(IEmbedder embedder)
    {
        if (options.Embedding.CacheFolder is not { } folder || embedderHash is null)
            return null;
        EmbedderOptions how = options.Embedding.Engine;
        string[] identity = [embedderHash, embedder.KernelPath, how.Mode.ToString(), how.Pooling.ToString(), RunLog.Text(how.MaxTokens)];
        return new VectorCache(folder, identity, VectorCache.DefaultLimit, line => log.Note(MiningStage.Embedding, line));
    }
}
