using Malrule.Inference;
using Malrule.Mining.Questions;
using Malrule.Mining.Rankings;
using Malrule.Mining.Rankings.Hybrid;
using Malrule.Mining.Rankings.Lexical;
using Malrule.Mining.Rankings.Neighbours;

namespace Malrule.Mining.Evaluation;

/// <summary>
/// What inferred texts are worth: alone under every fusion, and fused with what needs no model. Each question is left out of what is learnt for it.
/// </summary>
public static class InferredTable
{
    private static readonly (string Name, FusionOptions Options)[] Fusions =
    [
        ("Borda, whole catalogue", new() { Method = FusionMethod.Borda }), ("Borda@100", new() { Method = FusionMethod.Borda, Depth = 100 }),
        ("Borda@25", new() { Method = FusionMethod.Borda, Depth = 25 }), ("reciprocal rank, k = 60", new() { Method = FusionMethod.ReciprocalRank, ReciprocalRankConstant = 60 }),
        ("reciprocal rank, k = 10", new() { Method = FusionMethod.ReciprocalRank, ReciprocalRankConstant = 10 }),
        ("reciprocal rank, k = 1", new() { Method = FusionMethod.ReciprocalRank }),
        ("reciprocal rank, k = 0", new() { Method = FusionMethod.ReciprocalRank, ReciprocalRankConstant = 0 }),
        ("softmax, temperature 0.05", new() { Method = FusionMethod.Softmax }), ("CombSUM", new() { Method = FusionMethod.CombSum }),
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
        var seen = new SeenMisconceptions(bank.Labelled);
        var rows = new List<EvaluationRow>();

        const string alone = "Alone";
        Add(alone, "lexical", lexical);
        Add(alone, "neighbours", new NeighbourRanker(bank.Labelled, catalogue));
        int most = samples.Values.Max(sample => sample.Texts.Count);
        for (int sample = 0; sample < Math.Min(most, 3); sample++)
            Add(alone, $"text {sample + 1}", new InferredRanker(catalogue, Only(texts, sample), score));
        foreach ((string name, FusionOptions options) in Fusions)
            Add("All texts, fused", name, new InferredRanker(catalogue, samples, score, options));
        const string hybrid = "Hybrid of";
        foreach (HybridEvidence evidence in (HybridEvidence[])
            [HybridEvidence.Lexical | HybridEvidence.Neighbours, HybridEvidence.Lexical | HybridEvidence.Inferred, HybridEvidence.Neighbours | HybridEvidence.Inferred])
            Add(hybrid, evidence.ToString().ToLowerInvariant(), new HybridRanker(bank.Labelled, catalogue, new HybridOptions { Evidence = evidence }, inferred));
        Add(hybrid, "all three", new HybridRanker(bank.Labelled, catalogue, inferred: inferred));
        Add(hybrid, "all three, 60 % expected unseen", new HybridRanker(bank.Labelled, catalogue, new HybridOptions { UnseenShare = 0.6 }, inferred));
        return new EvaluationTable(rows);

        void Add(string section, string method, DistractorRanker ranker)
        {
            progress?.Report($"{section}: {method}");
            IReadOnlyList<IReadOnlyList<Candidate>> lists = ranker.RankAll(distractors, 100, threads, cancellation: cancellation);
            rows.Add(new EvaluationRow(section, method, [.. distractors.Select((distractor, i) => RankedItem.Of(distractor, lists[i], seen))]));
        }
    }

    private static Dictionary<string, DistinctSamples> Only(IReadOnlyDictionary<string, IReadOnlyList<string>> texts, int sample) =>
        texts.ToDictionary(entry => entry.Key, entry => DistinctSamples.Of([.. entry.Value.Skip(sample).Take(1)]));
}
