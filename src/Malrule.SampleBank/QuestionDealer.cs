using Malrule.Mining.Questions;

namespace Malrule.SampleBank;

/// <summary>
/// Makes the questions of one part of a bank, each with three wrong options, and keeps the mal-rules of a construct equally frequent.
/// </summary>
/// <param name="random">Draws parameters, wordings and the order of the options.</param>
/// <param name="mayOccur">Which rules may lead to an option.</param>
/// <param name="isLabelled">Which of these label their option; at least one does in every question.</param>
internal sealed class QuestionDealer(SeededRandom random, Func<MalRule, bool> mayOccur, Func<MalRule, bool> isLabelled)
{
    private const int WrongOptions = 3, Hands = 6, Attempts = 100_000;
    private readonly int[] _uses = new int[Curriculum.Rules.Count];

    /// <summary>A question with parameters that are not <paramref name="taken"/> yet; its id is set later.</summary>
    public Question Deal(Construct construct, HashSet<string> taken, bool heldOutWording)
    {
        // Of a few possible questions the one whose rules have been used least.
        (Exercise Exercise, (Answer Answer, MalRule Rule)[] Wrong)? best = null;
        int leastUses = int.MaxValue, hands = 0;
        for (int attempt = 0; attempt < Attempts && hands < Hands; attempt++)
        {
            Exercise exercise = construct.Draw(random, Pool.Banks);
            if (taken.Contains(Name(exercise)) || Choose(exercise) is not { } wrong)
                continue;
            hands++;
            int uses = wrong.Sum(option => _uses[option.Rule.Id]);
            if (uses < leastUses)
                (best, leastUses) = ((exercise, wrong), uses);
        }
        (Exercise chosen, (Answer Answer, MalRule Rule)[] options) = best
            ?? throw new InvalidOperationException($"No more parameters for '{construct.Name}' after {Attempts} draws.");
        taken.Add(Name(chosen));
        foreach ((_, MalRule rule) in options)
            _uses[rule.Id]++;
        return Write(chosen, options, heldOutWording);
    }

    private (Answer Answer, MalRule Rule)[]? Choose(Exercise exercise)
    {
        var usable = new List<(Answer Answer, MalRule Rule)>();
        for (int i = 0; i < exercise.Construct.Rules.Count; i++)
        {
            MalRule rule = exercise.Construct.Rules[i];
            if (mayOccur(rule) && exercise.Unambiguous(i) is { } answer)
                usable.Add((answer, rule));
        }
        random.Shuffle(usable);
        (Answer Answer, MalRule Rule)[] byUse = [.. usable.OrderBy(option => _uses[option.Rule.Id])];
        int labelled = Array.FindIndex(byUse, option => isLabelled(option.Rule));
        if (byUse.Length < WrongOptions || labelled < 0)
            return null;
        if (labelled >= WrongOptions)
            (byUse[WrongOptions - 1], byUse[labelled]) = (byUse[labelled], byUse[WrongOptions - 1]);
        return byUse[..WrongOptions];
    }

    private Question Write(Exercise exercise, (Answer Answer, MalRule Rule)[] wrong, bool heldOutWording)
    {
        List<(Answer Answer, MalRule? Rule)> options = [(exercise.Key, null), .. wrong];
        random.Shuffle(options);
        return new Question
        {
            Id = 0,
            ConstructId = exercise.Construct.Id,
            ConstructName = exercise.Construct.Name,
            SubjectId = exercise.Construct.SubjectId,
            SubjectName = exercise.Construct.Subject,
            Stem = exercise.Stem(random, heldOutWording),
            Key = Question.Letters[options.FindIndex(option => option.Rule is null)],
            Options = [.. options.Select(option => option.Answer.Text)],
            MisconceptionIds = [.. options.Select(option => option.Rule is { } rule && isLabelled(rule) ? rule.Id : (int?)null)],
        };
    }

    private static string Name(Exercise exercise) => $"{exercise.Construct.Id}:{exercise.Parameters}";
}
