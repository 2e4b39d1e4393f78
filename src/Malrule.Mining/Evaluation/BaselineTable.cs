using Malrule.Mining.Questions;
using Malrule.Mining.Rankings;
using Malrule.Mining.Rankings.Hybrid;
using Malrule.Mining.Rankings.Lexical;
using Malrule.Mining.Rankings.Neighbours;

namespace Malrule.Mining.Evaluation;

/// <summary>Every method that needs no model, on every way to divide a bank's labelled questions: what a model has to beat.</summary>
public static class BaselineTable
{
    /// <summary>Measures all of them.</summary>
    /// <param name="bank">A bank with labelled questions.</param>
    /// <param name="threads">How many threads work; 0 for one a core.</param>
    /// <param name="progress">Told each row's section and method before it is measured.</param>
    /// <param name="cancellation">Stops between distractors.</param>
    public static EvaluationTable Of(QuestionBank bank, int threads = 0, IProgress<string>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(bank);
        var methods = new (string Name, Func<IReadOnlyList<Question>, DistractorRanker> Make)[]
        {
            ("lexical", training => new LexicalRanker(bank.Catalogue, training)),
            ("lexical, BM25", training => new LexicalRanker(bank.Catalogue, training, new LexicalOptions { Weighting = LexicalWeighting.Bm25 })),
            ("neighbours", training => new NeighbourRanker(training, bank.Catalogue)),
            ("hybrid", training => new HybridRanker(training, bank.Catalogue)),
            ("hybrid, 60 % expected unseen", training => new HybridRanker(training, bank.Catalogue, new HybridOptions { UnseenShare = 0.6 })),
        };
        var rows = new List<EvaluationRow>();
        foreach (EvaluationSplit split in EvaluationSplit.All)
        {
            foreach ((string name, Func<IReadOnlyList<Question>, DistractorRanker> make) in methods)
            {
                progress?.Report($"{split.Name}: {name}");
                rows.Add(new EvaluationRow(split.Name, name, CrossEvaluation.Rank(bank.Labelled, split, make, threads: threads, cancellation: cancellation)));
            }
        }
        return new EvaluationTable(rows);
    }
}
