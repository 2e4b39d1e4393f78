namespace Malrule.Inference.Tokenization.Jinja;

/// <summary>A parsed template. Immutable; safe for concurrent use.</summary>
internal sealed class Template
{
    private const int MaxLength = 1 << 20;

    private readonly string _source;
    private readonly IReadOnlyList<Statement> _body;

    /// <param name="text">The template.</param>
    /// <param name="source">What errors call it.</param>
    /// <exception cref="InvalidInputException">It is no valid template, or holds what Malrule does not support.</exception>
    public Template(string text, string source)
    {
        _source = source;
        if (text.Length > MaxLength)
            throw Error(1, $"the template is longer than {MaxLength} characters.");
        _body = new Parser(new Lexer(text, Error).Tokenize(), Error).ParseTemplate();
    }

    /// <summary>Renders with variables whose values are those of <see cref="Values.From(object?, int)"/>.</summary>
    public string Render(IEnumerable<KeyValuePair<string, object?>> variables, TimeProvider clock)
    {
        var scope = new Scope();
        Globals.AddTo(scope);
        foreach ((string name, object? value) in variables)
            scope.Set(name, value);
        var rendering = new Rendering(_source, clock);
        Statement.ExecuteAll(_body, rendering, new Scope(scope));
        return rendering.Output.ToString();
    }

    private InvalidInputException Error(int line, string message) => Rendering.Error(_source, line, message);
}
