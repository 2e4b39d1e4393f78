using Malrule.Inference;
using Malrule.Mining.Results;

namespace Malrule.Mining.Generations;

/// <summary>Reads files of generations, one JSON object a line.</summary>
public static class GenerationFile
{
    /// <summary>How a run reads and writes them.</summary>
    internal static JournalFormat<Generation> Format { get; } = new(
        JournalJson.Lines.Generation, line => line is { Id: not null, Texts: not null } && !line.Texts.Contains(null!),
        "a JSON object with \"id\" (QuestionId_Answer) and \"texts\" (a list of strings)");

    /// <summary>Reads a whole file, by id; its last line may lack the line feed.</summary>
    /// <exception cref="InvalidInputException">The file cannot be read, or a line is not a generation or repeats an id.</exception>
    public static IReadOnlyDictionary<string, Generation> Read(string path) => Format.Read(path);
}
