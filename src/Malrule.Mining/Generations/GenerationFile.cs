using System.Text.Json;
using Malrule.Inference;
using Malrule.Mining.Results;

namespace Malrule.Mining.Generations;

/// <summary>Reads and writes files of generations, one JSON object a line.</summary>
public static class GenerationFile
{
    /// <summary>Longest line in bytes: far above what a thousand samples need, and a bound on what a broken file can make us read.</summary>
    internal const int MaxLineBytes = 16 << 20;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xef, 0xbb, 0xbf];

    /// <summary>Reads a whole file, by id; its last line may lack the line feed.</summary>
    /// <exception cref="InvalidInputException">The file cannot be read, or a line is not a generation or repeats an id.</exception>
    public static IReadOnlyDictionary<string, Generation> Read(string path)
    {
        (List<Generation> generations, _, ReadOnlyMemory<byte> tail) = ReadLines(path);
        if (!tail.IsEmpty)
            generations.Add(Parse(path, generations.Count + 1, tail.Span));
        return ById(path, generations);
    }

    /// <summary>Writes a file atomically.</summary>
    internal static void Write(string path, IEnumerable<Generation> generations) => AtomicFile.Write(path, stream =>
    {
        foreach (Generation generation in generations)
            stream.Write(GenerationJson.Line(generation));
    });

    /// <summary>Reads the lines that end with a line feed, the length of these in bytes, and what stands after them.</summary>
    internal static (List<Generation> Generations, long Length, ReadOnlyMemory<byte> Tail) ReadLines(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var generations = new List<Generation>();
            long length = 0;
            byte[] buffer = new byte[1 << 16];
            int filled = 0;
            while (true)
            {
                int read = stream.Read(buffer, filled, buffer.Length - filled);
                filled += read;
                int start = 0;
                for (int end; (end = buffer.AsSpan(start, filled - start).IndexOf((byte)'\n')) >= 0; start += end + 1)
                    generations.Add(Parse(path, generations.Count + 1, buffer.AsSpan(start, end)));
                length += start;
                buffer.AsSpan(start, filled - start).CopyTo(buffer);
                filled -= start;
                if (read == 0)
                    return (generations, length, buffer.AsMemory(0, filled));
                if (filled == buffer.Length)
                {
                    if (filled >= MaxLineBytes)
                        throw new InvalidInputException($"{path}, line {generations.Count + 1}: expected a line of at most {MaxLineBytes >> 20} MiB, found a longer one. Check that the file is one JSON object a line.");
                    Array.Resize(ref buffer, buffer.Length * 2);
                }
            }
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InvalidInputException($"{path} does not exist. Check the path.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{path} cannot be read: {error.Message}", error);
        }
    }

    /// <summary>Generations by id: the later line of an id counts, and only a failed one may have a later line.</summary>
    internal static Dictionary<string, Generation> ById(string path, List<Generation> generations)
    {
        var byId = new Dictionary<string, Generation>();
        for (int index = 0; index < generations.Count; index++)
        {
            Generation generation = generations[index];
            if (byId.TryGetValue(generation.Id, out Generation? earlier) && earlier.Error is null)
                throw new InvalidInputException($"{path}, line {index + 1}: expected every id once, found {generation.Id} again. Remove one of the two lines.");
            byId[generation.Id] = generation;
        }
        return byId;
    }

    private static Generation Parse(string path, int line, ReadOnlySpan<byte> json)
    {
        if (line == 1 && json.StartsWith(ByteOrderMark))
            json = json[ByteOrderMark.Length..];
        try
        {
            Generation? generation = JsonSerializer.Deserialize(json, GenerationJson.Lines.Generation);
            return generation is { Id: not null, Texts: not null } && !generation.Texts.Contains(null!)
                ? generation
                : throw new InvalidInputException($"{path}, line {line}: expected a JSON object with \"id\" and \"texts\", found a null. Correct the line.");
        }
        catch (JsonException error)
        {
            throw new InvalidInputException($"{path}, line {line}: expected a JSON object with \"id\" (QuestionId_Answer) and \"texts\" (a list of strings), found: {error.Message} Correct the line, or remove it.", error);
        }
    }
}
