using Malrule.Inference;
using Malrule.Mining.Embeddings;
using Malrule.Mining.Generations;
using Malrule.Mining.Questions;
using Malrule.Mining.Rankings.Hybrid;
using Malrule.Mining.Rankings.Lexical;
using Malrule.Mining.Rankings.Neighbours;
using Malrule.Mining.Results;

namespace Malrule.Mining.Rankings;

/// <summary>Ranks the catalogue for every distractor by a run's method, with what was inferred where the method uses texts.</summary>
/// <param name="options">How.</param>
/// <param name="bank">The questions and the catalogue.</param>
/// <param name="embedderHash">The embedder's checkpoint; null where it is not known, and then no vectors are kept.</param>
/// <param name="log">Told how it goes.</param>
internal sealed class RankingStage(MiningOptions options, QuestionBank bank, string? embedderHash, RunLog log)
{
    private NearestNames? _nearest;

    /// <summary>What computed the embeddings; null where there are none. Known after <see cref="RunAsync"/>, as all that follows.</summary>
    public string? EmbedderPath { get; private set; }

    /// <summary>Distinct texts that were inferred; null for methods without.</summary>
    public int? DistinctTexts { get; private set; }

    /// <summary>Texts cut to the embedder's limit, names included.</summary>
    public int? TextsCut { get; private set; }

    /// <summary>Tokens that a server embedded; null where none did.</summary>
    public long? EmbeddedTokens { get; private set; }

    /// <summary>Where the hybrid's weights come from; null for other methods.</summary>
    public IReadOnlyList<HybridFit>? Fits { get; private set; }

    /// <summary>Ranks.</summary>
    /// <param name="distractors">What to rank for.</param>
    /// <param name="generations">By QuestionId_Answer; of labelled distractors that are not ranked too, where the hybrid is to learn from them.</param>
    /// <param name="loadEmbedder">Called where texts are compared by embeddings.</param>
    /// <param name="cancellation">Stops between texts and between distractors.</param>
    public async Task<MinedDistractor[]> RunAsync(
        IReadOnlyList<Distractor> distractors, IReadOnlyDictionary<string, Generation> generations, Func<Task<IEmbedder>> loadEmbedder, CancellationToken cancellation)
    {
        Dictionary<string, string[]> inferred = generations.ToDictionary(entry => entry.Key, entry => entry.Value.Texts.Select(options.Hypotheses.Infer).ToArray());
        InferredRanker? texts = options.UsesTexts ? await LookUpAsync(inferred, generations, loadEmbedder, cancellation).ConfigureAwait(false) : null;

        using IDisposable _ = log.Time(MiningStage.Ranking);
        DistractorRanker ranker = options.Method switch
        {
            MiningMethod.Lexical => new LexicalRanker(bank.Catalogue, bank.Labelled, options.Lexical),
            MiningMethod.Neighbours => new NeighbourRanker(bank.Labelled, bank.Catalogue, options.Neighbours),
            MiningMethod.Hybrid => new HybridRanker(bank.Labelled, bank.Catalogue, options.Hybrid, texts),
            _ => texts!,
        };
        var progress = new Progress(done => log.Report(new MiningProgress(MiningStage.Ranking, done, distractors.Count)));
        IReadOnlyList<IReadOnlyList<Candidate>> lists = ranker.RankAll(distractors, options.Candidates, options.Engine.Threads, progress, cancellation);
        if (ranker is HybridRanker hybrid)
            Explain(Fits = hybrid.Fits);
        return
        [
            .. distractors.Zip(lists, (distractor, candidates) => new MinedDistractor(distractor, candidates)
            {
                Inferred = inferred.GetValueOrDefault(distractor.Id, []),
                Nearest = [.. inferred.GetValueOrDefault(distractor.Id, []).Select(text => _nearest?.Of(text) ?? [])],
                Demonstrations = generations.GetValueOrDefault(distractor.Id)?.Demonstrations ?? [],
                Error = generations.GetValueOrDefault(distractor.Id)?.Error,
            }),
        ];
    }

    private async Task<InferredRanker> LookUpAsync(
        Dictionary<string, string[]> inferred, IReadOnlyDictionary<string, Generation> generations, Func<Task<IEmbedder>> loadEmbedder, CancellationToken cancellation)
    {
        Dictionary<string, DistinctSamples> samples = inferred.ToDictionary(entry => entry.Key, entry => Count(entry.Value, generations[entry.Key]));
        string[] distinct = [.. samples.Values.SelectMany(sample => sample.Texts).Distinct()];
        DistinctTexts = distinct.Length;
        if (options.Retriever == Retriever.Lexical)
            return Make(new LexicalRanker(bank.Catalogue, bank.Labelled, options.Lexical).Scores);
        EmbeddingLookup lookup = await EmbeddingLookup.MakeAsync(bank.Catalogue, distinct, options.Embedding, embedderHash, loadEmbedder, log, cancellation).ConfigureAwait(false);
        (EmbedderPath, TextsCut, EmbeddedTokens) = (lookup.KernelPath, lookup.TextsCut, options.EmbedderEndpoint is null ? null : lookup.Tokens);
        return Make(lookup.Scores);

        InferredRanker Make(TextScores scores) =>
            new(bank.Catalogue, samples, (_nearest = new NearestNames(bank.Catalogue, scores)).Scores, options.Fusion);
    }

    private DistinctSamples Count(string[] texts, Generation generation)
    {
        if (options.Fusion.Weights == SampleWeighting.Count || texts.Length == 0)
            return DistinctSamples.Of(texts, options.Hypotheses.BlankVotes);
        return generation.CumulativeLogprobs?.Count == texts.Length
            ? DistinctSamples.Of(texts, options.Hypotheses.BlankVotes, generation.CumulativeLogprobs)
            : throw new InvalidInputException($"Samples cannot be weighed by their logprobs: the line of {generation.Id} has {texts.Length} texts and {generation.CumulativeLogprobs?.Count ?? 0} cumulative_logprobs. Weigh them by count.");
    }

    private void Explain(IReadOnlyList<HybridFit> fits)
    {
        foreach (HybridFit fit in fits)
        {
            string evidence = fit.Evidence.ToString().ToLowerInvariant().Replace(", ", " and ", StringComparison.Ordinal);
            log.Note(MiningStage.Ranking, fit.Fitted
                ? FormattableString.Invariant($"Weights of {evidence} evidence fitted on {fit.Labelled} labelled distractors.")
                : FormattableString.Invariant($"Weights of {evidence} evidence as fitted on Eedi: {fit.Labelled} labelled distractors have such evidence here, {HybridRanker.MinLabelled} are needed to fit others."));
        }
    }

    private sealed class Progress(Action<int> report) : IProgress<int>
    {
        public void Report(int value) => report(value);
    }
}
