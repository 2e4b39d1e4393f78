using Malrule.Inference;
using Malrule.Mining.Questions;

namespace Malrule.Mining.Evaluation;

/// <summary>
/// Ways to divide labelled questions for an honest measurement. Every labelled distractor is tested once in each. Groups are dealt to folds in
/// random order, the next one always to the fold with the fewest distractors, so folds are even and depend on the seed only.
/// </summary>
public sealed record EvaluationSplit
{
    private EvaluationSplit(string name, Func<IReadOnlyList<Question>, IReadOnlyList<Fold>> folds) => (Name, Folds) = (name, folds);

    /// <summary>What tables call it.</summary>
    public string Name { get; }

    /// <summary>Divides labelled questions.</summary>
    public Func<IReadOnlyList<Question>, IReadOnlyList<Fold>> Folds { get; }

    /// <summary>Learn from every question but the one under test: what a school with a labelled bank meets.</summary>
    public static EvaluationSplit LeaveOwnQuestionOut { get; } =
        new("leave own question out", questions => [new Fold(questions, [.. questions.SelectMany(question => question.LabelledDistractors)])]);

    /// <summary>Every way, from the one that leaves most to learn from to the one where all that is tested is unseen.</summary>
    public static IReadOnlyList<EvaluationSplit> All => [LeaveOwnQuestionOut, ByQuestion(), ByStem(), Mixed(), ByMisconception()];

    /// <summary>k folds of whole questions.</summary>
    public static EvaluationSplit ByQuestion(int folds = 5, long seed = 1) =>
        new($"{Checked(folds)} folds by question", questions => OfQuestions(questions, folds, seed, question => question.Id));

    /// <summary>k folds of whole questions, those with nearly the same stem together.</summary>
    public static EvaluationSplit ByStem(int folds = 5, long seed = 1) => new($"{Checked(folds)} folds by similar stems", questions =>
    {
        IReadOnlyDictionary<int, int> groups = SimilarStems.Group(questions);
        return OfQuestions(questions, folds, seed, question => groups[question.Id]);
    });

    /// <summary>k folds of misconceptions: each is tested where none of its labels can be learnt from, so all are unseen.</summary>
    public static EvaluationSplit ByMisconception(int folds = 5, long seed = 1) => new($"{Checked(folds)} folds by misconception", questions =>
    {
        Distractor[] distractors = [.. questions.SelectMany(question => question.LabelledDistractors)];
        int[] foldOf = Deal(distractors, folds, seed, distractor => distractor.MisconceptionId!.Value);
        return
        [
            .. Enumerable.Range(0, folds).Select(fold =>
            {
                Distractor[] test = [.. distractors.Where((_, i) => foldOf[i] == fold)];
                return new Fold(Withhold(questions, [.. test.Select(distractor => distractor.MisconceptionId!.Value)]), test);
            }).Where(fold => fold.Test.Count > 0),
        ];
    });

    /// <summary>
    /// k folds of whole questions in which labels of randomly chosen misconceptions are withheld as well, until the given share of tested
    /// distractors is unseen: the mixture of the competition's hidden test.
    /// </summary>
    public static EvaluationSplit Mixed(double unseenShare = RankingReport.MixedUnseenShare, int folds = 5, long seed = 1)
    {
        if (!(unseenShare is >= 0 and <= 1))
            throw new InvalidInputException($"The unseen share must lie from 0 to 1; it is {unseenShare}.");
        return new(FormattableString.Invariant($"{Checked(folds)} folds by question, {unseenShare:P0} unseen"), questions =>
        [
            .. OfQuestions(questions, folds, seed, question => question.Id).Select((fold, number) => WithUnseen(fold, unseenShare, new SplitMix64((ulong)seed + (ulong)number + 1))),
        ]);
    }

    private static Fold WithUnseen(Fold fold, double share, SplitMix64 random)
    {
        var seen = new SeenMisconceptions(fold.Training);
        int unseen = fold.Test.Count(distractor => !seen.Contains(distractor));
        ILookup<int, Distractor> shown = fold.Test.Where(seen.Contains).ToLookup(distractor => distractor.MisconceptionId!.Value);
        int[] candidates = [.. shown.Select(group => group.Key).Order()];
        var withheld = new HashSet<int>();
        foreach (int misconception in random.Sample(candidates, candidates.Length))
        {
            if (unseen >= share * fold.Test.Count)
                break;
            withheld.Add(misconception);
            unseen += shown[misconception].Count();
        }
        return fold with { Training = Withhold(fold.Training, withheld) };
    }

    private static IReadOnlyList<Fold> OfQuestions(IReadOnlyList<Question> questions, int folds, long seed, Func<Question, int> groupOf)
    {
        Distractor[] distractors = [.. questions.SelectMany(question => question.LabelledDistractors)];
        int[] foldOf = Deal(distractors, folds, seed, distractor => groupOf(distractor.Question));
        return
        [
            .. Enumerable.Range(0, folds).Select(fold =>
            {
                Distractor[] test = [.. distractors.Where((_, i) => foldOf[i] == fold)];
                HashSet<int> tested = [.. test.Select(distractor => distractor.Question.Id)];
                return new Fold([.. questions.Where(question => !tested.Contains(question.Id))], test);
            }).Where(fold => fold.Test.Count > 0),
        ];
    }

    private static int[] Deal(Distractor[] distractors, int folds, long seed, Func<Distractor, int> groupOf)
    {
        ILookup<int, int> groups = Enumerable.Range(0, distractors.Length).ToLookup(i => groupOf(distractors[i]));
        int[] names = [.. groups.Select(group => group.Key).Order()];
        var foldOf = new int[distractors.Length];
        var sizes = new int[folds];
        foreach (int group in new SplitMix64((ulong)seed).Sample(names, names.Length))
        {
            int fold = Array.IndexOf(sizes, sizes.Min());
            foreach (int i in groups[group])
            {
                foldOf[i] = fold;
                sizes[fold]++;
            }
        }
        return foldOf;
    }

    private static IReadOnlyList<Question> Withhold(IReadOnlyList<Question> questions, HashSet<int> misconceptions) =>
        [.. questions.Select(question => question with { MisconceptionIds = [.. question.MisconceptionIds.Select(id => id is int label && misconceptions.Contains(label) ? null : id)] })];

    private static int Checked(int folds) => folds >= 2 ? folds : throw new InvalidInputException($"A split needs at least 2 folds; {folds} were asked for.");
}
