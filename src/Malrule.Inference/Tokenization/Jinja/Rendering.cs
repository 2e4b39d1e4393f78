using System.Globalization;
using System.Text;

namespace Malrule.Inference.Tokenization.Jinja;

/// <summary>
/// One rendering of a template: its output, where it stands, and the allowance that keeps a hostile template from running or growing
/// without end. Every evaluated node costs a step and every list element copied another; characters are counted wherever text is built.
/// </summary>
internal sealed class Rendering(string source, TimeProvider clock)
{
    public const int MaxSteps = 10_000_000, MaxCharacters = 1 << 26, MaxDepth = 400;

    private int _steps;
    private long _characters;
    private int _depth;

    public StringBuilder Output { get; set; } = new();

    /// <summary>The line of the node that is being evaluated.</summary>
    public int Line { get; private set; } = 1;

    public TimeProvider Clock { get; } = clock;

    public void Enter(int line)
    {
        Line = line;
        Spend(1);
        if (++_depth > MaxDepth)
            throw Error($"expressions and macro calls nest deeper than {MaxDepth} levels.");
    }

    public void Leave() => _depth--;

    /// <summary>Counts work on list elements or nodes.</summary>
    public void Spend(long steps)
    {
        if (steps > MaxSteps - _steps)
            throw Error(string.Create(CultureInfo.InvariantCulture, $"the template does not end within {MaxSteps:N0} steps."));
        _steps += (int)steps;
    }

    /// <summary>Counts text, before it is built where its length is known.</summary>
    public void SpendCharacters(long characters)
    {
        _characters += characters;
        if (_characters > MaxCharacters)
            throw Error(string.Create(CultureInfo.InvariantCulture, $"the template builds more than {MaxCharacters:N0} characters of text."));
    }

    public string Counted(string text)
    {
        SpendCharacters(text.Length);
        return text;
    }

    public void Write(string text) => Output.Append(Counted(text));

    /// <summary>What <paramref name="body"/> writes, instead of writing it.</summary>
    public string Capture(Action body)
    {
        StringBuilder outer = Output;
        Output = new StringBuilder();
        body();
        string text = Output.ToString();
        Output = outer;
        return text;
    }

    public InvalidInputException Error(string message) => Error(source, Line, message);

    public static InvalidInputException Error(string source, int line, string message) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{source}, line {line}: {message}"));
}
