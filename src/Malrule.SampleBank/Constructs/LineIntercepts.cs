using static Malrule.SampleBank.Answer;
using P = (int Gradient, int Intercept);

namespace Malrule.SampleBank.Constructs;

/// <summary>Where y = m x + c crosses the x-axis.</summary>
internal static class LineIntercepts
{
    public static Construct Construct { get; } = new Construct<P>("Find where a straight line graph crosses the horizontal axis", "Straight Line Graphs")
    {
        Sample = r => (r.SignedInt(2, 20), r.SignedInt(1, 60)),
        Where = p => Math.Abs(p.Gradient) != Math.Abs(p.Intercept),
        Key = p => At(new Rational(-p.Intercept, p.Gradient), 0),
        Stems =
        [
            p => $@"Where does the line \( {Equation(p)} \) cross the \( x \)-axis?",
            p => $"At which point does this graph meet the \\( x \\)-axis?\n\\[\n{Equation(p)}\n\\]",
            p => $@"Find the \( x \)-intercept of \( {Equation(p)} \) as a point.",
            p => $@"@name draws the graph of \( {Equation(p)} \). At which point does it cut the \( x \)-axis?",
            p => $@"Which point lies both on the \( x \)-axis and on the line \( {Equation(p)} \) ?",
            p => $@"The straight line with equation \( {Equation(p)} \) crosses the \( x \)-axis at \( P \). What are the coordinates of \( P \) ?",
            p => $@"A graph has the equation \( {Equation(p)} \). Give the coordinates of its crossing with the \( x \)-axis.",
        ],
        HeldOutStems =
        [
            p => $@"For \( {Equation(p)} \), which point of the graph has \( y \)-coordinate zero?",
            p => $@"A ship sails along \( {Equation(p)} \) on a chart. At which point does it pass the \( x \)-axis?",
        ],
        MalRules =
        [
            new("Gives the crossing with the vertical axis instead of the horizontal one",
                p => At(0, p.Intercept),
                "Confuses the two intercepts of a line",
                "Reads the y-intercept off the equation when the x-intercept is wanted",
                "Puts x equal to zero instead of y",
                "Thinks every graph crosses the axes at its constant",
                "Finds the point on the y-axis",
                "Answers with the constant as the height on the upright axis"),
            new("Takes the constant of the equation as the crossing with the horizontal axis",
                p => At(p.Intercept, 0),
                "Puts the constant in the place of the x-coordinate",
                "Reads the x-intercept directly off the end of the equation",
                "Believes the number at the end of the equation tells where the line meets the x-axis",
                "Writes the constant along the x-axis without solving",
                "Does not solve an equation to find the x-intercept but copies the constant",
                "Uses c as the x-value where the graph is zero"),
            new("Divides the constant by the gradient without changing its sign",
                p => At(new Rational(p.Intercept, p.Gradient), 0),
                "Finds the x-intercept with the opposite sign",
                "Forgets the minus when taking the constant to the other side",
                "Solves for the crossing point but loses a negative sign",
                "Uses constant over gradient for the x-intercept",
                "Gets the size of the crossing right and its side of the origin wrong",
                "Does not negate the constant before dividing by the gradient"),
            new("Changes the sign of the constant but does not divide by the gradient",
                p => At(-p.Intercept, 0),
                "Gives the negative of the constant as the x-intercept",
                "Ignores the gradient when finding where a line crosses the x-axis",
                "Takes the constant to the other side and stops",
                "Thinks the line meets the x-axis at minus the constant",
                "Forgets to divide by the number in front of x at the crossing",
                "Solves only one step of the equation for the crossing"),
            new("Writes the horizontal crossing as a point on the vertical axis",
                p => At(0, new Rational(-p.Intercept, p.Gradient)),
                "Swaps the coordinates of an intercept",
                "Finds the right number but puts it in the place of y",
                "Has zero as the x-coordinate of a point on the x-axis",
                "Thinks points on the x-axis have x equal to zero",
                "Gives the x-intercept in the second coordinate",
                "Solves for x correctly and writes the result as a y-value"),
        ],
        Quantities = p => [("the gradient", p.Gradient), ("the constant", p.Intercept), ("one", 1)],
        Render = (_, value) => At(value, 0),
    };

    private static Answer? At(Rational x, Rational y) => Written($"({Latex.Simplest(x)}, {Latex.Simplest(y)})");

    private static string Equation(P p) => $"y={p.Gradient} x{Latex.Signed(p.Intercept)}";
}
