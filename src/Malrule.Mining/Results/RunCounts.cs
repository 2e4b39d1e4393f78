using Malrule.Mining.Generations;
using Malrule.Mining.Prompts;
using Malrule.Mining.Questions;
using Malrule.Mining.Rankings.Reranking;

namespace Malrule.Mining.Results;

/// <summary>What a run counted on the way, so that nothing is dropped, cut or ignored without a word; null where the method has no such thing.</summary>
public sealed record RunCounts
{
    /// <summary>A model that answers with letters less often does not do what it is told.</summary>
    private const double TrustedLetterShare = 0.5;

    /// <summary>Distractors mined.</summary>
    public int Distractors { get; init; }

    /// <summary>Questions they belong to.</summary>
    public int Questions { get; init; }

    /// <summary>Distractors of these questions that were left out because they carry no label while others in the file do.</summary>
    public int WithoutLabel { get; init; }

    /// <summary>Distractors that ended with no candidate.</summary>
    public int WithoutCandidates { get; init; }

    /// <summary>Distractors about which the stored texts say nothing.</summary>
    public int? WithoutTexts { get; init; }

    /// <summary>Distractors that were left out because the stored texts say nothing about them.</summary>
    public int? WithoutTextsLeftOut { get; init; }

    /// <summary>Lines of stored texts about none of the questions' distractors.</summary>
    public int? TextsUnused { get; init; }

    /// <summary>Distractors whose request failed.</summary>
    public int? FailedRequests { get; init; }

    /// <summary>Prompts in which a demonstration bears the distractor's own label.</summary>
    public int? LabelShown { get; init; }

    /// <summary>Demonstrations left out because the prompt was too long.</summary>
    public int? DemonstrationsDropped { get; init; }

    /// <summary>Tokens of all prompts.</summary>
    public long? PromptTokens { get; init; }

    /// <summary>Tokens of all samples.</summary>
    public long? GeneratedTokens { get; init; }

    /// <summary>Samples that the limit of tokens cut short.</summary>
    public int? SamplesCut { get; init; }

    /// <summary>Samples from which nothing was inferred.</summary>
    public int? BlankSamples { get; init; }

    /// <summary>Distinct texts that were inferred.</summary>
    public int? DistinctTexts { get; init; }

    /// <summary>Tokens embedded by a server, as it counts them; null where this process embeds, which may have kept vectors.</summary>
    public long? EmbeddedTokens { get; init; }

    /// <summary>What servers cost by the prices given, in their currency; null where no price is known.</summary>
    public double? Cost { get; init; }

    /// <summary>Texts cut to the embedder's limit, names of the catalogue included.</summary>
    public int? TextsCut { get; init; }

    /// <summary>Distractors whose candidates were put in a new order.</summary>
    public int? Reranked { get; init; }

    /// <summary>Distractors that kept their order because a request failed.</summary>
    public int? FailedReranks { get; init; }

    /// <summary>Reranked distractors for which "none of these" is likelier than any candidate.</summary>
    public int? NoneLikeliest { get; init; }

    /// <summary>Tokens of all prompts of reranking.</summary>
    public long? RerankPromptTokens { get; init; }

    /// <summary>The probability that the language model begins its answer with one of the letters it may choose from, on average.</summary>
    public double? LetterShare { get; init; }

    /// <summary>What of this a user should know, one line each.</summary>
    internal IEnumerable<string> Remarks()
    {
        (int? Count, string Text)[] remarks =
        [
            (WithoutLabel, "other distractors of these questions carry no label and were left out."),
            (LabelShown, $"of {Distractors} prompts show the distractor's own label in a demonstration, so that a right answer there may be a copied one."),
            (DemonstrationsDropped, "demonstrations were left out because their prompts were too long."),
            (WithoutTexts, $"of {Distractors} distractors have no text."),
            (WithoutTextsLeftOut, "distractors have no text and were left out."),
            (TextsUnused, "lines of the texts are about no distractor of these questions and were left out."),
            (FailedRequests, $"of {Distractors} requests failed; report.html and generations.jsonl say why, and the same command tries them again."),
            (SamplesCut, "samples were cut short by the limit of tokens."),
            (BlankSamples, "samples named nothing."),
            (TextsCut, "texts were cut to the embedder's limit."),
            (WithoutCandidates, "distractors have no candidate."),
            (FailedReranks, "distractors kept their order because a request of reranking failed; reranks.jsonl says why, and the same command tries them again."),
        ];
        IEnumerable<string> lines = remarks.Where(remark => remark.Count > 0).Select(remark => FormattableString.Invariant($"{remark.Count} {remark.Text}"));
        if (LetterShare is { } share && share < TrustedLetterShare)
            lines = lines.Append(FormattableString.Invariant($"The language model begins its answers with a letter at a probability of {share:P1} only, so it hardly understands what reranking asks."));
        return Cost is { } cost ? lines.Append(FormattableString.Invariant($"The servers cost {cost:0.00##} by the prices given.")) : lines;
    }

    internal static RunCounts Of(IReadOnlyList<MinedDistractor> mined, QuestionBank bank)
    {
        Question[] questions = [.. mined.Select(item => item.Distractor.Question).Distinct()];
        return new RunCounts
        {
            Distractors = mined.Count,
            Questions = questions.Length,
            WithoutLabel = bank.IsLabelled ? questions.Sum(question => question.Distractors.Count() - question.LabelledDistractors.Count()) : 0,
            WithoutCandidates = mined.Count(item => item.Candidates.Count == 0),
        };
    }

    internal RunCounts With(IReadOnlyList<MinedDistractor> mined, IReadOnlyDictionary<string, Generation> generations, QuestionBank bank)
    {
        Dictionary<int, Question> labelled = bank.Labelled.ToDictionary(question => question.Id);
        var prompts = new PromptBuilder(new PromptOptions(), bank.Catalogue);
        Generation[] made = [.. mined.Where(item => generations.ContainsKey(item.Distractor.Id)).Select(item => generations[item.Distractor.Id])];
        return this with
        {
            FailedRequests = made.Count(generation => generation.Error is not null),
            LabelShown = made.All(generation => generation.Demonstrations is null) ? null : mined.Count(item => prompts.ShowsLabel(item.Distractor, [.. item.Demonstrations.Select(id => labelled[id])])),
            DemonstrationsDropped = made.Sum(generation => generation.DemonstrationsDropped),
            PromptTokens = made.All(generation => generation.PromptTokens is null) ? null : made.Sum(generation => (long)(generation.PromptTokens ?? 0)),
            GeneratedTokens = made.All(generation => generation is { Tokens: null, GeneratedTokens: null }) ? null : made.Sum(generation => generation.Tokens?.Sum(tokens => (long)tokens) ?? generation.GeneratedTokens ?? 0),
            SamplesCut = made.Sum(generation => generation.FinishReasons?.Count(reason => reason == "length") ?? 0),
            BlankSamples = mined.Sum(item => item.Inferred.Count(text => text.Length == 0)),
        };
    }

    internal RunCounts With(IReadOnlyList<MinedDistractor> mined, IReadOnlyList<RerankAnswer> answers)
    {
        RerankAnswer[] made = [.. answers.Where(answer => answer.Error is null)];
        return this with
        {
            Reranked = made.Length,
            FailedReranks = answers.Count - made.Length,
            NoneLikeliest = mined.Count(item => item.Reranked is { } reranked && reranked.None > item.Candidates[0].Score),
            RerankPromptTokens = made.Sum(answer => answer.PromptTokens),
            LetterShare = made.SelectMany(answer => answer.Windows).Select(window => (double?)window.Logprobs.Sum(Math.Exp)).Average(),
        };
    }
}
