using Malrule.Mining.Generations;
using Malrule.Mining.Questions;
using Malrule.Mining.Results;

namespace Malrule.Mining.Rankings.Reranking;

/// <summary>
/// Asks a language model about the first candidates of every distractor and puts them in a new order. Requests are queued by question and
/// distractor, so that what they share is computed once; a distractor's answers go to the journal when the last of them has come.
/// </summary>
internal sealed class RerankStage
{
    private readonly MisconceptionCatalogue _catalogue;
    private readonly RerankOptions _options;
    private readonly RunLog _log;
    private readonly Plan[] _plans;

    /// <param name="options">How to rerank, and the seed.</param>
    /// <param name="catalogue">The misconceptions' names.</param>
    /// <param name="mined">The distractors with their candidates so far.</param>
    /// <param name="log">Told how it goes.</param>
    public RerankStage(MiningOptions options, MisconceptionCatalogue catalogue, IEnumerable<MinedDistractor> mined, RunLog log)
    {
        (_catalogue, _options, _log) = (catalogue, options.Rerank!, log);
        _plans = [.. mined.Select(item => new Plan(item, RerankWindows.Deal(
            [.. item.Candidates.Take(_options.Candidates).Select(candidate => candidate.MisconceptionId)], _options, (ulong)ItemSeed.Of(options.Seed, $"rerank:{item.Distractor.Id}"))))];
    }

    /// <summary>The distractors that are asked about: those that have a candidate.</summary>
    public IEnumerable<string> Ids => _plans.Where(plan => plan.Windows.Length > 0).Select(plan => plan.Id);

    /// <summary>Opens the journal; answers about other candidates than are there now do not serve and are taken out of it.</summary>
    public Journal<RerankAnswer> OpenJournal(string path)
    {
        var planned = _plans.ToDictionary(plan => plan.Id, plan => plan.Windows);
        return Journal<RerankAnswer>.Open(path, RerankAnswer.Format, line => planned.TryGetValue(line.Id, out int?[][]? windows) && windows.Length > 0 && (line.Error is not null || line.IsAbout(windows)));
    }

    /// <summary>Whether answers are missing, or failed before.</summary>
    public bool IsPending(Journal<RerankAnswer> journal) => Pending(journal).Any();

    /// <summary>Asks what is pending. What is reported as done is on the disk.</summary>
    public async Task RunAsync(Journal<RerankAnswer> journal, IGenerator generator, CancellationToken cancellation)
    {
        Plan[] pending = [.. Pending(journal)];
        var prompts = new RerankPrompt(_options, _catalogue);
        (Plan Plan, int Window)[] origins = [.. pending.SelectMany(plan => Enumerable.Range(0, plan.Windows.Length).Select(window => (plan, window)))];
        LetterRequest[] requests = [.. origins.Select(origin => new LetterRequest(
            prompts.Build(origin.Plan.Mined.Distractor, origin.Plan.Windows[origin.Window]), origin.Plan.Windows[origin.Window].Length))];
        var estimate = GenerationEstimate.Of([.. requests.Select(request => (request.Conversation, generator.CountTokens(request.Conversation)))], requests.Length);
        _log.Note(MiningStage.Reranking, estimate.ToString());

        using var progress = new GenerationProgress(generator, estimate, _plans.Sum(plan => plan.Windows.Length) - requests.Length, _log, MiningStage.Reranking);
        var answers = new LetterOutput[requests.Length];
        var left = pending.ToDictionary(plan => plan.Id, plan => plan.Windows.Length);
        int next = 0;
        var firsts = pending.ToDictionary(plan => plan.Id, plan => (next += plan.Windows.Length) - plan.Windows.Length);
        using var synced = new SyncedJournal<RerankAnswer>(journal, progress);
        await foreach (LetterOutput answer in generator.StreamLettersAsync(requests, cancellation).ConfigureAwait(false))
        {
            answers[answer.Index] = answer;
            Plan plan = origins[answer.Index].Plan;
            int windows = plan.Windows.Length;
            if (--left[plan.Id] == 0)
                synced.Append(plan.Record(answers.AsSpan(firsts[plan.Id], windows)), windows, windows);
        }
    }

    /// <summary>The new order. A distractor without candidates, or whose requests failed, stays as it was.</summary>
    public MinedDistractor[] Apply(IReadOnlyDictionary<string, RerankAnswer> answers) =>
        [.. _plans.Select(plan => answers.TryGetValue(plan.Id, out RerankAnswer? answer) ? plan.Apply(answer) : plan.Mined)];

    private IEnumerable<Plan> Pending(Journal<RerankAnswer> journal) =>
        _plans.Where(plan => plan.Windows.Length > 0 && (!journal.Lines.TryGetValue(plan.Id, out RerankAnswer? answer) || answer.Error is not null));

    private sealed record Plan(MinedDistractor Mined, int?[][] Windows)
    {
        public string Id => Mined.Distractor.Id;

        public RerankAnswer Record(ReadOnlySpan<LetterOutput> outputs)
        {
            var windows = new RerankWindow[outputs.Length];
            long tokens = 0;
            string? error = null;
            for (int i = 0; i < outputs.Length; i++)
            {
                windows[i] = new RerankWindow(Windows[i], outputs[i].Logprobs);
                tokens += outputs[i].PromptTokens;
                error ??= outputs[i].Error;
            }
            return error is not null
                ? new RerankAnswer { Id = Id, Windows = [], Error = error }
                : new RerankAnswer { Id = Id, Windows = windows, None = RerankScores.Of(windows).None, PromptTokens = tokens };
        }

        public MinedDistractor Apply(RerankAnswer answer)
        {
            if (answer.Error is not null)
                return Mined with { Error = Mined.Error ?? answer.Failure };
            var scores = RerankScores.Of(answer.Windows);
            return Mined with
            {
                Candidates =
                [
                    .. Mined.Candidates.Select(candidate => new Candidate(candidate.MisconceptionId, scores.Probability.GetValueOrDefault(candidate.MisconceptionId)))
                        .OrderByDescending(candidate => candidate.Score), // stable: equal ones as they stood
                ],
                Reranked = new Reranked(scores.None, Mined.Candidates),
            };
        }
    }
}
