using Malrule.Mining.Questions;
using Malrule.Mining.Rankings;
using Malrule.Mining.Rankings.Reranking;

namespace Malrule.Mining.Results;

/// <summary>What a run found out about one distractor.</summary>
/// <param name="Distractor">The distractor.</param>
/// <param name="Candidates">The likeliest misconceptions, best first.</param>
public sealed record MinedDistractor(Distractor Distractor, IReadOnlyList<Candidate> Candidates)
{
    /// <summary>The misconceptions a language model inferred, one a sample; empty for methods without one.</summary>
    public IReadOnlyList<string> Inferred { get; init; } = [];

    /// <summary>For each of <see cref="Inferred"/> the nearest names of the catalogue with their cosines; none where the text was not compared.</summary>
    public IReadOnlyList<IReadOnlyList<Candidate>> Nearest { get; init; } = [];

    /// <summary>Ids of the questions that demonstrated the task, in the order of the prompt.</summary>
    public IReadOnlyList<int> Demonstrations { get; init; } = [];

    /// <summary>What reranking said; null where there was none.</summary>
    public Reranked? Reranked { get; init; }

    /// <summary>Why a request about it failed, where one did.</summary>
    public string? Error { get; init; }
}
