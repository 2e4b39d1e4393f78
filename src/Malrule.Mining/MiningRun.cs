using System.Runtime.CompilerServices;
using Malrule.Inference;
using Malrule.Mining.Embeddings;
using Malrule.Mining.Generations;
using Malrule.Mining.Questions;
using Malrule.Mining.Rankings;
using Malrule.Mining.Rankings.Reranking;
using Malrule.Mining.Results;
using Malrule.Mining.Results.Report;

namespace Malrule.Mining;

/// <summary>
/// The main job from questions to results. A run lives in a folder and can be killed at any moment: the same command goes on where it
/// stopped, nothing lost and nothing done twice, and its files are then the same bytes as those of a run that was never interrupted,
/// but for <c>timings</c> and <c>environment</c> in <c>run.json</c>.
/// </summary>
public static class MiningRun
{
    private const int DifferencesShown = 4;

    /// <summary>Runs, or goes on with what was interrupted.</summary>
    /// <param name="options">What to mine and how.</param>
    /// <param name="progress">Told how far the run has come, by one thread at a time; what it is told as generated is safe on the disk.</param>
    /// <param name="cancellationToken">Stops the run; what was generated stays.</param>
    /// <exception cref="InvalidInputException">An option or an input file is wrong, or the folder holds another run or is in use.</exception>
    /// <exception cref="MalruleException">A disk or a model failed.</exception>
    public static Task<MiningResult> RunAsync(
        MiningOptions options, IProgress<MiningProgress>? progress = null, CancellationToken cancellationToken = default) => RunAsync(
        options,
        () => options.Endpoint is { } server
            ? EndpointGenerator.LoadAsync(server, options.Model!, options.Engine.MaxModelLength, cancellationToken)
            : EngineGenerator.LoadAsync(options.Model!, options.Engine, cancellationToken),
        () => options.EmbedderEndpoint is { } server
            ? EndpointEmbedder.LoadAsync(server, options.Embedder!, cancellationToken)
            : LocalEmbedder.LoadAsync(options.Embedder!, options.Embedding.Engine, cancellationToken),
        progress, cancellationToken);

    /// <summary>The same with what generates and embeds given.</summary>
    internal static Task<MiningResult> RunAsync(
        MiningOptions options, Func<Task<IGenerator>> loadGenerator, Func<Task<IEmbedder>> loadEmbedder, IProgress<MiningProgress>? progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return Task.Run(async () =>
        {
            var log = new RunLog(progress, options.Engine);
            (QuestionBank bank, Distractor[] distractors) = Read(options, log);
            StoredTexts? stored = options.Generations is { } file ? StoredTexts.Read(file, bank, distractors, learns: options.Method == MiningMethod.Hybrid) : null;
            int asked = distractors.Length;
            if (options.OnlyWithTexts)
                distractors = [.. distractors.Where(stored!.Has)];

            using RunFolder folder = RunFolder.Open(options.Output);
            RunManifest manifest = Begin(folder, Describe(options, bank, cancellation));
            log.Locate(options, bank);
            IReadOnlyDictionary<string, Generation> generations = new Dictionary<string, Generation>();
            if (stored is not null)
                generations = Keep(stored, folder, log);
            else if (options.Generates)
                (generations, manifest) = await GenerateAsync(options, bank, distractors, folder, manifest, loadGenerator, loadEmbedder, log, cancellation).ConfigureAwait(false);

            var ranking = new RankingStage(options, bank, manifest.Inputs.GetValueOrDefault("embedder")?.Sha256, log);
            IReadOnlyList<MinedDistractor> mined = await ranking.RunAsync(distractors, generations, loadEmbedder, cancellation).ConfigureAwait(false);

            RunCounts counts = RunCounts.Of(mined, bank);
            if (options.UsesTexts)
                counts = counts.With(mined, generations, bank) with { DistinctTexts = ranking.DistinctTexts, TextsCut = ranking.TextsCut, EmbeddedTokens = ranking.EmbeddedTokens };
            counts = counts with { Cost = CostOf(options, counts) };
            if (stored is not null)
                counts = counts with { FailedRequests = null, WithoutTexts = distractors.Count(item => !stored.Has(item)), WithoutTextsLeftOut = asked - distractors.Length, TextsUnused = stored.Unused.Count };
            if (ranking.EmbedderPath is { } path)
                manifest = manifest with { KernelPath = new(manifest.KernelPath) { ["embedder"] = path } };
            RunMetrics? metrics = bank.IsLabelled ? RunMetrics.Of(mined, bank.Labelled) : null;
            if (options.Rerank is not null)
            {
                (mined, IReadOnlyList<RerankAnswer> answers, manifest) = await RerankAsync(options, bank, mined, folder, manifest, loadGenerator, log, cancellation).ConfigureAwait(false);
                counts = counts.With(mined, answers);
                metrics = metrics is null ? null : RunMetrics.Of(mined, bank.Labelled) with { BeforeReranking = metrics };
            }

            manifest = manifest with { HybridFits = ranking.Fits, Metrics = metrics, Counts = counts };
            return Write(folder, bank, mined, manifest, log);
        }, cancellation);
    }

    private static (QuestionBank Bank, Distractor[] Distractors) Read(MiningOptions options, RunLog log)
    {
        using IDisposable _ = log.Time(MiningStage.Reading);
        QuestionBank bank = QuestionBank.Load(options.Data, options.Questions);
        if (options.Sample is { } sample)
            bank = bank.Sample(sample, options.SampleSeed);
        Distractor[] distractors = [.. bank.Distractors.Take(options.Limit ?? int.MaxValue)];
        if (distractors.Length == 0)
            throw new InvalidInputException("None of the questions to mine has a labelled distractor. Take more questions, or a file without label columns.");
        bool demonstrates = options.Generates && options.Demonstrations.Shots > 0;
        if (bank.Labelled.Count == 0 && (demonstrates || options.Method == MiningMethod.Neighbours))
            throw new InvalidInputException($"{options.Data} has no train.csv with the labelled questions that {(demonstrates ? "demonstrations" : "neighbours")} come from. Add one,{(demonstrates ? " ask for no demonstrations (--shots 0)," : "")} or use the method lexical.");
        return (bank, distractors);
    }

    /// <summary>What a run depends on, known before it begins; what stored texts depend on is as their own run has it.</summary>
    private static RunManifest Describe(MiningOptions options, QuestionBank bank, CancellationToken cancellation)
    {
        RunManifest? origin = options.GeneratedBy;
        var inputs = new SortedDictionary<string, RunInput>();
        if (origin?.Inputs.TryGetValue("model", out RunInput? model) == true)
            inputs["model"] = model;
        foreach ((string part, string file) in bank.Files)
            inputs[part] = InputHash.OfFile(file);
        if (options.Generations is not null)
            inputs["generations"] = InputHash.OfFile(options.Generations);
        if ((options.Generates || options.Rerank is not null) && options.Endpoint is null)
            inputs["model"] = InputHash.OfCheckpoint(HubCache.Resolve(options.Model!), cancellation);
        if (options.Embeds && options.EmbedderEndpoint is null)
            inputs["embedder"] = InputHash.OfCheckpoint(HubCache.Resolve(options.Embedder!), cancellation);
        var manifest = new RunManifest { Options = RunOptions.Of(options), Inputs = inputs, ServedLength = origin?.ServedLength };
        return origin?.KernelPath.TryGetValue("model", out string? path) == true ? manifest with { KernelPath = new() { ["model"] = path } } : manifest;
    }

    private static IReadOnlyDictionary<string, Generation> Keep(StoredTexts stored, RunFolder folder, RunLog log)
    {
        if (stored.Remark() is { } remark)
            log.Note(MiningStage.Reading, remark);
        GenerationFile.Format.Write(folder.Generations, stored.ById.Values);
        return stored.ById;
    }

    /// <summary>Claims an empty folder for a run, or makes sure that it holds the same one.</summary>
    private static RunManifest Begin(RunFolder folder, RunManifest manifest)
    {
        if (File.Exists(folder.Manifest))
        {
            RunManifest earlier = RunManifest.Read(folder.Manifest);
            Refuse(folder, manifest.DifferencesFrom(earlier));
            manifest = manifest with { KernelPath = earlier.KernelPath, ServedLength = earlier.ServedLength };
        }
        else if (new[] { folder.Generations, folder.Reranks }.FirstOrDefault(File.Exists) is { } orphan)
        {
            throw new InvalidInputException($"{orphan} is there but not the run.json that says how it came about. Choose another run folder.");
        }
        manifest.Write(folder.Manifest);
        return manifest;
    }

    private static void Refuse(RunFolder folder, IReadOnlyList<string> differences)
    {
        if (differences.Count > 0)
            throw new InvalidInputException($"The run folder {folder.Path} holds another run: {string.Join("; ", differences.Take(DifferencesShown))}{(differences.Count > DifferencesShown ? $"; and {differences.Count - DifferencesShown} more differences" : "")}. Choose another folder (--output), or go on as that run began.");
    }

    private static async Task<(IReadOnlyDictionary<string, Generation> Generations, RunManifest Manifest)> GenerateAsync(
        MiningOptions options, QuestionBank bank, Distractor[] distractors, RunFolder folder, RunManifest manifest, Func<Task<IGenerator>> loadGenerator, Func<Task<IEmbedder>> loadEmbedder, RunLog log, CancellationToken cancellation)
    {
        using Journal<Generation> journal = Journal<Generation>.Open(folder.Generations, GenerationFile.Format);
        var stage = new GenerationStage(options, bank, journal, log);
        Distractor[] pending = stage.Pending(distractors);
        int earlier = distractors.Length - pending.Length;
        log.Describe("resumed_with", RunLog.Text(earlier));
        if (earlier > 0)
            log.Note(MiningStage.Generating, $"{folder.Path} holds the generations of {earlier} of {distractors.Length} distractors already.");
        if (pending.Length > 0)
        {
            if (options.Embeds) // a wrong embedder is told now, not after hours of generating
                await (await loadEmbedder().ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
            (IGenerator generator, manifest) = await LoadAsync(folder, manifest, mixed: earlier > 0, loadGenerator, log).ConfigureAwait(false);
            await using ConfiguredAsyncDisposable _ = generator.ConfigureAwait(false);
            using (log.Time(MiningStage.Generating))
                await stage.RunAsync(pending, distractors.Length, generator, cancellation).ConfigureAwait(false);
        }
        if (distractors.All(distractor => journal.Lines[distractor.Id].Error is not null))
            throw new MalruleException($"Every request failed. The first: {journal.Lines[distractors[0].Id].Error}");
        journal.Finish(distractors.Select(distractor => distractor.Id));
        return (journal.Lines, manifest);
    }

    /// <summary>Loads the language model; where what it computes would be <paramref name="mixed"/> with what is there, it must compute alike.</summary>
    private static async Task<(IGenerator Generator, RunManifest Manifest)> LoadAsync(RunFolder folder, RunManifest manifest, bool mixed, Func<Task<IGenerator>> loadGenerator, RunLog log)
    {
        IGenerator generator;
        using (log.Time(MiningStage.LoadingModel))
            generator = await loadGenerator().ConfigureAwait(false);
        try
        {
            foreach (string line in generator.Description)
                log.Note(MiningStage.LoadingModel, line);
            RunManifest loaded = manifest with { KernelPath = new(manifest.KernelPath) { ["model"] = generator.KernelPath }, ServedLength = generator.MaxModelLength };
            if (mixed)
                Refuse(folder, loaded.DifferencesFrom(manifest));
            loaded.Write(folder.Manifest);
            return (generator, loaded);
        }
        catch
        {
            await generator.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static async Task<(IReadOnlyList<MinedDistractor> Mined, IReadOnlyList<RerankAnswer> Answers, RunManifest Manifest)> RerankAsync(
        MiningOptions options, QuestionBank bank, IReadOnlyList<MinedDistractor> mined, RunFolder folder, RunManifest manifest, Func<Task<IGenerator>> loadGenerator, RunLog log, CancellationToken cancellation)
    {
        var stage = new RerankStage(options, bank.Catalogue, mined, log);
        using Journal<RerankAnswer> journal = stage.OpenJournal(folder.Reranks);
        if (stage.IsPending(journal))
        {
            bool mixed = journal.Lines.Count > 0 || options.Generates;
            (IGenerator generator, manifest) = await LoadAsync(folder, manifest, mixed, loadGenerator, log).ConfigureAwait(false);
            await using ConfiguredAsyncDisposable _ = generator.ConfigureAwait(false);
            using (log.Time(MiningStage.Reranking))
                await stage.RunAsync(journal, generator, cancellation).ConfigureAwait(false);
        }
        if (journal.Lines.Count > 0 && journal.Lines.Values.All(answer => answer.Error is not null))
            throw new MalruleException($"Every request of reranking failed. The first: {journal.Lines[stage.Ids.First()].Error}");
        journal.Finish(stage.Ids);
        return (stage.Apply(journal.Lines), [.. stage.Ids.Select(id => journal.Lines[id])], manifest);
    }

    /// <summary>What servers were paid, by the prices given; null where none is known.</summary>
    private static double? CostOf(MiningOptions options, RunCounts counts)
    {
        double? generating = options.Generates ? options.Endpoint?.Cost(counts.PromptTokens ?? 0, counts.GeneratedTokens ?? 0) : null;
        double? embedding = options.Embeds ? options.EmbedderEndpoint?.Cost(counts.EmbeddedTokens ?? 0, 0) : null;
        return generating is null ? embedding : generating + (embedding ?? 0);
    }

    private static MiningResult Write(RunFolder folder, QuestionBank bank, IReadOnlyList<MinedDistractor> mined, RunManifest manifest, RunLog log)
    {
        using (log.Time(MiningStage.Writing))
        {
            ResultFiles.WriteCandidates(folder.Candidates, mined, bank.Catalogue);
            if (mined.Any(item => item.Nearest.Count > 0))
                ResultFiles.WriteNearest(folder.Nearest, mined);
            if (bank.IsLabelled)
                ResultFiles.WriteDebug(folder.SubmissionDebug, mined, bank.Catalogue);
            ResultFiles.WriteSubmission(folder.Submission, mined);
            HtmlReport.Write(folder.Report, bank, mined, manifest);
        }
        foreach (string remark in manifest.Counts!.Remarks())
            log.Note(MiningStage.Writing, remark);
        log.Finish();
        manifest = manifest with { Status = "finished", Timings = log.Timings, Environment = log.Settings };
        manifest.Write(folder.Manifest);
        return new MiningResult(mined, manifest);
    }
}
