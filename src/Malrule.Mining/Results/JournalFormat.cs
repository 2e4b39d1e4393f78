using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Malrule.Inference;

namespace Malrule.Mining.Results;

/// <summary>How the lines of a journal are read and written: one JSON object each. Safe for concurrent use.</summary>
/// <param name="type">How a line is serialised.</param>
/// <param name="isWhole">Whether a line that was read lacks nothing.</param>
/// <param name="expected">What a line must be, for the message about one that is not.</param>
internal sealed class JournalFormat<TLine>(JsonTypeInfo<TLine> type, Func<TLine, bool> isWhole, string expected)
    where TLine : class, IJournalLine
{
    /// <summary>Longest line in bytes: far above what a thousand samples need, and a bound on what a broken file can make us read.</summary>
    private const int MaxLineBytes = 16 << 20;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xef, 0xbb, 0xbf];

    /// <summary>A line's bytes, its line feed included.</summary>
    public byte[] Line(TLine line) => [.. JsonSerializer.SerializeToUtf8Bytes(line, type), (byte)'\n'];

    /// <summary>Writes a file atomically.</summary>
    public void Write(string path, IEnumerable<TLine> lines) => AtomicFile.Write(path, stream =>
    {
        foreach (TLine line in lines)
            stream.Write(Line(line));
    });

    /// <summary>Reads a whole file, by id; its last line may lack the line feed.</summary>
    public Dictionary<string, TLine> Read(string path)
    {
        (List<TLine> lines, _, ReadOnlyMemory<byte> tail) = ReadLines(path);
        if (!tail.IsEmpty)
            lines.Add(Parse(path, lines.Count + 1, tail.Span));
        return ById(path, lines);
    }

    /// <summary>Reads the lines that end with a line feed, the length of these in bytes, and what stands after them.</summary>
    public (List<TLine> Lines, long Length, ReadOnlyMemory<byte> Tail) ReadLines(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var lines = new List<TLine>();
            long length = 0;
            byte[] buffer = new byte[1 << 16];
            int filled = 0;
            while (true)
            {
                int read = stream.Read(buffer, filled, buffer.Length - filled);
                filled += read;
                int start = 0;
                for (int end; (end = buffer.AsSpan(start, filled - start).IndexOf((byte)'\n')) >= 0; start += end + 1)
                    lines.Add(Parse(path, lines.Count + 1, buffer.AsSpan(start, end)));
                length += start;
                buffer.AsSpan(start, filled - start).CopyTo(buffer);
                filled -= start;
                if (read == 0)
                    return (lines, length, buffer.AsMemory(0, filled));
                if (filled == buffer.Length)
                {
                    if (filled >= MaxLineBytes)
                        throw new InvalidInputException($"{path}, line {lines.Count + 1}: expected a line of at most {MaxLineBytes >> 20} MiB, found a longer one. Check that the file is one JSON object a line.");
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

    /// <summary>Lines by id: the later line of an id counts, and only a failed one may have a later line.</summary>
    public static Dictionary<string, TLine> ById(string path, List<TLine> lines)
    {
        var byId = new Dictionary<string, TLine>();
        for (int index = 0; index < lines.Count; index++)
        {
            TLine line = lines[index];
            if (byId.TryGetValue(line.Id, out TLine? earlier) && earlier.Error is null)
                throw new InvalidInputException($"{path}, line {index + 1}: expected every id once, found {line.Id} again. Remove one of the two lines.");
            byId[line.Id] = line;
        }
        return byId;
    }

    private TLine Parse(string path, int number, ReadOnlySpan<byte> json)
    {
        if (number == 1 && json.StartsWith(ByteOrderMark))
            json = json[ByteOrderMark.Length..];
        try
        {
            TLine? line = JsonSerializer.Deserialize(json, type);
            return line is not null && isWhole(line)
                ? line
                : throw new InvalidInputException($"{path}, line {number}: expected {expected}, found a null. Correct the line.");
        }
        catch (JsonException error)
        {
            throw new InvalidInputException($"{path}, line {number}: expected {expected}, found: {error.Message} Correct the line, or remove it.", error);
        }
    }
}
