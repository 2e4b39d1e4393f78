using System.Text;
using Malrule.Inference;

namespace Malrule.Mining.Results;

/// <summary>
/// Writes a file whole or not at all: into a temporary file beside it, flushed to the disk, then renamed over it. Text is UTF-8 without a
/// byte order mark. Errors of the disk come as <see cref="MalruleException"/> with what to do.
/// </summary>
internal static class AtomicFile
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    public static void Write(string path, Action<Stream> write)
    {
        string temporary = path + ".tmp";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception error)
        {
            TryDelete(temporary);
            if (Explain(path, error) is { } explained)
                throw explained;
            throw;
        }
    }

    public static void WriteText(string path, Action<TextWriter> write) => Write(path, stream =>
    {
        using var writer = new StreamWriter(stream, Utf8, leaveOpen: true) { NewLine = "\n" };
        write(writer);
    });

    /// <summary>What a user can do about an error of the disk; null for any other.</summary>
    public static MalruleException? Explain(string path, Exception error) => error switch
    {
        UnauthorizedAccessException => new InvalidInputException($"{path} cannot be written: {Reason(error)}. Close programs that have it open, choose a folder you may write to, or change its permissions.", error),
        DirectoryNotFoundException => new InvalidInputException($"{path} cannot be written: its folder does not exist.", error),
        IOException => new MalruleException($"{path} cannot be written: {Reason(error)}. Make room or mend the disk; the same command then goes on where it stopped.", error),
        _ => null,
    };

    // Without the path, which .NET puts behind what the system said.
    private static string Reason(Exception error) => error.Message.Split(" : '")[0].TrimEnd('.');

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The first error is the one that matters.
        }
    }
}
