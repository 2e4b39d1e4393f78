using System.Security.Cryptography;
using System.Text;

namespace Malrule.Inference.Hub;

/// <summary>
/// A file of a repository as the hub announces it. The hash names its blob in the cache: the sha256 of the content for files in large
/// storage, else git's blob id (sha1 over "blob SIZE\0" and the content).
/// </summary>
/// <param name="Name">Its path within the repository.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Hash">64 or 40 lower-case hexadecimal digits.</param>
internal sealed record HubFile(string Name, long Size, string Hash)
{
    private const int Sha256Digits = 64;
    private const int Sha1Digits = 40;

    public string HashName => Hash.Length == Sha256Digits ? "sha256" : "git sha1";

    /// <summary>A hash that the content is to be appended to.</summary>
    public IncrementalHash StartHash()
    {
        if (Hash.Length == Sha256Digits)
            return IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        hash.AppendData(Encoding.ASCII.GetBytes(FormattableString.Invariant($"blob {Size}\0")));
        return hash;
    }

    /// <summary>Bytes of the content that a path leads to, through links; −1: it leads to none.</summary>
    public static long LengthOf(string path)
    {
        try
        {
            using var handle = File.OpenHandle(path); // a link's own length is not the content's
            return RandomAccess.GetLength(handle);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return -1;
        }
    }

    /// <summary>Whether a local file holds this content.</summary>
    public bool IsContentOf(string path)
    {
        using IncrementalHash hash = StartHash();
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
        var buffer = new byte[1 << 18];
        for (int read; (read = stream.Read(buffer)) > 0;)
            hash.AppendData(buffer, 0, read);
        return Convert.ToHexStringLower(hash.GetCurrentHash()) == Hash;
    }

    /// <summary>The hash within an entity tag (<c>"abc"</c>, <c>W/"abc"</c>); null where it is of neither kind.</summary>
    public static string? HashOf(string? tag)
    {
        string text = (tag ?? "").Trim();
        text = (text.StartsWith("W/", StringComparison.Ordinal) ? text[2..] : text).Trim('"');
        return text.Length is Sha256Digits or Sha1Digits && text.All(char.IsAsciiHexDigit) ? text.ToLowerInvariant() : null;
    }

    /// <summary>Whether the text is a git commit.</summary>
    public static bool IsCommit(string text) => text.Length == Sha1Digits && text.All(char.IsAsciiHexDigitLower);
}
