using Malrule.Inference;
using Malrule.Mining.Questions;
using Malrule.Mining.Rankings;
using Malrule.Mining.Rankings.Hybrid;
using Malrule.Mining.Rankings.Lexical;
using Malrule.Mining.Rankings.Neighbours;

namespace Malrule.Mining.Evaluation;

/// <summary>
/// What inferred texts are worth: alone under every fusion, and fused with what needs no model, on every way to divide the labelled questions. The fusion is chosen
/// honestly too: for each fifth of the questions by what the other four say.
/// </summary>
public static class InferredTable
{
    private static readonly FusionOptions[] Fusions =
        [.. ((string[])["borda", "borda@100", "borda@25", "rrf:60", "rrf:10", "rrf:1", "rrf:0", "softmax:0.05", "combsum"]).Select(FusionOptions.Parse)];

    private static readonly (string Name, HybridOptions Options)[] Hybrids =
    [
        .. ((HybridEvidence[])
            [
                HybridEvidence.Lexical | HybridEvidence.Neighbours, HybridEvidence.Lexical | HybridEvidence.Inferred, HybridEvidence.Neighbours | HybridEvidence.Inferred,
                new HybridOptions().Evidence,
            ]).Select(evidence => (evidence.ToString().ToLowerInvariant(), new HybridOptions { Evidence = evidence })),
        ("all three, 60 % expected unseen", new HybridOptions { UnseenShare = 0.6 }),
    ];

    /// <summary>Measures on the labelled distractors that have texts.</summary>
    /// <param name="bank">A bank with labelled questions.</param>
    /// <param name="texts">Inferred texts by QuestionId_Answer.</param>
    /// <param name="score">Maps texts onto the catalogue; null for <see cref="LexicalRanker.Scores(IReadOnlyList{string}, Span{double})"/>.</param>
    /// <param name="threads">How many threads work; 0 for one a core.</param>
    /// <param name="progress">Told each row's section and method before it is measured.</param>
    /// <param name="cancellation">Stops between distractors.</param>
    /// <exception cref="InvalidInputException">No labelled distractor has a text.</exception>
    public static EvaluationTable Of(
        QuestionBank bank, IReadOnlyDictionary<string, IReadOnlyList<string>> texts, TextScores? score = null, int threads = 0,
        IProgress<string>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(bank);
        ArgumentNullException.ThrowIfNull(texts);
        MisconceptionCatalogue catalogue = bank.Catalogue;
        var lexical = new LexicalRanker(catalogue, bank.Labelled);
        score ??= lexical.Scores;
        Dictionary<string, DistinctSamples> samples = texts.ToDictionary(entry => entry.Key, entry => DistinctSamples.Of(entry.Value));
        var inferred = new InferredRanker(catalogue, samples, score);
        Distractor[] distractors = [.. bank.Labelled.SelectMany(question => question.LabelledDistractors).Where(inferred.Knows)];
        if (distractors.Length == 0)
            throw new InvalidInputException("None of the texts belongs to a labelled distractor, so nothing can be measured. Their ids must be QuestionId_Answer, such as 1672_B.");
        HashSet<string> known = [.. distractors.Select(distractor => distractor.Id)];
        var seen = new SeenMisconceptions(bank.Labelled);
        var rows = new List<EvaluationRow>();

        const string alone = "Alone";
        Add(alone, "lexical", lexical);
        Add(alone, "neighbours", new NeighbourRanker(bank.Labelled, catalogue));
        int most = samples.Values.Max(sample => sample.Texts.Count);
        for (int sample = 0; sample < Math.Min(most, 3); sample++)
            Add(alone, $"text {sample + 1}", new InferredRanker(catalogue, Only(texts, sample), score));
        const string fused = "All texts, fused";
        foreach (FusionOptions options in Fusions)
            Add(fused, options.Name, new InferredRanker(catalogue, samples, score, options));
        rows.Add(Chosen(fused, rows[^Fusions.Length..], bank.Labelled));

        foreach (EvaluationSplit split in EvaluationSplit.All)
        {
            foreach ((string name, HybridOptions options) in Hybrids)
            {
                progress?.Report($"{split.Name}: {name}");
                IReadOnlyList<RankedItem> items = CrossEvaluation.Rank(
                    bank.Labelled, split, training => new HybridRanker(training, catalogue, options, inferred), threads: threads, cancellation: cancellation);
                rows.Add(new EvaluationRow($"Hybrid, {split.Name}", name, [.. items.Where(item => known.Contains(item.Id))]));
            }
        }
        return new EvaluationTable(rows);

        void Add(string section, string method, DistractorRanker ranker)
        {
            progress?.Report($"{section}: {method}");
            IReadOnlyList<IReadOnlyList<Candidate>> lists = ranker.RankAll(distractors, 100, threads, cancellation: cancellation);
            rows.Add(new EvaluationRow(section, method, [.. distractors.Select((distractor, i) => RankedItem.Of(distractor, lists[i], seen))]));
        }
    }

    // For the questions of each fold, the fusion that has the highest MAP@25 on the others.
    private static EvaluationRow Chosen(string section, IReadOnlyList<EvaluationRow> fusions, IReadOnlyList<Question> questions)
    {
        var items = new List<RankedItem>();
        var names = new List<string>();
        foreach (Fold fold in EvaluationSplit.ByQuestion().Folds(questions))
        {
            HashSet<string> tested = [.. fold.Test.Select(distractor => distractor.Id)];
            EvaluationRow best = fusions.MaxBy(row => row.Items.Where(item => !tested.Contains(item.Id)).Average(item => AveragePrecision.OfRank(item.Rank)))!;
            items.AddRange(best.Items.Where(item => tested.Contains(item.Id)));
            names.Add(best.Method);
        }
        return new EvaluationRow(section, $"for each fifth of the questions the best on the others ({string.Join(", ", names.CountBy(name => name).Select(name => $"{name.Value} × {name.Key}"))})", items);
    }

    private static Dictionary<string, DistinctSamples> Only(IReadOnlyDictionary<string, IReadOnlyList<string>> texts, int sample) =>
        texts.ToDictionary(entry => entry.Key, entry => DistinctSamples.Of([.. entry.Value.Skip(sample).Take(1)]));
}
