using Malrule.Mining.Questions;
using Malrule.SampleBank;

namespace Malrule.Corpus;

/// <summary>A question with the cause of each option: a mal-rule, an invented procedure, or null for the key and unlabelled options.</summary>
internal sealed class WrittenQuestion(Exercise exercise, string stem, Answer[] options, object?[] causes)
{
    public object?[] Causes { get; } = causes;

    /// <summary>Leaves only the labels that <paramref name="isLabelled"/> accepts.</summary>
    public void KeepLabels(Func<object, bool> isLabelled)
    {
        for (int i = 0; i < Causes.Length; i++)
        {
            if (Causes[i] is { } cause && !isLabelled(cause))
                Causes[i] = null;
        }
    }

    public Question ToQuestion(int id, Func<object, int> idOf) => new()
    {
        Id = id,
        ConstructName = exercise.Construct.Name,
        SubjectName = exercise.Construct.Subject,
        Stem = stem,
        Key = Question.Letters[Array.FindIndex(options, option => option == exercise.Key)],
        Options = [.. options.Select(option => option.Text)],
        MisconceptionIds = [.. Causes.Select(cause => cause is null ? (int?)null : idOf(cause))],
    };
}

/// <summary>Writes questions of the training pool in the training wordings.</summary>
internal sealed class QuestionWriter(SeededRandom random)
{
    private const int Attempts = 40;

    /// <summary>A question with three wrong options of different causes, <paramref name="focus"/> among them where that is possible.</summary>
    public WrittenQuestion? Write(Construct construct, IReadOnlyList<InventedProcedure> invented, int? focus)
    {
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            Exercise exercise = construct.Draw(random, Pool.Training);
            var wrong = new List<(Answer Answer, object Cause)>();
            for (int rule = 0; rule < construct.Rules.Count; rule++)
            {
                if (!construct.Rules[rule].IsKeptOut && exercise.Unambiguous(rule) is { } answer)
                    wrong.Add((answer, construct.Rules[rule]));
            }
            random.Shuffle(wrong);
            foreach (InventedProcedure procedure in invented)
            {
                if (random.Chance(0.7) && procedure.Apply(exercise) is { } answer && !wrong.Any(other => other.Answer.Matches(answer)))
                    wrong.Insert(0, (answer, procedure));
            }
            if (focus is { } place && wrong.FindIndex(item => item.Cause == construct.Rules[place]) is > 2 and int found)
                (wrong[found], wrong[2]) = (wrong[2], wrong[found]);
            if (wrong.Count < 3)
                continue;
            (Answer Answer, object? Cause)[] options = [(exercise.Key, null), wrong[0], wrong[1], wrong[2]];
            random.Shuffle(options);
            return new WrittenQuestion(exercise, exercise.Stem(random, heldOut: false), [.. options.Select(o => o.Answer)], [.. options.Select(o => o.Cause)]);
        }
        return null;
    }

    /// <summary>Whether an invented procedure gives an answer of its own on most exercises of the construct.</summary>
    public bool Suits(InventedProcedure procedure, Construct construct)
    {
        int answered = 0;
        for (int i = 0; i < 4; i++)
        {
            if (procedure.Apply(construct.Draw(random, Pool.Training)) is not null)
                answered++;
        }
        return answered >= 3;
    }
}
