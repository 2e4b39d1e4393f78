using Malrule.Inference.Hub;

namespace Malrule.Inference;

/// <summary>
/// Finds models in the local Hugging Face cache, which <see cref="HubDownloader"/> and Hugging Face's own tools fill. Nothing is
/// downloaded here.
/// </summary>
public static class HubCache
{
    /// <summary>The cache: HF_HUB_CACHE, else HF_HOME/hub, else huggingface/hub in XDG_CACHE_HOME or ~/.cache.</summary>
    public static string Root()
    {
        if (Environment.GetEnvironmentVariable("HF_HUB_CACHE") is { Length: > 0 } cache)
            return cache;
        if (Environment.GetEnvironmentVariable("HF_HOME") is { Length: > 0 } home)
            return Path.Combine(home, "hub");
        string caches = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg
            ? xdg : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Path.Combine(caches, "huggingface", "hub");
    }

    /// <summary>A folder as it is; a hub id (<c>org/name</c>, <c>org/name@revision</c>) as the folder of its cached snapshot.</summary>
    /// <exception cref="InvalidInputException">There is neither such a folder nor such a cached model.</exception>
    public static string Resolve(string directoryOrId) => Resolve(directoryOrId, Root());

    /// <summary>The hub id of a snapshot's folder, else the folder's own name.</summary>
    internal static string NameOf(string directory)
    {
        string? snapshots = Path.GetDirectoryName(directory), model = Path.GetFileName(Path.GetDirectoryName(snapshots));
        return Path.GetFileName(snapshots) == "snapshots" && model?.Split("--") is ["models", var organisation, var name] ? $"{organisation}/{name}" : Path.GetFileName(directory);
    }

    internal static string Resolve(string directoryOrId, string root)
    {
        if (Directory.Exists(directoryOrId))
            return Path.GetFullPath(directoryOrId);
        if (HubModelId.TryParse(directoryOrId) is not { } id)
            throw new InvalidInputException($"{directoryOrId}: there is no such folder (and it is not a hub id of the form org/name).");
        return new HubModelFolder(root, id).Find(id.Revision ?? HubDownloader.DefaultRevision) ?? throw new InvalidInputException(
            $"{directoryOrId}: neither a folder here nor a model in the Hugging Face cache ({root}). Download it with: malrule pull {directoryOrId}");
    }
}
