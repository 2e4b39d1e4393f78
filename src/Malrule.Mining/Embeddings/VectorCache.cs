using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Malrule.Inference;
using Malrule.Mining.Results;

namespace Malrule.Mining.Embeddings;

/// <summary>
/// Vectors of lists of texts, kept from run to run: a file each, named by the SHA-256 of all they depend on (embedder, arithmetic, texts with
/// their prefix). A file: magic, that hash, rows, dimensions and cut texts (int32 each), fp32 rows, SHA-256 of all before. The oldest files go when
/// all together grow past a limit. A file that is damaged, or cannot be read or written, costs a note and time but never a run.
/// </summary>
/// <param name="folder">Where the files are; made where it is absent.</param>
/// <param name="embedder">What the vectors depend on beside the texts.</param>
/// <param name="limit">Bytes that all files together may take.</param>
/// <param name="note">Told what is worth knowing.</param>
internal sealed class VectorCache(string folder, IReadOnlyList<string> embedder, long limit, Action<string> note)
{
    public const long DefaultLimit = 256L << 20;

    private const int HeaderBytes = 8 + SHA256.HashSizeInBytes + 3 * sizeof(int);

    private static ReadOnlySpan<byte> Magic => "MRVECT1\n"u8;

    /// <summary>The vectors of these texts, and how many of them were cut; null where they are not kept.</summary>
    public (EmbeddingMatrix Vectors, int Truncated)? Find(IReadOnlyList<string> texts)
    {
        byte[] key = Key(texts);
        string path = PathOf(key);
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists)
                return null;
            if (file.Length <= limit && Parse(File.ReadAllBytes(path), key, texts.Count) is { } found)
            {
                Touch(file);
                note($"The vectors of {texts.Count} texts come from {path}.");
                return found;
            }
            note($"{path} is damaged; the texts are embedded again.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            note($"{path} cannot be used ({error.Message}); the texts are embedded again.");
        }
        return null;
    }

    public void Keep(IReadOnlyList<string> texts, EmbeddingMatrix vectors, int truncated)
    {
        byte[] key = Key(texts);
        byte[] file = new byte[checked(HeaderBytes + vectors.Values.Length * sizeof(float) + SHA256.HashSizeInBytes)];
        if (file.Length > limit)
            return;
        Magic.CopyTo(file);
        key.CopyTo(file, Magic.Length);
        Span<byte> sizes = file.AsSpan(Magic.Length + key.Length);
        BinaryPrimitives.WriteInt32LittleEndian(sizes, vectors.Count);
        BinaryPrimitives.WriteInt32LittleEndian(sizes[4..], vectors.Dimensions);
        BinaryPrimitives.WriteInt32LittleEndian(sizes[8..], truncated);
        MemoryMarshal.AsBytes(vectors.Values).CopyTo(file.AsSpan(HeaderBytes));
        SHA256.HashData(file.AsSpan(..^SHA256.HashSizeInBytes), file.AsSpan(^SHA256.HashSizeInBytes..));
        try
        {
            Directory.CreateDirectory(folder);
            MakeRoom(file.Length);
            AtomicFile.Write(PathOf(key), stream => stream.Write(file));
        }
        catch (Exception error) when (error is MalruleException or IOException or UnauthorizedAccessException)
        {
            note($"The vectors were not kept: {error.Message}");
        }
    }

    /// <summary>Notes that a file was used, which keeps it from being deleted first.</summary>
    private static void Touch(FileInfo file)
    {
        try
        {
            file.LastWriteTimeUtc = DateTime.UtcNow;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A folder that others fill and this user only reads.
        }
    }

    /// <summary>The hash of embedder and texts, each behind its length.</summary>
    private byte[] Key(IReadOnlyList<string> texts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string part in embedder.Append(texts.Count.ToString(CultureInfo.InvariantCulture)).Concat(texts))
        {
            hash.AppendData(BitConverter.GetBytes(part.Length));
            hash.AppendData(MemoryMarshal.AsBytes(part.AsSpan())); // UTF-16 as it is: lone surrogates stay apart
        }
        return hash.GetHashAndReset();
    }

    private string PathOf(byte[] key) => Path.Combine(folder, $"{Convert.ToHexStringLower(key)}.vectors");

    private static (EmbeddingMatrix, int)? Parse(byte[] file, byte[] key, int texts)
    {
        if (file.Length < HeaderBytes + SHA256.HashSizeInBytes || !file.AsSpan().StartsWith(Magic) || !file.AsSpan(Magic.Length).StartsWith(key)
            || !SHA256.HashData(file.AsSpan(..^SHA256.HashSizeInBytes)).AsSpan().SequenceEqual(file.AsSpan(^SHA256.HashSizeInBytes..)))
            return null;
        ReadOnlySpan<byte> sizes = file.AsSpan(Magic.Length + key.Length);
        int rows = BinaryPrimitives.ReadInt32LittleEndian(sizes), dimensions = BinaryPrimitives.ReadInt32LittleEndian(sizes[4..]);
        ReadOnlySpan<byte> values = file.AsSpan(HeaderBytes..^SHA256.HashSizeInBytes);
        if (rows != texts || dimensions < 0 || (long)rows * dimensions * sizeof(float) != values.Length)
            return null;
        return (new EmbeddingMatrix(MemoryMarshal.Cast<byte, float>(values).ToArray(), rows, dimensions), BinaryPrimitives.ReadInt32LittleEndian(sizes[8..]));
    }

    /// <summary>Deletes files, those used longest ago first, until a new one has room.</summary>
    private void MakeRoom(long bytes)
    {
        FileInfo[] files = [.. new DirectoryInfo(folder).GetFiles("*.vectors*").OrderByDescending(file => file.LastWriteTimeUtc)];
        foreach (FileInfo file in files)
        {
            bytes += file.Length;
            if (bytes > limit)
                file.Delete();
        }
    }
}
