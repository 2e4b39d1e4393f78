using System.Security.Cryptography;
using System.Text;
using Malrule.Inference;

namespace Malrule.Mining.Results;

/// <summary>Digests of what a run reads.</summary>
internal static class InputHash
{
    private static readonly string[] CheckpointFiles = ["*.json", "*.safetensors", "*.txt", "*.jinja"];

    /// <summary>A file's SHA-256.</summary>
    public static RunInput OfFile(string path) => new(Path.GetFileName(path), Digest(path));

    /// <summary>
    /// A checkpoint's: the SHA-256 over a line <c>digest  name</c> for each of its files (JSON, safetensors, text, Jinja), pooling included, by name.
    /// </summary>
    public static RunInput OfCheckpoint(string folder, CancellationToken cancellationToken)
    {
        string root = Path.GetFullPath(folder);
        var lines = new StringBuilder();
        foreach (string name in CheckpointFiles.SelectMany(pattern => Directory.EnumerateFiles(root, pattern))
            .Concat(Directory.Exists(Path.Combine(root, "1_Pooling")) ? Directory.EnumerateFiles(Path.Combine(root, "1_Pooling"), "*.json") : [])
            .Select(path => Path.GetRelativePath(root, path).Replace('\\', '/')).Order(StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            lines.Append(Digest(Path.Combine(root, name))).Append("  ").Append(name).Append('\n');
        }
        return new RunInput(Path.GetFileName(root), Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(lines.ToString()))));
    }

    private static string Digest(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            return Convert.ToHexStringLower(SHA256.HashData(stream));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{path} cannot be read: {error.Message}", error);
        }
    }
}
