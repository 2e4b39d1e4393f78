using System.Security.Cryptography;
using Malrule.Inference.Hub;

namespace Malrule.Inference.Verification;

/// <summary>
/// Hashes the files that the engine reads and compares them with those they were published with, where they are at hand: the name of the
/// blob that a file of the Hugging Face cache links to, or the notes that <c>hf download --local-dir</c> leaves beside the files.
/// </summary>
internal static class FileCheck
{
    private static readonly string[] Patterns = ["*.json", "*.safetensors", "*.jinja"];

    public static ModelCheck Run(string directory, List<VerifiedFile> files, CancellationToken cancellationToken)
    {
        var wrong = new List<string>();
        foreach (string path in Find(directory))
        {
            string name = Path.GetRelativePath(directory, path).Replace('\\', '/');
            string? published = PublishedHash(directory, path, name);
            var (bytes, sha256, own) = Hash(path, published, cancellationToken);
            files.Add(new VerifiedFile(name, bytes, sha256, published is null ? null : own == published));
            if (published is not null && own != published)
                wrong.Add($"{name}: was published with the hash {published}, but has {own}; delete {File.ResolveLinkTarget(path, true)?.FullName ?? path} and download it again");
        }
        string sum = FormattableString.Invariant($"{files.Count} files, {files.Sum(file => file.Bytes) / 1e6:0.0} MB");
        int compared = files.Count(file => file.Matches is not null);
        if (wrong.Count > 0)
            return new ModelCheck("files", CheckVerdict.Failed, $"{wrong.Count} of {sum} are not what was published") { Details = wrong };
        if (compared > 0)
            return new ModelCheck("files", CheckVerdict.Ok, $"{sum}; {(compared == files.Count ? "all" : compared)} have the hash they were published with");
        var weights = files.Where(file => file.Name.EndsWith(".safetensors", StringComparison.Ordinal)).ToList();
        return new ModelCheck("files", CheckVerdict.Ok, $"{sum}; no published hashes at hand to compare with{(weights.Count == 1 ? $", {weights[0].Name} has sha256 {weights[0].Sha256[..16]}…" : "")}");
    }

    private static IEnumerable<string> Find(string directory) =>
        Patterns.SelectMany(pattern => Directory.EnumerateFiles(directory, pattern))
            .Concat(Directory.EnumerateDirectories(directory).Where(folder => !Path.GetFileName(folder).StartsWith('.')).SelectMany(folder => Directory.EnumerateFiles(folder, "config.json")))
            .Order(StringComparer.Ordinal);

    private static string? PublishedHash(string directory, string path, string name)
    {
        if (File.ResolveLinkTarget(path, returnFinalTarget: true) is { } blob && Path.GetFileName(Path.GetDirectoryName(blob.FullName)) == "blobs")
            return HubFile.HashOf(blob.Name);
        string notes = Path.Combine(directory, ".cache", "huggingface", "download", name + ".metadata");
        return File.Exists(notes) && File.ReadLines(notes).ElementAtOrDefault(1) is { } tag ? HubFile.HashOf(tag) : null; // commit, entity tag, time
    }

    /// <summary>The file's sha256, and its hash of the kind that it was published with.</summary>
    private static (long Bytes, string Sha256, string? Own) Hash(string path, string? published, CancellationToken cancellationToken)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1);
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var kindred = published is null ? null : new HubFile(path, stream.Length, published).StartHash();
        byte[] buffer = new byte[1 << 20];
        for (int read; (read = stream.Read(buffer)) > 0;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            sha256.AppendData(buffer, 0, read);
            if (kindred?.AlgorithmName == HashAlgorithmName.SHA1)
                kindred.AppendData(buffer, 0, read);
        }
        string hash = Convert.ToHexStringLower(sha256.GetHashAndReset());
        return (stream.Length, hash, kindred?.AlgorithmName == HashAlgorithmName.SHA1 ? Convert.ToHexStringLower(kindred.GetHashAndReset()) : hash);
    }
}
