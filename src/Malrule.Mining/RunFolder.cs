using Malrule.Inference;
using Malrule.Mining.Results;

namespace Malrule.Mining;

/// <summary>
/// The folder that holds everything about a run, and the hold on it: while one process works in it, another is refused. The hold is the
/// operating system's lock on the file <c>.lock</c> (flock on Unix, a share mode on Windows), so it ends with the process, however that ends.
/// </summary>
internal sealed class RunFolder : IDisposable
{
    private readonly FileStream _lock;

    private RunFolder(string path, FileStream hold) => (Path, _lock) = (path, hold);

    public string Path { get; }

    public string Manifest => File("run.json");
    public string Generations => File("generations.jsonl");
    public string Reranks => File("reranks.jsonl");
    public string Nearest => File("nearest.jsonl");
    public string Candidates => File("candidates.csv");
    public string Submission => File("submission.csv");
    public string SubmissionDebug => File("submission_debug.csv");
    public string Report => File("report.html");

    /// <summary>Takes hold of a folder, made where it is absent.</summary>
    /// <exception cref="InvalidInputException">Another process holds it, or it cannot be written.</exception>
    public static RunFolder Open(string path)
    {
        string lockFile = System.IO.Path.Combine(path, ".lock");
        try
        {
            Directory.CreateDirectory(path);
            return new RunFolder(path, new FileStream(lockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0));
        }
        catch (IOException error) when (error is not DirectoryNotFoundException && System.IO.File.Exists(lockFile))
        {
            throw new InvalidInputException($"The run folder {path} is in use by another process. Wait until it ends, or choose another folder.", error);
        }
        catch (IOException error) when (System.IO.File.Exists(path))
        {
            throw new InvalidInputException($"The run folder {path} is a file. Choose another name.", error);
        }
        catch (Exception error) when (AtomicFile.Explain(path, error) is { } explained)
        {
            throw explained;
        }
    }

    public void Dispose() => _lock.Dispose();

    private string File(string name) => System.IO.Path.Combine(Path, name);
}
