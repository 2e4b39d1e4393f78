using Malrule.Inference;

namespace Malrule.Mining.Rankings.Neighbours;

/// <summary>Options of <see cref="NeighbourRanker"/>.</summary>
public sealed record NeighbourOptions
{
    /// <summary>How many times a term of the construct's name counts in the similarity of two questions.</summary>
    public double Construct { get; init; } = 2;

    /// <summary>How many times a term of the subject's name counts.</summary>
    public double Subject { get; init; } = 0.5;

    /// <summary>How many times a term of the stem counts.</summary>
    public double Stem { get; init; } = 1;

    /// <summary>What the similarity of the wrong options adds, relative to the questions' own.</summary>
    public double Answer { get; init; } = 0.3;

    /// <summary>A neighbour of similarity s gives its label s^Power.</summary>
    public double Power { get; init; } = 8;

    /// <summary>Weight of the lexical score beside the neighbours'; 0 for label transfer alone.</summary>
    public double Lexical { get; init; } = 0.03;

    /// <summary>Checks the values.</summary>
    /// <exception cref="InvalidInputException">A value is negative or no number.</exception>
    public void Validate()
    {
        foreach ((string name, double value) in new[]
            { ("Construct", Construct), ("Subject", Subject), ("Stem", Stem), ("Answer", Answer), ("Power", Power), ("Lexical", Lexical) })
        {
            if (!(value >= 0) || double.IsInfinity(value))
                throw new InvalidInputException($"The neighbours' option {name} must be 0 or more; it is {value}.");
        }
    }
}
