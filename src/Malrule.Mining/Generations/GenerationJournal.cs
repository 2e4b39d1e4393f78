using Malrule.Inference;
using Malrule.Mining.Results;

namespace Malrule.Mining.Generations;

/// <summary>
/// The file <c>generations.jsonl</c> while a run writes it: lines in the order in which requests finish. A line reaches the operating
/// system before <see cref="Append"/> returns, so a killed process loses none, and the disk with <see cref="Sync"/>. A last line that
/// a crash tore is cut off when the journal is opened again. Not safe for concurrent use; <see cref="RunFolder"/> keeps other processes out.
/// </summary>
internal sealed class GenerationJournal : IDisposable
{
    private readonly string _path;
    private readonly FileStream _stream;
    private readonly Dictionary<string, Generation> _generations;

    private GenerationJournal(string path, FileStream stream, Dictionary<string, Generation> generations) =>
        (_path, _stream, _generations) = (path, stream, generations);

    /// <summary>What the journal holds, by id; those that failed included.</summary>
    public IReadOnlyDictionary<string, Generation> Generations => _generations;

    /// <summary>Opens a journal, or begins one.</summary>
    /// <exception cref="InvalidInputException">A line other than a torn last one is wrong.</exception>
    public static GenerationJournal Open(string path)
    {
        FileStream? stream = null;
        try
        {
            Dictionary<string, Generation> generations = [];
            long length = 0;
            if (File.Exists(path))
            {
                (List<Generation> lines, length, _) = GenerationFile.ReadLines(path);
                generations = GenerationFile.ById(path, lines);
            }
            // No buffer of our own: what is appended is with the operating system at once.
            stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, bufferSize: 0);
            stream.SetLength(length);
            stream.Seek(0, SeekOrigin.End);
            return new GenerationJournal(path, stream, generations);
        }
        catch (Exception error)
        {
            stream?.Dispose();
            if (AtomicFile.Explain(path, error) is { } explained)
                throw explained;
            throw;
        }
    }

    /// <summary>Adds a generation, or replaces one that failed.</summary>
    public void Append(Generation generation)
    {
        if (_generations.TryGetValue(generation.Id, out Generation? earlier) && earlier.Error is null)
            throw new InvalidOperationException($"{generation.Id} is in the journal already.");
        try
        {
            _stream.Write(GenerationJson.Line(generation));
        }
        catch (Exception error) when (AtomicFile.Explain(_path, error) is { } explained)
        {
            throw explained;
        }
        _generations[generation.Id] = generation;
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
        GenerationFile.Write(_path, ids.Select(id => _generations[id]));
    }

    public void Dispose() => _stream.Dispose();
}
