using System.Globalization;
using Malrule.Inference;
using Malrule.Mining.Embeddings;
using Malrule.Mining.Generations;
using Malrule.Mining.Prompts;
using Malrule.Mining.Questions;
using Malrule.Mining.Rankings;
using Malrule.Mining.Rankings.Neighbours;
using Malrule.Mining.Rankings.Reranking;

namespace Malrule.Mining.Results;

/// <summary>A run folder read back beside the data it was made from. Nothing is generated or ranked anew.</summary>
public sealed class FinishedRun
{
    private const int NeighboursShown = 5;

    private FinishedRun(string folder, RunManifest manifest, QuestionBank bank) => (Folder, Manifest, Bank) = (folder, manifest, bank);

    /// <summary>The run folder.</summary>
    public string Folder { get; }

    /// <summary>The contents of <c>run.json</c>.</summary>
    public RunManifest Manifest { get; }

    /// <summary>What the run read.</summary>
    public QuestionBank Bank { get; }

    /// <summary>Opens a finished run.</summary>
    /// <param name="folder">The run folder.</param>
    /// <param name="data">The folder with the files it read; null: where they were then.</param>
    /// <param name="questions">The questions it mined; null: where they were then, or the file of that name in <paramref name="data"/>.</param>
    /// <exception cref="InvalidInputException">The folder holds no finished run, or the files are not those it read.</exception>
    public static FinishedRun Open(string folder, string? data = null, string? questions = null)
    {
        string manifestFile = Path.Combine(folder, "run.json");
        if (!File.Exists(manifestFile))
            throw new InvalidInputException($"{folder} holds no run.json. Name a run folder, as malrule mine writes it.");
        RunManifest manifest = RunManifest.Read(manifestFile);
        if (manifest.Status != "finished")
            throw new InvalidInputException($"The run in {folder} is not finished. Give its malrule mine command again; it goes on where it stopped.");
        if (data is null)
        {
            data = manifest.Environment?.GetValueOrDefault(RunLog.DataSetting);
            if (!Directory.Exists(data))
                throw new InvalidInputException($"The data that the run in {folder} read {(data is null ? "are not known" : $"are not in {data} any more")}. Name their folder with --data.");
            questions ??= manifest.Environment!.GetValueOrDefault(RunLog.QuestionsSetting);
        }
        if (questions is null && manifest.Inputs.TryGetValue("questions", out RunInput? mined))
            questions = Path.Combine(data, Path.GetFileName(mined.Name));
        QuestionBank bank = QuestionBank.Load(data, questions);
        foreach ((string part, string file) in bank.Files)
        {
            if (manifest.Inputs.TryGetValue(part, out RunInput? input) && InputHash.OfFile(file).Sha256 != input.Sha256)
                throw new InvalidInputException($"{file} is not the {input.Name} that the run in {folder} read (its SHA-256 differs). Name the run's own data with --data and --questions.");
        }
        return new FinishedRun(folder, manifest, bank);
    }

    /// <summary>Every mined distractor with its candidates, by question id and letter.</summary>
    /// <exception cref="InvalidInputException">A file of the run is wrong.</exception>
    public IReadOnlyList<MinedDistractor> Read()
    {
        Dictionary<string, CandidateList> candidates = ReadCandidates(_ => true);
        IReadOnlyDictionary<string, Generation> generations = ReadGenerations();
        Dictionary<string, RerankAnswer> answers = ReadAnswers();
        Func<string, string> infer = (Manifest.Options.Hypotheses ?? new HypothesisOptions()).Infer;
        MinedDistractor[] mined =
        [
            .. Bank.Distractors.Where(distractor => candidates.ContainsKey(distractor.Id)).Select(distractor =>
            {
                Generation? generation = generations.GetValueOrDefault(distractor.Id);
                RerankAnswer? answer = answers.GetValueOrDefault(distractor.Id);
                return new MinedDistractor(distractor, candidates[distractor.Id].Candidates)
                {
                    Inferred = [.. (generation?.Texts ?? []).Select(infer)],
                    Demonstrations = generation?.Demonstrations ?? [],
                    Reranked = candidates[distractor.Id].Reranked(answer),
                    Error = generation?.Error ?? answer?.Failure,
                };
            }),
        ];
        return mined.Length == candidates.Count ? mined
            : throw new InvalidInputException($"{Path.Combine(Folder, "submission.csv")} names {candidates.Count - mined.Length} distractors that the questions do not have. Mine again.");
    }

    /// <summary>
    /// Options that rank the run's texts again, with the language model's part as it was; whatever of the ranking is not changed stays as the run has it.
    /// </summary>
    /// <param name="output">The new run's folder.</param>
    /// <exception cref="InvalidInputException">The run holds no texts.</exception>
    public MiningOptions RankAgain(string output)
    {
        if (!File.Exists(GenerationsFile))
            throw new InvalidInputException($"The run in {Folder} holds no generations.jsonl, so there are no texts to rank. Name a run of the method infer, or of hybrid with a language model.");
        RunOptions options = Manifest.Options;
        MiningOptions start = MiningOptions.Of(options.Preset, Path.GetDirectoryName(Bank.Files["catalogue"])!, output);
        return start with
        {
            Questions = Bank.Files["questions"],
            Embedder = Manifest.Environment?.GetValueOrDefault(RunLog.EmbedderSetting),
            Generations = GenerationsFile,
            GeneratedBy = Manifest,
            Method = options.Method,
            Sample = options.Sample,
            SampleSeed = options.SampleSeed ?? 0,
            Limit = options.Limit,
            Candidates = options.Candidates,
            OnlyWithTexts = options.OnlyWithTexts ?? false,
            Hypotheses = options.Hypotheses ?? start.Hypotheses,
            Fusion = options.Fusion ?? start.Fusion,
            Retriever = options.Retriever ?? start.Retriever,
            Lexical = options.Lexical ?? start.Lexical,
            Hybrid = options.Hybrid ?? start.Hybrid,
            Embedding = options is { Pooling: null, EmbedderEndpoint: null } ? start.Embedding : new EmbeddingOptions
            {
                Engine = start.Embedding.Engine with
                {
                    Mode = options.EmbedderMode ?? start.Embedding.Engine.Mode,
                    Pooling = options.Pooling ?? start.Embedding.Engine.Pooling,
                    MaxTokens = options.EmbedderMaxTokens ?? start.Embedding.Engine.MaxTokens,
                },
                QueryPrefix = options.QueryPrefix,
                CataloguePrefix = options.CataloguePrefix,
                CleanNames = options.CleanNames ?? start.Embedding.CleanNames,
                CosinesInDouble = options.CosinesInDouble ?? start.Embedding.CosinesInDouble,
            },
        };
    }

    /// <summary>What the run holds about a distractor (<c>1672_B</c>) or all mined distractors of a question (<c>1672</c>), by these ids or those of their source.</summary>
    /// <exception cref="InvalidInputException">The run holds none with this id.</exception>
    public IReadOnlyList<Explanation> Explain(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        HashSet<string> wanted = [.. Bank.Distractors.Where(distractor => distractor.Id == id || distractor.SourceId == id || distractor.Question.SourceId == id
            || distractor.Id.StartsWith($"{id}_", StringComparison.Ordinal)).Select(distractor => distractor.Id)];
        Dictionary<string, CandidateList> candidates = ReadCandidates(wanted.Contains);
        Distractor[] mined = [.. Bank.Distractors.Where(distractor => candidates.ContainsKey(distractor.Id))];
        if (mined.Length == 0)
            throw new InvalidInputException($"The run in {Folder} holds no distractor {id}. Ids are a question's (1672) or a distractor's (1672_B); submission.csv and report.html in the folder list them.");
        IReadOnlyDictionary<string, Generation> generations = ReadGenerations();
        Dictionary<string, NearestLine> nearest = ReadLines("nearest.jsonl", NearestLine.Format);
        Dictionary<string, RerankAnswer> answers = ReadAnswers();
        var seen = new SeenMisconceptions(Bank.Labelled);
        NeighbourRanker? neighbours = Bank.Labelled.Any(question => question.LabelledDistractors.Any()) ? new NeighbourRanker(Bank.Labelled, Bank.Catalogue) : null;
        return [.. mined.Select(distractor =>
        {
            Generation? generation = generations.GetValueOrDefault(distractor.Id);
            RerankAnswer? answer = answers.GetValueOrDefault(distractor.Id);
            return new Explanation(
                distractor, Prompt(distractor, generation), Texts(generation, nearest), generation?.Error ?? answer?.Failure, candidates[distractor.Id].Candidates,
                candidates[distractor.Id].Reranked(answer), neighbours?.Nearest(distractor, NeighboursShown) ?? [], seen.Contains(distractor));
        })];
    }

    private string GenerationsFile => Path.Combine(Folder, "generations.jsonl");

    private IReadOnlyDictionary<string, Generation> ReadGenerations() =>
        File.Exists(GenerationsFile) ? GenerationFile.Read(GenerationsFile) : new Dictionary<string, Generation>();

    private IReadOnlyList<ChatMessage> Prompt(Distractor distractor, Generation? generation)
    {
        if (generation?.Demonstrations is null || Manifest.Options.Prompt is null)
            return [];
        Dictionary<int, Question> labelled = Bank.Labelled.ToDictionary(question => question.Id);
        return new PromptBuilder(Manifest.Options.Prompt, Bank.Catalogue).Build(distractor, [.. generation.Demonstrations.Where(labelled.ContainsKey).Select(id => labelled[id])]);
    }

    private InferredText[] Texts(Generation? generation, Dictionary<string, NearestLine> nearest) => generation is null ? [] :
    [
        .. generation.Texts.Select((Manifest.Options.Hypotheses ?? new HypothesisOptions()).Infer).CountBy(text => text).OrderByDescending(text => text.Value)
            .Select(text => new InferredText(text.Key, text.Value, [.. (nearest.GetValueOrDefault(text.Key)?.Names ?? []).Where(name => Bank.Catalogue.Contains(name.MisconceptionId))])),
    ];

    private Dictionary<string, RerankAnswer> ReadAnswers() => ReadLines("reranks.jsonl", RerankAnswer.Format);

    private Dictionary<string, TLine> ReadLines<TLine>(string name, JournalFormat<TLine> format)
        where TLine : class, IJournalLine
    {
        string file = Path.Combine(Folder, name);
        return File.Exists(file) ? format.Read(file) : [];
    }

    // submission.csv names every distractor, also one without candidates; candidates.csv has the scores.
    private Dictionary<string, CandidateList> ReadCandidates(Func<string, bool> wanted)
    {
        var found = new Dictionary<string, List<(Candidate Candidate, Candidate First, int FirstRank)>>();
        using (CsvTable submission = CsvTable.Open(Path.Combine(Folder, "submission.csv"), ["QuestionId_Answer"]))
        {
            while (submission.Read())
            {
                string distractor = submission.Text("QuestionId_Answer");
                if (wanted(distractor))
                    found[distractor] = [];
            }
        }
        if (found.Count == 0)
            return [];
        using CsvTable table = CsvTable.Open(Path.Combine(Folder, "candidates.csv"), ["QuestionId_Answer", "MisconceptionId", "Score"]);
        while (table.Read())
        {
            if (!found.TryGetValue(table.Text("QuestionId_Answer"), out List<(Candidate, Candidate, int)>? list))
                continue;
            int misconception = table.Id("MisconceptionId");
            if (!Bank.Catalogue.Contains(misconception))
                throw table.Fault("MisconceptionId", "an id of the catalogue", CsvTable.Quoted(table.Text("MisconceptionId")), "Mine again.");
            bool reranked = table.Has("FirstRank") && table.Has("FirstScore");
            list.Add((new Candidate(misconception, Number("Score")), new Candidate(misconception, Number(reranked ? "FirstScore" : "Score")), reranked ? table.Id("FirstRank") : list.Count));
        }
        double Number(string column) => double.TryParse(table.Text(column), NumberStyles.Float, CultureInfo.InvariantCulture, out double score)
            ? score : throw table.Fault(column, "a number", CsvTable.Quoted(table.Text(column)), "Mine again.");
        return found.ToDictionary(entry => entry.Key, entry => new CandidateList(
            [.. entry.Value.Select(row => row.Candidate)], [.. entry.Value.OrderBy(row => row.FirstRank).Select(row => row.First)]));
    }

    /// <summary>A distractor's candidates, and the same as they stood before reranking.</summary>
    private sealed record CandidateList(Candidate[] Candidates, Candidate[] First)
    {
        public Reranked? Reranked(RerankAnswer? answer) => answer?.None is { } none ? new Reranked(none, First) : null;
    }
}
