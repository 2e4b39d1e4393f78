using System.Collections.Concurrent;
using Malrule.Mining.Questions;
using Malrule.Mining.Rankings.Lexical;
using Malrule.Mining.Rankings.Neighbours;

namespace Malrule.Mining.Rankings.Hybrid;

/// <summary>
/// Fuses lexical, neighbour and inferred evidence, whichever there is, in a conditional logit over the catalogue. Misconceptions that no labelled
/// question shows have weights of their own, and a gate between the two kinds, so that label transfer does not bury what was never labelled.
/// Weights are fitted on the labelled questions, each looked at as if it were the one under test; a question that is itself labelled is ranked with
/// weights fitted on the other four fifths of the questions. Scores are probabilities over the catalogue. Safe for concurrent use.
/// </summary>
public sealed class HybridRanker : DistractorRanker
{
    private const int Folds = 5;
    private const int All = -1;
    internal const int MinLabelled = 200;
    private const int MaxChoices = 5_000;

    private readonly HybridOptions _options;
    private readonly LexicalRanker _lexical;
    private readonly NeighbourRanker _neighbours;
    private readonly InferredRanker? _inferred;
    private readonly SeenMisconceptions _seen;
    private readonly Distractor[] _labelled;
    private readonly Dictionary<int, int> _foldOf; // by question id
    private readonly ConcurrentDictionary<HybridEvidence, Lazy<(Choice Choice, int Fold, bool Unseen)[]>> _choices = new();
    private readonly ConcurrentDictionary<(HybridEvidence Evidence, int Fold), Lazy<HybridWeights>> _weights = new();

    /// <summary>A ranker that knows the labels of <paramref name="labelledQuestions"/>.</summary>
    /// <param name="labelledQuestions">Where neighbours and weights come from; may be empty.</param>
    /// <param name="catalogue">The misconceptions to rank.</param>
    /// <param name="options">What to fuse; null for the defaults.</param>
    /// <param name="inferred">What was inferred; to fit its weight it must know labelled distractors as well.</param>
    /// <exception cref="Malrule.Inference.InvalidInputException">An option is out of range, or a label is not in the catalogue.</exception>
    public HybridRanker(
        IReadOnlyList<Question> labelledQuestions, MisconceptionCatalogue catalogue, HybridOptions? options = null, InferredRanker? inferred = null) : base(catalogue)
    {
        ArgumentNullException.ThrowIfNull(labelledQuestions);
        _options = options ?? new HybridOptions();
        _options.Validate();
        _lexical = new LexicalRanker(catalogue, labelledQuestions, _options.Lexical);
        _neighbours = new NeighbourRanker(labelledQuestions, catalogue, _options.Neighbours);
        _inferred = inferred;
        _seen = new SeenMisconceptions(labelledQuestions);
        _labelled = [.. labelledQuestions.SelectMany(question => question.LabelledDistractors)];
        int[] ids = [.. _labelled.Select(distractor => distractor.Question.Id).Distinct().Order()];
        _foldOf = new SplitMix64(1).Sample(ids, ids.Length).Index().ToDictionary(entry => entry.Item, entry => entry.Index % Folds);
    }

    /// <inheritdoc/>
    public override void Scores(Distractor distractor, Span<double> scores)
    {
        ArgumentNullException.ThrowIfNull(distractor);
        HybridEvidence evidence = EvidenceOn(distractor);
        if (evidence == 0)
        {
            scores.Clear();
            return;
        }
        HybridWeights fitted = WeightsFor(distractor);
        double[] weights = fitted.ToArray();
        if (_options.UnseenShare is double share)
            weights[HybridWeights.GateIndex] += LogOdds(share) - LogOdds(Math.Clamp(fitted.UnseenShare, 0.001, 0.999));

        using HybridFeatures features = Features(distractor, evidence);
        Span<double> row = stackalloc double[HybridWeights.Count];
        double highest = double.NegativeInfinity, sum = 0;
        for (int i = 0; i < scores.Length; i++)
        {
            features.Row(i, row);
            double score = 0;
            for (int f = 0; f < row.Length; f++)
                score += weights[f] * row[f];
            scores[i] = score;
            highest = Math.Max(highest, score);
        }
        for (int i = 0; i < scores.Length; i++)
            sum += scores[i] = Math.Exp(scores[i] - highest);
        for (int i = 0; i < scores.Length; i++)
            scores[i] /= sum;
    }

    /// <summary>The weights that a distractor is ranked with, before <see cref="HybridOptions.UnseenShare"/> moves the gate.</summary>
    public HybridWeights WeightsFor(Distractor distractor)
    {
        ArgumentNullException.ThrowIfNull(distractor);
        HybridEvidence evidence = EvidenceOn(distractor);
        int fold = _foldOf.GetValueOrDefault(distractor.Question.Id, All);
        return _options.Weights ?? Weights(evidence, fold);
    }

    /// <summary>Where the weights used so far come from, by evidence; none where <see cref="HybridOptions.Weights"/> are given.</summary>
    public IReadOnlyList<HybridFit> Fits =>
    [
        .. _weights.Keys.Select(key => key.Evidence).Distinct().Order().Select(evidence =>
            new HybridFit(evidence, _choices[evidence].Value.Length, _choices[evidence].Value.Length >= MinLabelled, Weights(evidence, All))),
    ];

    private HybridWeights Weights(HybridEvidence evidence, int fold) =>
        _weights.GetOrAdd((evidence, fold), key => new Lazy<HybridWeights>(() => Fit(key.Evidence, key.Fold))).Value;

    private HybridEvidence EvidenceOn(Distractor distractor)
    {
        HybridEvidence evidence = _options.Evidence;
        if (_labelled.Length == 0)
            evidence &= ~HybridEvidence.Neighbours;
        return _inferred?.Knows(distractor) == true ? evidence : evidence & ~HybridEvidence.Inferred;
    }

    private HybridFeatures Features(Distractor distractor, HybridEvidence evidence) =>
        HybridFeatures.Of(distractor, evidence, _lexical, _neighbours, _seen, _inferred);

    // fold: the one to leave out, or All for none.
    private HybridWeights Fit(HybridEvidence evidence, int fold)
    {
        (Choice Choice, int Fold, bool Unseen)[] choices = _choices.GetOrAdd(evidence, key => new(() => Choices(key))).Value;
        (Choice Choice, int Fold, bool Unseen)[] kept = [.. choices.Where(choice => choice.Fold != fold)];
        if (kept.Length < MinLabelled)
            return HybridWeights.Default(evidence);
        double[] start = fold == All ? new double[HybridWeights.Count] : Weights(evidence, All).ToArray(); // near, so a few steps do
        return HybridWeights.Of(ConditionalLogit.Fit([.. kept.Select(entry => entry.Choice)], start), kept.Average(entry => entry.Unseen ? 1.0 : 0));
    }

    // Labelled distractors whose label is among the alternatives; evenly spread ones where there are more than enough.
    private (Choice Choice, int Fold, bool Unseen)[] Choices(HybridEvidence evidence)
    {
        Distractor[] usable = [.. _labelled.Where(distractor => EvidenceOn(distractor) == evidence)];
        int stride = (usable.Length + MaxChoices - 1) / MaxChoices;
        var choices = new Choice?[stride == 0 ? 0 : (usable.Length + stride - 1) / stride];
        Parallel.For(0, choices.Length, i =>
        {
            Distractor distractor = usable[i * stride];
            using HybridFeatures features = Features(distractor, evidence);
            int[] alternatives = features.Alternatives();
            int right = Array.BinarySearch(alternatives, Catalogue.IndexOf(distractor.MisconceptionId!.Value));
            if (right < 0)
                return;
            var rows = new double[alternatives.Length * HybridWeights.Count];
            for (int a = 0; a < alternatives.Length; a++)
                features.Row(alternatives[a], rows.AsSpan(a * HybridWeights.Count, HybridWeights.Count));
            choices[i] = new Choice(rows, right);
        });
        return
        [
            .. choices.Select((choice, i) => (choice, distractor: usable[i * stride])).Where(entry => entry.choice is not null)
                .Select(entry => (entry.choice!, _foldOf[entry.distractor.Question.Id], !_seen.Contains(entry.distractor))),
        ];
    }

    private static double LogOdds(double share) => Math.Log(share / (1 - share));
}
