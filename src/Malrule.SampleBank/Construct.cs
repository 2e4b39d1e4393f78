namespace Malrule.SampleBank;

/// <summary>Which parameter sets a draw may use: each set belongs to banks or to training, by its hash, never to both.</summary>
internal enum Pool
{
    Banks,
    Training,
}

/// <summary>
/// A skill with questions made from parameters: how to draw them, the key, the wordings and the mal-rules.
/// <see cref="Construct{P}"/> holds them; this face is the same for all.
/// </summary>
internal abstract class Construct(string name, string subject)
{
    /// <summary>ConstructId: its place in <see cref="Curriculum.Constructs"/>.</summary>
    public int Id { get; internal set; }

    public string Name { get; } = name;

    public string Subject { get; } = subject;

    /// <summary>The same for all constructs of a subject.</summary>
    public int SubjectId { get; internal set; }

    public abstract IReadOnlyList<MalRule> Rules { get; }

    public abstract int StemCount { get; }

    public abstract int HeldOutStemCount { get; }

    /// <summary>A parameter set of the pool with its key and the answers of all mal-rules.</summary>
    public abstract Exercise Draw(SeededRandom random, Pool pool);
}

/// <summary>A construct over parameters of type <typeparamref name="P"/>, mostly a tuple of integers.</summary>
internal sealed class Construct<P>(string name, string subject) : Construct(name, subject) where P : notnull
{
    /// <summary>Draws parameters; those that <see cref="Where"/> refuses are drawn again.</summary>
    public required Func<SeededRandom, P> Sample { get; init; }

    public Func<P, bool> Where { get; init; } = _ => true;

    public required Func<P, Answer?> Key { get; init; }

    /// <summary>Wordings for banks and training; <c>@name</c> stands for a pupil's first name.</summary>
    public required Func<P, string>[] Stems { get; init; }

    /// <summary>Wordings that no training corpus ever holds.</summary>
    public required Func<P, string>[] HeldOutStems { get; init; }

    public required MalRule<P>[] MalRules { get; init; }

    /// <summary>The numbers of the question with a description, for procedures made up in training.</summary>
    public required Func<P, (string Description, Rational Value)[]> Quantities { get; init; }

    /// <summary>A number as an answer of this construct; null where it could not be one.</summary>
    public required Func<P, Rational, Answer?> Render { get; init; }

    public override IReadOnlyList<MalRule> Rules => MalRules;

    public override int StemCount => Stems.Length;

    public override int HeldOutStemCount => HeldOutStems.Length;

    public override Exercise Draw(SeededRandom random, Pool pool)
    {
        while (true)
        {
            P parameters = Sample(random);
            string text = parameters.ToString()!;
            if (Exercise.PoolOf(this, text) == pool && Where(parameters) && Key(parameters) is { } key)
                return new Exercise<P>(this, parameters, text, key);
        }
    }
}
