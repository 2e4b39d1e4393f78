using Malrule.SampleBank;

namespace Malrule.Corpus;

/// <summary>
/// A mal-rule that exists in one conversation only: two or three of the question's numbers combined by random operations. A model can
/// name it only by finding the same procedure in a demonstration and copying the name given there, which is what it has to learn for
/// misconceptions that its training never held.
/// </summary>
internal sealed class InventedProcedure
{
    private const int LargestAnswer = 100_000;
    private static readonly int[] StepWeights = [5, 4, 2]; // one, two or three operations

    private readonly int _start;
    private readonly (Operation Operation, int Operand)[] _steps;

    private InventedProcedure(int start, (Operation, int)[] steps, string name) => (_start, _steps, Name) = (start, steps, name);

    private enum Operation
    {
        Add,
        Subtract,
        Multiply,
        SubtractFrom,
        Double,
        AddOne,
        TakeOne,
    }

    /// <summary>What the conversation calls it: a description of its steps, or a name that says nothing about them.</summary>
    public string Name { get; }

    /// <summary>A procedure that gives wrong answers on exercises such as this one; null when the draw gives none.</summary>
    public static InventedProcedure? Draw(SeededRandom random, Exercise example)
    {
        IReadOnlyList<(string Description, Rational Value)> quantities = example.Quantities;
        int start = random.Int(0, quantities.Count - 1);
        var steps = new (Operation, int)[1 + random.Weighted(StepWeights)];
        for (int i = 0; i < steps.Length; i++)
        {
            // The first step joins two different numbers; later ones may also double or change the result by one.
            var operation = (Operation)random.Int(0, i == 0 ? 3 : 6);
            int operand = random.Int(0, quantities.Count - 1);
            steps[i] = (operation, i == 0 && operand == start ? (operand + 1) % quantities.Count : operand);
        }
        string name = random.Chance(0.65)
            ? Phrasebook.Sentence(random, Describe(random, quantities, start, steps))
            : Phrasebook.Coin(random);
        var procedure = new InventedProcedure(start, steps, name);
        return procedure.Apply(example) is null ? null : procedure;
    }

    /// <summary>The wrong answer; null where it is none, or one that the key or a mal-rule of the construct gives.</summary>
    public Answer? Apply(Exercise exercise)
    {
        IReadOnlyList<(string Description, Rational Value)> quantities = exercise.Quantities;
        Rational result = quantities[_start].Value;
        foreach ((Operation operation, int operand) in _steps)
        {
            Rational other = quantities[operand].Value;
            result = operation switch
            {
                Operation.Add => result + other,
                Operation.Subtract => result - other,
                Operation.Multiply => result * other,
                Operation.SubtractFrom => other - result,
                Operation.Double => result * 2,
                Operation.AddOne => result + 1,
                _ => result - 1,
            };
            if (result > LargestAnswer || result < -LargestAnswer || result.Denominator > LargestAnswer)
                return null;
        }
        if (exercise.Render(result) is not { } answer || answer.Matches(exercise.Key))
            return null;
        foreach (Answer? rival in exercise.Answers)
        {
            if (rival is { } taken && taken.Matches(answer))
                return null;
        }
        return answer;
    }

    private static string Describe(
        SeededRandom random, IReadOnlyList<(string Description, Rational Value)> quantities, int start, (Operation Operation, int Operand)[] steps)
    {
        string first = quantities[start].Description;
        var text = new System.Text.StringBuilder();
        for (int i = 0; i < steps.Length; i++)
        {
            string other = quantities[steps[i].Operand].Description;
            if (i > 0)
                text.Append(random.Pick([", then ", " and then ", " and "]));
            text.Append((steps[i].Operation, i) switch
            {
                (Operation.Add, 0) => $"adds {first} and {other}",
                (Operation.Subtract, 0) => $"subtracts {other} from {first}",
                (Operation.Multiply, 0) => $"multiplies {first} by {other}",
                (Operation.SubtractFrom, 0) => $"takes {first} away from {other}",
                (Operation.Add, _) => $"adds {other}",
                (Operation.Subtract, _) => $"subtracts {other}",
                (Operation.Multiply, _) => $"multiplies by {other}",
                (Operation.SubtractFrom, _) => $"takes the result away from {other}",
                (Operation.Double, _) => "doubles the result",
                (Operation.AddOne, _) => "adds one",
                _ => "takes one off",
            });
        }
        return text.ToString();
    }
}
