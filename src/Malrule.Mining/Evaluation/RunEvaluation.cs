using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Malrule.Inference;
using Malrule.Mining.Prompts;
using Malrule.Mining.Questions;
using Malrule.Mining.Rankings;
using Malrule.Mining.Rankings.Hybrid;
using Malrule.Mining.Rankings.Lexical;
using Malrule.Mining.Rankings.Neighbours;
using Malrule.Mining.Results;

namespace Malrule.Mining.Evaluation;

/// <summary>All that is measured of a finished run, with 95 % intervals by bootstrap over questions.</summary>
public sealed record RunEvaluation
{
    /// <summary>The run folder.</summary>
    public required string Run { get; init; }

    /// <summary>How it ranked.</summary>
    public required MiningMethod Method { get; init; }

    /// <summary>The metrics, seen and unseen misconceptions apart, and risk against coverage.</summary>
    public required RankingReport Report { get; init; }

    /// <summary>Where the rest is lost.</summary>
    public required StageAttribution Stages { get; init; }

    /// <summary>What reranking gained and lost; null for runs without it.</summary>
    public RerankAttribution? Reranking { get; init; }

    /// <summary>Prompts that show the label; null for runs without prompts.</summary>
    public LabelLeak? LabelShown { get; init; }

    /// <summary>The run's method measured anew on other divisions of all labelled questions, by the division's name.</summary>
    public IReadOnlyDictionary<string, RankingReport>? Splits { get; init; }

    /// <summary>Another run, item by item: its values less this one's.</summary>
    public RunComparison? Compared { get; init; }

    /// <summary>Measures a run.</summary>
    /// <exception cref="InvalidInputException">It has no labelled distractor.</exception>
    public static RunEvaluation Of(FinishedRun run, Bootstrap? bootstrap = null)
    {
        ArgumentNullException.ThrowIfNull(run);
        bootstrap ??= new Bootstrap();
        IReadOnlyList<MinedDistractor> mined = run.Read();
        IReadOnlyList<RankedItem> items = Ranked(run, mined);
        int depth = run.Manifest.Options.Candidates;
        return new RunEvaluation
        {
            Run = run.Folder,
            Method = run.Manifest.Options.Method,
            Report = RankingReport.Of(items, depth, bootstrap),
            Stages = StageAttribution.Of(items, depth, bootstrap),
            Reranking = run.Manifest.Options.Rerank is { } rerank
                ? RerankAttribution.Of(Ranked(run, mined.Select(item => item with { Candidates = item.Reranked?.First ?? item.Candidates })), items, rerank.Candidates, depth, bootstrap) : null,
            LabelShown = ShownLabels(run, mined) is { } shown ? LabelLeak.Of(items, shown, bootstrap) : null,
        };
    }

    /// <summary>Compares with another run of the same questions.</summary>
    /// <param name="run">The run that this was measured from.</param>
    /// <param name="other">The other.</param>
    /// <param name="bootstrap">How intervals are drawn; null for the defaults.</param>
    /// <exception cref="InvalidInputException">The two share no labelled distractor.</exception>
    public RunEvaluation With(FinishedRun run, FinishedRun other, Bootstrap? bootstrap = null)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(other);
        int depth = Math.Min(run.Manifest.Options.Candidates, other.Manifest.Options.Candidates);
        return this with { Compared = new RunComparison(other.Folder, PairedComparison.Of(Ranked(run, run.Read()), Ranked(other, other.Read()), depth, bootstrap)) };
    }

    /// <summary>Measures the run's method anew on divisions of all labelled questions.</summary>
    /// <param name="run">The run that this was measured from.</param>
    /// <param name="splits">The divisions.</param>
    /// <param name="bootstrap">How intervals are drawn; null for the defaults.</param>
    /// <param name="cancellation">Stops between distractors.</param>
    /// <exception cref="InvalidInputException">The run's method uses texts, which were made with all labels at hand.</exception>
    public RunEvaluation With(FinishedRun run, IEnumerable<EvaluationSplit> splits, Bootstrap? bootstrap = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(splits);
        RunOptions options = run.Manifest.Options;
        MisconceptionCatalogue catalogue = run.Bank.Catalogue;
        if (options.Fusion is not null)
            throw new InvalidInputException($"The run in {run.Folder} ranks texts, which are not made anew for other divisions of the labelled questions. Leave the divisions out, or name a run of lexical, neighbours, or hybrid without texts.");
        if (options.Rerank is not null)
            throw new InvalidInputException($"The run in {run.Folder} was reranked by a language model, which is not asked anew for other divisions of the labelled questions. Leave the divisions out, or name a run that was not.");
        Func<IReadOnlyList<Question>, DistractorRanker> make = options.Method switch
        {
            MiningMethod.Lexical => training => new LexicalRanker(catalogue, training, options.Lexical),
            MiningMethod.Neighbours => training => new NeighbourRanker(training, catalogue, options.Neighbours),
            _ => training => new HybridRanker(training, catalogue, options.Hybrid),
        };
        return this with
        {
            Splits = splits.ToDictionary(split => split.Name, split => RankingReport.Of(
                CrossEvaluation.Rank(run.Bank.Labelled, split, make, options.Candidates, cancellation: cancellation), options.Candidates, bootstrap)),
        };
    }

    /// <summary>As indented JSON, names in snake case, every estimate with <c>value</c>, <c>low</c> and <c>high</c>.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, EvaluationJson.Indented.RunEvaluation);

    private static RankedItem[] Ranked(FinishedRun run, IEnumerable<MinedDistractor> mined)
    {
        var seen = new SeenMisconceptions(run.Bank.Labelled);
        RankedItem[] items = [.. mined.Where(item => item.Distractor.MisconceptionId is not null).Select(item => RankedItem.Of(item.Distractor, item.Candidates, seen))];
        return items.Length > 0 ? items
            : throw new InvalidInputException($"The questions of the run in {run.Folder} carry no labels, so there is nothing to measure. Mine labelled questions, such as train.csv (--questions).");
    }

    private static HashSet<string>? ShownLabels(FinishedRun run, IReadOnlyList<MinedDistractor> mined)
    {
        if (run.Manifest.Counts?.LabelShown is null)
            return null;
        Dictionary<int, Question> labelled = run.Bank.Labelled.ToDictionary(question => question.Id);
        var prompts = new PromptBuilder(run.Manifest.Options.Prompt ?? new PromptOptions(), run.Bank.Catalogue);
        return [.. mined.Where(item => prompts.ShowsLabel(item.Distractor, [.. item.Demonstrations.Where(labelled.ContainsKey).Select(id => labelled[id])])).Select(item => item.Distractor.Id)];
    }
}

/// <summary>A run beside which another was measured.</summary>
/// <param name="Run">Its folder.</param>
/// <param name="Difference">The two, item by item; the second is this one.</param>
public sealed record RunComparison(string Run, PairedComparison Difference);

[JsonSerializable(typeof(RunEvaluation))]
internal sealed partial class EvaluationJson : JsonSerializerContext
{
    public static EvaluationJson Indented { get; } = new(new JsonSerializerOptions
    {
        WriteIndented = true,
        NewLine = "\n",
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    });
}
