using Malrule.Inference;

namespace Malrule.Mining.Rankings.Lexical;

/// <summary>How terms weigh.</summary>
public enum LexicalWeighting
{
    /// <summary>Cosine of log(1 + tf) · idf vectors.</summary>
    TfIdf,

    /// <summary>Okapi BM25 with k1 = 1.2 and b = 0.75.</summary>
    Bm25,
}

/// <summary>Options of <see cref="LexicalRanker"/>. A weight says how many times each term of that part of the question counts in the query.</summary>
public sealed record LexicalOptions
{
    /// <summary>How terms weigh.</summary>
    public LexicalWeighting Weighting { get; init; } = LexicalWeighting.TfIdf;

    /// <summary>Weight of the construct's name.</summary>
    public double Construct { get; init; } = 2;

    /// <summary>Weight of the subject's name.</summary>
    public double Subject { get; init; } = 0.5;

    /// <summary>Weight of the stem.</summary>
    public double Stem { get; init; } = 1;

    /// <summary>Weight of the correct option.</summary>
    public double Key { get; init; }

    /// <summary>Weight of the wrong option.</summary>
    public double Distractor { get; init; } = 2;

    /// <summary>Checks the values.</summary>
    /// <exception cref="InvalidInputException">A weight is negative or no number.</exception>
    public void Validate()
    {
        foreach ((string name, double weight) in new[] { ("Construct", Construct), ("Subject", Subject), ("Stem", Stem), ("Key", Key), ("Distractor", Distractor) })
        {
            if (!(weight >= 0) || double.IsInfinity(weight))
                throw new InvalidInputException($"The lexical weight {name} must be 0 or more; it is {weight}.");
        }
    }
}
