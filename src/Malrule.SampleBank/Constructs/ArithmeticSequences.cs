using static Malrule.SampleBank.Answer;
using P = (int First, int Step, int Shown);

namespace Malrule.SampleBank.Constructs;

/// <summary>The nth term of 7, 10, 13, 16, …</summary>
internal static class ArithmeticSequences
{
    public static Construct Construct { get; } = new Construct<P>("Find the nth term of a linear sequence", "Sequences")
    {
        Sample = r => (r.Int(-20, 50), r.SignedInt(2, 12), r.Int(4, 5)),
        Where = p => p.First != p.Step && p.First != 0,
        Key = p => Rule(p.Step, p.First - p.Step),
        Stems =
        [
            p => $@"What is the nth term of this sequence? \( {Terms(p)} \)",
            p => $"Find an expression for the \\( n \\)th term:\n\\[\n{Terms(p)}\n\\]",
            p => $@"A sequence begins \( {Terms(p)} \). Which rule gives its \( n \)th term?",
            p => $@"Which formula in \( n \) produces the terms \( {Terms(p)} \) ?",
            p => $@"@name writes the sequence \( {Terms(p)} \). What is the position-to-term rule?",
            p => $@"Write the general term of the linear sequence \( {Terms(p)} \)",
            p => $@"The terms of a sequence are \( {Terms(p)} \). Term number \( n \) is equal to ...",
        ],
        HeldOutStems =
        [
            p => $@"A table has one of these numbers in each row, from the top down: \( {Terms(p)} \). Which expression belongs to row \( n \) ?",
            p => $@"\( {Terms(p)} \) continues in the same way. Give the algebraic rule.",
        ],
        MalRules =
        [
            new("Gives n plus the common difference as the nth term",
                p => Rule(1, p.Step),
                "Writes the term-to-term rule with an n in front",
                "Confuses the rule from term to term with the rule from position to term",
                "Thinks the nth term of a sequence going up in threes is n + 3",
                "Adds the common difference to n instead of multiplying n by it",
                "Uses the difference as the number that is added to n",
                "Describes how to get from one term to the next as the general term"),
            new("Uses the first term as the constant of the nth term",
                p => Rule(p.Step, p.First),
                "Adds the first term to the difference times n",
                "Starts the rule at position zero instead of one",
                "Does not subtract the common difference from the first term to get the constant",
                "Takes difference times n plus first term as the general term",
                "Believes the number added in the rule is where the sequence starts",
                "Forgets that the first term already contains the difference once"),
            new("Swaps the first term and the common difference in the nth term",
                p => Rule(p.First, p.Step),
                "Multiplies n by the first term and adds the common difference",
                "Uses the first term as the coefficient of n",
                "Puts the starting value in front of n and the step behind it",
                "Mixes up which number of a sequence is multiplied by n",
                "Believes n is multiplied by the number the sequence begins with",
                "Gets the roles of start and step the wrong way round"),
            new("Changes the sign of the constant in the nth term",
                p => Rule(p.Step, p.Step - p.First),
                "Subtracts the first term from the difference instead of the other way round",
                "Has the right coefficient of n and the wrong sign behind it",
                "Adds what should be subtracted from the multiples of n",
                "Corrects the times table in the wrong direction",
                "Finds the right number to adjust by but adjusts the wrong way",
                "Writes plus for minus or minus for plus at the end of the rule"),
            new("Gives only the multiples of the common difference as the nth term",
                p => Rule(p.Step, 0),
                "Leaves out the constant of the general term",
                "Thinks a sequence going up in fours is always 4n",
                "Uses the common difference times n and nothing else",
                "Does not compare the sequence with its times table",
                "Ignores where a sequence starts",
                "Forgets to adjust the multiples to match the first term"),
        ],
        Quantities = p => [("the first term", p.First), ("the common difference", p.Step), ("the second term", p.First + p.Step)],
        Render = (p, value) => value.IsInteger ? Rule(p.Step, value) : null,
    };

    private static Answer? Rule(Rational coefficient, Rational constant) => Written(Latex.Sum((coefficient, "n"), (constant, "")));

    private static string Terms(P p) => string.Join(", ", Enumerable.Range(0, p.Shown).Select(i => p.First + i * p.Step)) + @", \ldots";
}
