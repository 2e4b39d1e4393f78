using Malrule.Inference.Hub;

namespace Malrule.Inference;

/// <summary>
/// Finds models in the local Hugging Face cache, which <see cref="HubDownloader"/> and Hugging Face's own tools fill. Nothing is
/// downloaded here.
/// </summary>
public static class HubCache
{
    /// <summary>The cache: HF_HUB_CACHE, else HF_HOME/hub, else huggingface/hub in XDG_CACHE_HOME or ~/.cache.</summary>
    public static string Root() => HubDownloadOptions.Variable("HF_HUB_CACHE") ?? Path.Combine(Home(), "hub");

    /// <summary>A snapshot of every model in the cache, by id; what is no model's folder is left out.</summary>
    /// <param name="root">null: <see cref="Root"/>.</param>
    /// <exception cref="InvalidInputException">The cache cannot be read.</exception>
    public static IReadOnlyList<CachedModel> List(string? root = null)
    {
        root ??= Root();
        try
        {
            return [.. (Directory.Exists(root) ? Directory.EnumerateDirectories(root, "models--*") : []).Order(StringComparer.Ordinal)
                .SelectMany(path => HubModelId.FromFolder(Path.GetFileName(path)) is { } id ? new HubModelFolder(root, id).List() : [])];
        }
        catch (UnauthorizedAccessException error)
        {
            throw new InvalidInputException($"{root}: the Hugging Face cache cannot be read: {error.Message}", error);
        }
    }

    /// <summary>Hugging Face's own folder: HF_HOME, else huggingface in XDG_CACHE_HOME or ~/.cache.</summary>
    internal static string Home()
    {
        if (HubDownloadOptions.Variable("HF_HOME") is { } home)
            return home;
        string caches = HubDownloadOptions.Variable("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Path.Combine(caches, "huggingface");
    }

    /// <summary>A folder as it is; a hub id (<c>org/name</c>, <c>org/name@revision</c>) as the folder of its cached snapshot.</summary>
    /// <exception cref="InvalidInputException">There is neither such a folder nor such a cached model, or the cached model is not complete.</exception>
    public static string Resolve(string directoryOrId) => Resolve(directoryOrId, Root());

    /// <summary>The hub id of a snapshot's folder, else the folder's own name.</summary>
    internal static string NameOf(string directory)
    {
        string? snapshots = Path.GetDirectoryName(directory), model = Path.GetFileName(Path.GetDirectoryName(snapshots));
        return Path.GetFileName(snapshots) == "snapshots" && HubModelId.FromFolder(model ?? "") is { } id ? id.Repository : Path.GetFileName(directory);
    }

    internal static string Resolve(string directoryOrId, string root)
    {
        if (Directory.Exists(directoryOrId))
            return Path.GetFullPath(directoryOrId);
        if (File.Exists(directoryOrId))
            throw new InvalidInputException($"{directoryOrId} is a file; expected a model's folder, with config.json, safetensors and tokenizer.json (GGUF files are not read).");
        if (HubModelId.TryParse(directoryOrId) is not { } id)
            throw new InvalidInputException($"{directoryOrId}: there is no such folder (and it is not a hub id of the form org/name).");
        string snapshot = new HubModelFolder(root, id).Find(id.Revision ?? HubDownloader.DefaultRevision) ?? throw new InvalidInputException(
            $"{directoryOrId}: neither a folder here nor a model in the Hugging Face cache ({root}). Download it with: malrule pull {directoryOrId}");
        return CachedModel.MissingFiles(snapshot) is { Count: > 0 } missing
            ? throw new InvalidInputException($"{directoryOrId}: in the Hugging Face cache it lacks {string.Join(", ", missing)} ({snapshot}). Where its weights are safetensors, this goes on with it: malrule pull {directoryOrId}")
            : snapshot;
    }
}
