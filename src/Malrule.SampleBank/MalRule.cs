namespace Malrule.SampleBank;

/// <summary>A misconception of the bank: a faulty procedure with a name of the catalogue and other ways to say it.</summary>
internal abstract class MalRule(string name, IReadOnlyList<string> paraphrases)
{
    /// <summary>MisconceptionId: its place in <see cref="Curriculum.Rules"/>.</summary>
    public int Id { get; internal set; }

    public string Name { get; } = name;

    public IReadOnlyList<string> Paraphrases { get; } = paraphrases;

    public Construct Construct { get; internal set; } = null!;

    /// <summary>
    /// Whether no model may see the rule in training: one in each ten of the catalogue (0, 11, 22, …, 99, 100, 111, …), by place,
    /// so that nobody chose easy ones.
    /// </summary>
    public bool IsKeptOut => Id % 10 == Id / 10 % 10;
}

/// <summary>A mal-rule whose procedure works on parameters of type <typeparamref name="P"/>.</summary>
/// <param name="name">The catalogue's name.</param>
/// <param name="procedure">From the question's parameters to the wrong answer; null where the procedure gives none.</param>
/// <param name="paraphrases">Six or more other wordings of the name.</param>
internal sealed class MalRule<P>(string name, Func<P, Answer?> procedure, params string[] paraphrases) : MalRule(name, paraphrases)
{
    public Func<P, Answer?> Procedure { get; } = procedure;
}
