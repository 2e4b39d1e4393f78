namespace Malrule.SampleBank;

/// <summary>A construct with its parameters drawn: the key, every mal-rule's answer, the stem in any wording.</summary>
internal abstract class Exercise(Construct construct, string parameters, Answer key, Answer?[] answers)
{
    private static readonly string[] Names =
    [
        "Amara", "Ben", "Chloe", "Dev", "Elif", "Farid", "Grace", "Hugo", "Imani", "Jun", "Katya", "Leo", "Mina", "Noor", "Omar", "Priya",
        "Quinn", "Rosa", "Sam", "Tara", "Uma", "Viktor", "Wen", "Yusuf",
    ];

    public Construct Construct { get; } = construct;

    /// <summary>The parameters as text; with the construct they name the exercise.</summary>
    public string Parameters { get; } = parameters;

    public Answer Key { get; } = key;

    /// <summary>The answer of each of the construct's rules, null where its procedure gives none.</summary>
    public IReadOnlyList<Answer?> Answers { get; } = answers;

    /// <summary>Parameter sets are split by hash: a fifth is for banks, the rest for training.</summary>
    public static Pool PoolOf(Construct construct, string parameters)
    {
        uint hash = 2166136261; // FNV-1a
        foreach (char c in construct.Name)
            hash = (hash ^ c) * 16777619;
        foreach (char c in parameters)
            hash = (hash ^ c) * 16777619;
        hash ^= hash >> 15;
        hash *= 0x2C1B3C6D;
        return (hash ^ (hash >> 13)) % 5 == 0 ? Pool.Banks : Pool.Training;
    }

    /// <summary>The answer of the rule at this place when it is wrong and no other rule of the construct gives it; else null.</summary>
    public Answer? Unambiguous(int rule)
    {
        if (Answers[rule] is not { } answer || answer.Matches(Key))
            return null;
        for (int other = 0; other < Answers.Count; other++)
        {
            if (other != rule && Answers[other] is { } rival && rival.Matches(answer))
                return null;
        }
        return answer;
    }

    /// <summary>The stem in one of the training wordings, or in one of those held out.</summary>
    public string Stem(SeededRandom random, bool heldOut)
    {
        string stem = Wording(random.Int(0, (heldOut ? Construct.HeldOutStemCount : Construct.StemCount) - 1), heldOut);
        return stem.Contains('@', StringComparison.Ordinal)
            ? stem.Replace("@name", random.Pick(Names), StringComparison.Ordinal)
            : stem;
    }

    /// <summary>The numbers of the question with a description each.</summary>
    public abstract IReadOnlyList<(string Description, Rational Value)> Quantities { get; }

    /// <summary>A number as an answer of this exercise; null where it could not be one.</summary>
    public abstract Answer? Render(Rational value);

    /// <summary>The stem in a given wording, names not yet filled in.</summary>
    public abstract string Wording(int index, bool heldOut);
}

/// <summary>An exercise over parameters of type <typeparamref name="P"/>.</summary>
internal sealed class Exercise<P>(Construct<P> construct, P parameters, string text, Answer key)
    : Exercise(construct, text, key, Array.ConvertAll(construct.MalRules, rule => rule.Procedure(parameters))) where P : notnull
{
    public override IReadOnlyList<(string Description, Rational Value)> Quantities => construct.Quantities(parameters);

    public override Answer? Render(Rational value) => construct.Render(parameters, value);

    public override string Wording(int index, bool heldOut) => (heldOut ? construct.HeldOutStems : construct.Stems)[index](parameters);
}
