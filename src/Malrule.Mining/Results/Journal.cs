using Malrule.Inference;

namespace Malrule.Mining.Results;

/// <summary>
/// A file of lines while a run writes it, in the order in which requests finish. A line reaches the operating
/// system before <see cref="Append"/> returns, so a killed process loses none, and the disk with <see cref="Sync"/>. A last line that
/// a crash tore is cut off when the journal is opened again. Not safe for concurrent use; <see cref="RunFolder"/> keeps other processes out.
/// </summary>
internal sealed class Journal<TLine> : IDisposable
    where TLine : class, IJournalLine
{
    private readonly string _path;
    private readonly JournalFormat<TLine> _format;
    private readonly Dictionary<string, TLine> _lines;
    private readonly FileStream _stream;

    private Journal(string path, JournalFormat<TLine> format, Dictionary<string, TLine> lines, FileStream stream) =>
        (_path, _format, _lines, _stream) = (path, format, lines, stream);

    /// <summary>What the journal holds, by id; those that failed included.</summary>
    public IReadOnlyDictionary<string, TLine> Lines => _lines;

    /// <summary>Opens a journal, or begins one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="format">How lines are read and written.</param>
    /// <param name="keep">Whether a line still serves; others are taken out of the file. Null: all do.</param>
    /// <exception cref="InvalidInputException">A line other than a torn last one is wrong.</exception>
    public static Journal<TLine> Open(string path, JournalFormat<TLine> format, Func<TLine, bool>? keep = null)
    {
        FileStream? stream = null;
        try
        {
            Dictionary<string, TLine> lines = [];
            long length = 0;
            if (File.Exists(path))
            {
                (List<TLine> read, length, _) = format.ReadLines(path);
                lines = JournalFormat<TLine>.ById(path, read);
                if (keep is not null && lines.Values.Any(line => !keep(line)))
                {
                    lines = lines.Values.Where(keep).ToDictionary(line => line.Id);
                    format.Write(path, lines.Values);
                    length = new FileInfo(path).Length;
                }
            }
            // No buffer of our own: what is appended is with the operating system at once.
            stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, bufferSize: 0);
            stream.SetLength(length);
            stream.Seek(0, SeekOrigin.End);
            return new Journal<TLine>(path, format, lines, stream);
        }
        catch (Exception error)
        {
            stream?.Dispose();
            if (AtomicFile.Explain(path, error) is { } explained)
                throw explained;
            throw;
        }
    }

    /// <summary>Adds a line, or replaces one that failed.</summary>
    public void Append(TLine line)
    {
        if (_lines.TryGetValue(line.Id, out TLine? earlier) && earlier.Error is null)
            throw new InvalidOperationException($"{line.Id} is in the journal already.");
        try
        {
            _stream.Write(_format.Line(line));
        }
        catch (Exception error) when (AtomicFile.Explain(_path, error) is { } explained)
        {
            throw explained;
        }
        _lines[line.Id] = line;
    }

    /// <summary>Brings what was appended to the disk.</summary>
    public void Sync()
    {
        try
        {
            _stream.Flush(flushToDisk: true);
        }
        catch (Exception error) when (AtomicFile.Explain(_path, error) is { } explained)
        {
            throw explained;
        }
    }

    /// <summary>Puts the file in the order of <paramref name="ids"/>, by atomic rename, and closes it.</summary>
    public void Finish(IEnumerable<string> ids)
    {
        _stream.Dispose();
        _format.Write(_path, ids.Select(id => _lines[id]));
    }

    public void Dispose() => _stream.Dispose();
}
