using Malrule.Inference.Checkpoints;
using Malrule.Inference.Hub;

namespace Malrule.Inference;

/// <summary>
/// Downloads a model into the Hugging Face cache: the files that Malrule reads, in parallel, resumed where they stopped, each checked by
/// size and hash before it gets its name. The snapshot's config.json, and then the reference, come last, so that a download that broke
/// off never looks complete. Two processes may download the same model; huggingface_hub may be one of them.
/// </summary>
public static class HubDownloader
{
    internal const string DefaultRevision = "main";
    private const string TransfersFolder = ".malrule-pull";
    private const long LongestIndex = 256L << 20;

    /// <summary>Downloads what the cache, or the output folder, lacks of a model and returns its snapshot. Offline, what is in the cache must do.</summary>
    /// <param name="id"><c>org/name</c> or <c>org/name@revision</c>.</param>
    /// <param name="options">null: as the environment says.</param>
    /// <param name="progress">Called from several threads.</param>
    /// <param name="cancellationToken">Stops; what is here is kept, and the next call goes on from there.</param>
    /// <exception cref="InvalidInputException">There is no such model, it may not be read, it has no safetensors, or downloads are switched off.</exception>
    /// <exception cref="MalruleException">The hub cannot be reached, or what it sends is not what it announced.</exception>
    public static async Task<HubSnapshot> DownloadAsync(
        string id, HubDownloadOptions? options = null, IProgress<HubProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(id);
        options ??= new HubDownloadOptions();
        HubModelId model = HubModelId.TryParse(id) ?? throw new InvalidInputException($"{id}: expected a model of the hub, org/name or org/name@revision.");
        string revision = Revision(model, options);
        // Beside plain files stands what a download needs while it runs.
        string root = options.OutputDirectory is { } output ? Path.Combine(output, TransfersFolder) : options.CacheDirectory;
        var folder = new HubModelFolder(root, model, options.OutputDirectory);
        if (options.Offline)
            return FindOffline(model, folder, revision, options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxParallelFiles, 1);

        var meter = new HubMeter(progress);
        using var client = new HubClient(options, model, meter.Say);
        HubListing listing = await client.ListAsync(revision, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<HubFile> files;
        using (await HubLock.TakeAsync(folder.Lock("malrule"), () => meter.Say($"{model}: another process downloads it; waiting"), cancellationToken).ConfigureAwait(false))
        {
            files = await new Run(client, folder, root, listing, options, meter).DownloadAsync(cancellationToken).ConfigureAwait(false);
            if (options.OutputDirectory is null && revision != listing.Commit)
                folder.WriteReference(revision, listing.Commit);
        }
        if (options.OutputDirectory is not null)
            Directory.Delete(root, recursive: true);
        string[] names = [.. files.Select(file => file.Name).Order(StringComparer.Ordinal)];
        return new HubSnapshot(folder.Snapshot(listing.Commit), listing.Commit, names, listing.Without(names));
    }

    /// <summary>The snapshot that is in the cache already.</summary>
    private static HubSnapshot FindOffline(HubModelId model, HubModelFolder folder, string revision, HubDownloadOptions options)
    {
        string offline = $"{model}: HF_HUB_OFFLINE is set, so nothing is downloaded";
        if (options.OutputDirectory is not null)
            throw new InvalidInputException($"{offline}, into {options.OutputDirectory} either. Unset it.");
        string directory = folder.Find(revision) ?? throw new InvalidInputException(
            $"{offline}, and {revision} is not in the cache ({options.CacheDirectory}). Unset it, or copy the model there.");
        return CachedModel.MissingFiles(directory) is { Count: > 0 } missing
            ? throw new InvalidInputException($"{offline}, and {directory} lacks {string.Join(", ", missing)}. Unset it and give the same command again.")
            : new HubSnapshot(directory, Path.GetFileName(directory), CachedModel.Files(directory), []);
    }

    private static string Revision(HubModelId model, HubDownloadOptions options)
    {
        if (options.Revision is not { } revision)
            return model.Revision ?? DefaultRevision;
        if (!HubFileName.IsSafe(revision))
            throw new InvalidInputException($"--revision: expected a branch, tag or commit; found \"{revision}\".");
        return model.Revision is null || model.Revision == revision ? revision
            : throw new InvalidInputException($"{model}: --revision says {revision}; give one revision.");
    }

    private sealed class Run(HubClient client, HubModelFolder folder, string root, HubListing listing, HubDownloadOptions options, HubMeter meter)
    {
        private readonly HashSet<string> _fresh = new(StringComparer.Ordinal);

        public async Task<IReadOnlyList<HubFile>> DownloadAsync(CancellationToken cancellationToken)
        {
            IReadOnlyList<string>? shards = listing.Contains(HubFileName.WeightsIndex) ? await ReadIndexAsync(cancellationToken).ConfigureAwait(false) : null;
            string[] names = [.. listing.Weights(shards), .. listing.Configurations()];
            var files = new HubFile[names.Length];
            await ParallelAsync(names.Length, async (i, token) => files[i] = await client.DescribeAsync(listing, names[i], token).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

            HubFile[] missing = [.. files.Where(file => !folder.Holds(file, listing.Commit)).DistinctBy(file => file.Hash)];
            CheckSpace(missing);
            meter.Start(missing.Sum(file => file.Size), missing.Length);
            await ParallelAsync(missing.Length, (i, token) => EnsureAsync(missing[i], token), cancellationToken).ConfigureAwait(false);

            // Weights first, config.json last: without it nothing loads the folder.
            foreach (HubFile file in files.OrderBy(file => file.Name == HubFileName.Config))
                folder.Place(file, listing.Commit, options.Links && options.OutputDirectory is null, spare: _fresh.Contains(file.Hash) && files.Count(other => other.Hash == file.Hash) == 1);
            return files;
        }

        private async Task<IReadOnlyList<string>> ReadIndexAsync(CancellationToken cancellationToken)
        {
            HubFile index = await client.DescribeAsync(listing, HubFileName.WeightsIndex, cancellationToken).ConfigureAwait(false);
            if (index.Size > LongestIndex)
                throw new InvalidInputException($"{index.Name}: {index.Size} bytes; expected at most {LongestIndex}.");
            if (!folder.Holds(index, listing.Commit))
                await EnsureAsync(index, cancellationToken).ConfigureAwait(false);
            return [.. ConfigFile.Read(folder.Locate(index, listing.Commit)).Strings("weight_map").Values];
        }

        private async Task EnsureAsync(HubFile file, CancellationToken cancellationToken)
        {
            using IDisposable alone = await HubLock.TakeAsync(folder.Lock(file.Hash), () => meter.Say($"{file.Name}: another process downloads it; waiting"), cancellationToken).ConfigureAwait(false);
            if (folder.Holds(file, listing.Commit))
                meter.Receive(file.Size);
            else
            {
                using var blob = new HubBlob(client, folder, file, listing.Commit, meter.Receive);
                await blob.DownloadAsync(cancellationToken).ConfigureAwait(false);
                lock (_fresh)
                    _fresh.Add(file.Hash);
            }
            meter.Finish();
        }

        private Task ParallelAsync(int count, Func<int, CancellationToken, Task> work, CancellationToken cancellationToken) => Parallel.ForAsync(0, count,
            new ParallelOptions { MaxDegreeOfParallelism = options.MaxParallelFiles, CancellationToken = cancellationToken },
            async (i, token) => await work(i, token).ConfigureAwait(false));

        private void CheckSpace(IReadOnlyList<HubFile> missing)
        {
            long needed = missing.Sum(folder.Lacks), free;
            try
            {
                Directory.CreateDirectory(root);
                string full = Path.GetFullPath(root);
                free = new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(full)! : full).AvailableFreeSpace;
            }
            catch (ArgumentException)
            {
                return; // a network share without a drive letter: the download itself will find out
            }
            if (needed > free)
                throw new InvalidInputException($"{root}: {needed} more bytes are needed, {free} are free. Free some, or set HF_HUB_CACHE (or --output) to a folder on a larger disk.");
        }
    }
}
