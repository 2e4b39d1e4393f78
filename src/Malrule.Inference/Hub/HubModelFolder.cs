namespace Malrule.Inference.Hub;

/// <summary>
/// A model's folder in the Hugging Face cache: <c>blobs</c> holds contents by hash, <c>snapshots/COMMIT</c> the files by name
/// (links to blobs), <c>refs/REVISION</c> the commit a branch or tag stood at when it was last downloaded.
/// </summary>
/// <param name="root">The cache.</param>
/// <param name="id">The model.</param>
/// <param name="output">Where the snapshot's files go instead, one commit's only; the cache then holds transfers under way.</param>
internal sealed class HubModelFolder(string root, HubModelId id, string? output = null)
{
    private readonly string _path = Path.Combine(root, $"models--{id.Organisation}--{id.Name}");

    public string Blob(string hash) => Path.Combine(_path, "blobs", hash);

    public string Snapshot(string commit) => output ?? Path.Combine(_path, "snapshots", commit);

    // The path that huggingface_hub locks too, so that both may download the same model at once.
    public string Lock(string name) => Path.Combine(root, ".locks", Path.GetFileName(_path), $"{name}.lock");

    /// <summary>The snapshot's folder; null where the revision is not in the cache.</summary>
    public string? Find(string revision)
    {
        string reference = Reference(revision);
        string commit = File.Exists(reference) ? File.ReadAllText(reference).Trim() : revision;
        return HubFile.IsCommit(commit) && Directory.Exists(Snapshot(commit)) ? Snapshot(commit) : null;
    }

    /// <summary>Every snapshot in the cache with the branches and tags that stand at it.</summary>
    public IEnumerable<CachedModel> List()
    {
        string references = Path.Combine(_path, "refs"), snapshots = Path.Combine(_path, "snapshots");
        if (!Directory.Exists(snapshots))
            return [];
        ILookup<string, string> revisions = (Directory.Exists(references) ? Directory.EnumerateFiles(references, "*", SearchOption.AllDirectories) : [])
            .ToLookup(file => File.ReadAllText(file).Trim(), file => Path.GetRelativePath(references, file).Replace('\\', '/'));
        return Directory.EnumerateDirectories(snapshots).Where(path => HubFile.IsCommit(Path.GetFileName(path))).Order(StringComparer.Ordinal)
            .Select(path => CachedModel.Read(id.Repository, [.. revisions[Path.GetFileName(path)].Order(StringComparer.Ordinal)], path));
    }

    /// <summary>Whether the file's content is here, complete. In a plain folder a file may be another commit's: there its hash decides.</summary>
    public bool Holds(HubFile file, string commit) => HasLength(Blob(file.Hash), file.Size)
        || HasLength(InSnapshot(file, commit), file.Size) && (output is null || file.IsContentOf(InSnapshot(file, commit)));

    /// <summary>Where the file's content is.</summary>
    public string Locate(HubFile file, string commit) => HasLength(Blob(file.Hash), file.Size) ? Blob(file.Hash) : InSnapshot(file, commit);

    /// <summary>Bytes that are still to be written, given what an earlier attempt left.</summary>
    public long Lacks(HubFile file)
    {
        var partial = new FileInfo(Blob(file.Hash) + ".incomplete");
        return partial.Exists ? Math.Max(0, file.Size - partial.Length) : file.Size;
    }

    /// <summary>Puts a file whose blob is here into the snapshot.</summary>
    /// <param name="file">The file.</param>
    /// <param name="commit">The snapshot's commit.</param>
    /// <param name="links">False: as where the system allows no links.</param>
    /// <param name="spare">Nothing else needs the blob: without links it is moved, not copied.</param>
    public void Place(HubFile file, string commit, bool links, bool spare)
    {
        string target = InSnapshot(file, commit), blob = Blob(file.Hash);
        if (output is null ? HasLength(target, file.Size) : !File.Exists(blob))
            return;
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.Delete(target);
        if (links && TryLink(target, blob))
            return;
        if (spare)
        {
            File.Move(blob, target);
            return;
        }
        string copy = target + ".incomplete";
        File.Copy(blob, copy, overwrite: true);
        File.Move(copy, target);
    }

    /// <summary>Notes the commit that a branch or tag stands at.</summary>
    public void WriteReference(string revision, string commit)
    {
        string reference = Reference(revision), fresh = reference + ".incomplete";
        Directory.CreateDirectory(Path.GetDirectoryName(reference)!);
        File.WriteAllText(fresh, commit);
        File.Move(fresh, reference, overwrite: true);
    }

    private string Reference(string revision) => Path.Combine(_path, "refs", revision);

    private string InSnapshot(HubFile file, string commit) => Path.Combine(Snapshot(commit), file.Name);

    private static bool TryLink(string target, string blob)
    {
        try
        {
            File.CreateSymbolicLink(target, Path.GetRelativePath(Path.GetDirectoryName(target)!, blob));
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or PlatformNotSupportedException)
        {
            return false; // Windows without the right to link, or a file system without links
        }
    }

    private static bool HasLength(string path, long length) => HubFile.LengthOf(path) == length;
}
