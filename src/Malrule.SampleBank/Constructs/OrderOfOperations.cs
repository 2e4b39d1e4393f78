using static Malrule.SampleBank.Answer;
using P = (int A, int B, int C, int D);

namespace Malrule.SampleBank.Constructs;

/// <summary>a − b + c × d.</summary>
internal static class OrderOfOperations
{
    public static Construct Construct { get; } = new Construct<P>("Use the order of operations with addition, subtraction and multiplication", "Order of Operations")
    {
        Sample = r => (r.Int(10, 60), r.Int(2, 30), r.Int(2, 12), r.Int(2, 9)),
        Where = p => p.A > p.B,
        Key = p => Number(p.A - p.B + p.C * p.D),
        Stems =
        [
            p => $@"Calculate \( {Expression(p)} \)",
            p => $"What is the value of\n\\[\n{Expression(p)}\n\\]",
            p => $@"Work out \( {Expression(p)} \) without a calculator.",
            p => $@"@name types \( {Expression(p)} \) into a scientific calculator. What does it show?",
            p => $@"Find the missing number: \( {Expression(p)}=\square \)",
            p => $@"Evaluate the expression \( {Expression(p)} \)",
            p => $@"Which of the options is equal to \( {Expression(p)} \) ?",
        ],
        HeldOutStems =
        [
            p => $@"A class is asked to simplify \( {Expression(p)} \) to a single number. Which number is right?",
            p => $@"\( {Expression(p)} \) comes to ...",
        ],
        MalRules =
        [
            new("Works from left to right whatever the operations are",
                p => Number((p.A - p.B + p.C) * p.D),
                "Carries out operations in the order in which they are written",
                "Ignores the priority of multiplication and calculates from left to right",
                "Reads a calculation like a sentence and does each operation as it comes",
                "Thinks the first operation on the left is always done first and the last one at the end",
                "Does not do the multiplication before the addition and subtraction to its left",
                "Believes all four operations have the same priority"),
            new("Thinks addition must be done before subtraction",
                p => Number(p.A - (p.B + p.C * p.D)),
                "Takes the A before the S in BIDMAS as an order between adding and subtracting",
                "Gives addition a higher priority than subtraction",
                "Adds everything behind the minus sign first and then subtracts it all",
                "Subtracts the whole rest of the calculation after a minus sign",
                "Does not know that addition and subtraction have equal priority",
                "Calculates the sum to the right before carrying out the subtraction"),
            new("Adds before multiplying, as if the sum stood in brackets",
                p => Number(p.A - (p.B + p.C) * p.D),
                "Gives addition priority over multiplication",
                "Adds the two numbers around the plus sign and multiplies the result",
                "Puts imaginary brackets around the addition next to a multiplication",
                "Believes the plus comes before the times in the order of operations",
                "Multiplies the sum of two numbers although only one of them is to be multiplied",
                "Treats the numbers joined by plus as one group when multiplying"),
            new("Replaces the multiplication by an addition",
                p => Number(p.A - p.B + p.C + p.D),
                "Adds the two factors instead of multiplying them",
                "Reads the times sign as a plus sign",
                "Confuses multiplication with addition in a longer calculation",
                "Sums numbers where their product is needed",
                "Thinks multiplying two numbers means putting them together by adding",
                "Uses plus in place of times"),
            new("Leaves out the number that is to be subtracted",
                p => Number(p.A + p.C * p.D),
                "Ignores the subtraction in a calculation with several operations",
                "Forgets to take away the second number",
                "Carries out the multiplication and addition only and skips the minus",
                "Overlooks one of the terms, the subtracted one",
                "Drops the subtracted number while dealing with the other operations",
                "Does every operation except the subtraction"),
        ],
        Quantities = p => [("the first number", p.A), ("the second number", p.B), ("the third number", p.C), ("the last number", p.D)],
        Render = (_, value) => value.IsInteger ? Number(value) : null,
    };

    private static string Expression(P p) => $@"{p.A}-{p.B}+{p.C} \times {p.D}";
}
