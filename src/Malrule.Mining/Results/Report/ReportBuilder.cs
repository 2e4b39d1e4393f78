using System.Globalization;
using Malrule.Mining.Evaluation;
using Malrule.Mining.Questions;
using Malrule.Mining.Rankings;
using Malrule.Mining.Rankings.Neighbours;

namespace Malrule.Mining.Results.Report;

/// <summary>
/// Gathers what a report shows from a run's results. Takes nothing of a run that depends on when or how often it was started, so that the report
/// of a resumed run has the same bytes. Evidence comes from labelled questions other than the one under test.
/// </summary>
internal sealed class ReportBuilder(QuestionBank bank)
{
    private const int Neighbours = 5;

    private readonly Dictionary<int, int> _placeOf = [];
    private readonly List<ReportQuestion> _questions = [];
    private readonly SortedDictionary<int, string> _names = [];
    private readonly SeenMisconceptions _seen = new(bank.Labelled);

    public ReportData Build(IReadOnlyList<MinedDistractor> mined, RunManifest manifest)
    {
        RankedItem[] ranked = Ranked(mined, item => item.Candidates);
        IReadOnlyList<Neighbour>[] nearest = Nearest(mined);
        Dictionary<int, Question> labelled = bank.Labelled.ToDictionary(question => question.Id);
        ReportItem[] items = [.. mined.Select((item, i) => Item(item, nearest[i], labelled))];
        return new ReportData
        {
            Method = manifest.Options.Method,
            Reranked = manifest.Options.Rerank is not null,
            Source = manifest.Inputs["questions"].Name,
            Facts = [.. Facts(manifest).Where(fact => fact.Value.Length > 0).Select(fact => new[] { fact.Label, fact.Value })],
            Remarks = [.. manifest.Counts!.Remarks()],
            Depth = manifest.Options.Candidates,
            Metrics = ranked.Length == 0 ? null : RankingReport.Of(ranked, manifest.Options.Candidates),
            Reranking = ranked.Length == 0 || manifest.Options.Rerank is not { } rerank ? null
                : RerankAttribution.Of(Ranked(mined, item => item.Reranked?.First ?? item.Candidates), ranked, rerank.Candidates, manifest.Options.Candidates, new Bootstrap()),
            Names = _names,
            Questions = _questions,
            Items = items,
        };
    }

    private RankedItem[] Ranked(IReadOnlyList<MinedDistractor> mined, Func<MinedDistractor, IReadOnlyList<Candidate>> list) =>
        [.. mined.Where(item => item.Distractor.MisconceptionId is not null).Select(item => RankedItem.Of(item.Distractor, list(item), _seen))];

    // The rule of the method neighbours, whatever method ranked.
    private IReadOnlyList<Neighbour>[] Nearest(IReadOnlyList<MinedDistractor> mined)
    {
        var nearest = new IReadOnlyList<Neighbour>[mined.Count];
        Array.Fill(nearest, []);
        if (bank.Labelled.Any(question => question.LabelledDistractors.Any()))
        {
            var ranker = new NeighbourRanker(bank.Labelled, bank.Catalogue);
            Parallel.For(0, nearest.Length, i => nearest[i] = ranker.Nearest(mined[i].Distractor, Neighbours));
        }
        return nearest;
    }

    private ReportItem Item(MinedDistractor item, IReadOnlyList<Neighbour> nearest, Dictionary<int, Question> labelled)
    {
        Distractor distractor = item.Distractor;
        Candidate[] shown = [.. item.Candidates.Take(ResultFiles.SubmissionDepth)];
        Dictionary<int, int>? was = item.Reranked?.First.Index().ToDictionary(entry => entry.Item.MisconceptionId, entry => entry.Index + 1);
        KeyValuePair<string, int>[] texts = [.. item.Inferred.CountBy(text => text).OrderByDescending(text => text.Value)]; // stable: else as they came
        Dictionary<string, Candidate> names = item.Inferred.Zip(item.Nearest).Where(text => text.Second.Count > 0).DistinctBy(text => text.First)
            .ToDictionary(text => text.First, text => text.Second[0]);
        Candidate?[] near = [.. texts.Select(text => names.TryGetValue(text.Key, out Candidate name) ? name : (Candidate?)null)];
        return new ReportItem(
            PlaceOf(distractor.Question), distractor.Letter, distractor.MisconceptionId is { } gold ? Named(gold) : null, _seen.Contains(distractor),
            distractor.MisconceptionId is { } label ? AveragePrecision.Rank(item.Candidates, label) : 0,
            [.. shown.Select(candidate => Named(candidate.MisconceptionId))], [.. shown.Select(candidate => Rounded(candidate.Score, "G5"))],
            [.. texts.Select(text => text.Key)], [.. texts.Select(text => text.Value)],
            [.. item.Demonstrations.Select(id => PlaceOf(labelled[id]))],
            [.. nearest.Select(neighbour => new ReportNeighbour(PlaceOf(neighbour.Distractor.Question), neighbour.Distractor.Letter, Rounded(neighbour.Similarity, "F3")))])
        {
            Near = names.Count == 0 ? null : [.. near.Select(name => name is { } known ? Named(known.MisconceptionId) : (int?)null)],
            NearScores = names.Count == 0 ? null : [.. near.Select(name => name is { } known ? Rounded(known.Score, "F3") : (double?)null)],
            Error = item.Error,
            None = item.Reranked is { } reranked ? Rounded(reranked.None, "G5") : null,
            Was = was is null ? null : [.. shown.Select(candidate => was[candidate.MisconceptionId])],
        };
    }

    private int PlaceOf(Question question)
    {
        if (!_placeOf.TryGetValue(question.Id, out int place))
        {
            _placeOf.Add(question.Id, place = _questions.Count);
            _questions.Add(new ReportQuestion(
                question.Id, question.ConstructName, question.SubjectName, question.Stem, question.Key, question.Options,
                [.. question.MisconceptionIds.Select(id => id is { } label ? Named(label) : (int?)null)]));
        }
        return place;
    }

    private int Named(int id)
    {
        _names.TryAdd(id, bank.Catalogue[id].CleanName);
        return id;
    }

    private IEnumerable<(string Label, string Value)> Facts(RunManifest manifest)
    {
        RunOptions options = manifest.Options;
        yield return ("Method", $"{Lower(options.Method)}, preset {Lower(options.Preset)}");
        yield return ("Questions", Input(manifest, "questions") + (options.Sample is { } sample ? Invariant($", sample of {sample} (seed {options.SampleSeed})") : "") + (options.Limit is { } limit ? Invariant($", first {limit} distractors") : ""));
        yield return ("Labelled questions", Input(manifest, "labelled"));
        yield return ("Catalogue", Invariant($"{Input(manifest, "catalogue")}, {bank.Catalogue.Count} misconceptions"));
        yield return ("Language model", options.Endpoint is { } server ? $"{server.Model} at {server.Url}" : Input(manifest, "model"));
        yield return ("Texts", Input(manifest, "generations"));
        yield return ("Embedder", options.EmbedderEndpoint is { } embedding ? $"{embedding.Model} at {embedding.Url}" : Input(manifest, "embedder"));
        foreach ((string part, string path) in manifest.KernelPath)
            yield return (part == "model" ? "Model computed on" : "Embedder computed on", path);
        if (options.Sampling is { } sampling)
            yield return ("Sampling", Invariant($"{sampling.N} samples, temperature {sampling.Temperature}, seed {options.Seed}"));
        if (options.Demonstrations is { } demonstrations)
            yield return ("Demonstrations", Invariant($"{demonstrations.Shots} a prompt"));
        if (options.Retriever == Retriever.Lexical)
            yield return ("Texts looked up", "by words");
        if (options.Rerank is { } rerank)
            yield return ("Reranking", Invariant($"first {rerank.Candidates} candidates, {rerank.Window} at a time, {rerank.Permutations} times"));
        if (options.Fusion is { } fusion)
            yield return ("Fusion", fusion.Name);
        if (manifest.Counts is { PromptTokens: { } prompt, GeneratedTokens: { } generated })
            yield return ("Tokens", Invariant($"{prompt:N0} in prompts, {generated:N0} generated"));
        yield return ("Malrule", manifest.Malrule);
    }

    private static string Input(RunManifest manifest, string part) =>
        manifest.Inputs.TryGetValue(part, out RunInput? input) ? $"{input.Name} (sha256 {input.Sha256[..12]}…)" : "";

    private static string Lower<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    private static double Rounded(double value, string format) => double.Parse(value.ToString(format, CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
