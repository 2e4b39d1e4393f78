namespace Malrule.Inference;

/// <summary>
/// Finds models in the local Hugging Face cache: <c>models--org--name/refs/main</c> names the commit whose files stand under
/// <c>snapshots</c>. The cache lies at HF_HUB_CACHE, else HF_HOME/hub, else ~/.cache/huggingface/hub. Nothing is downloaded.
/// </summary>
public static class HubCache
{
    /// <summary>A folder as it is; a hub id (<c>org/name</c>) as the folder of its cached snapshot.</summary>
    /// <exception cref="InvalidInputException">There is neither such a folder nor such a cached model.</exception>
    public static string Resolve(string directoryOrId)
    {
        if (Directory.Exists(directoryOrId))
            return Path.GetFullPath(directoryOrId);
        if (directoryOrId.Split('/') is not [{ Length: > 0 } org, { Length: > 0 } name] || directoryOrId.Contains("..", StringComparison.Ordinal)
            || !directoryOrId.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '-' or '_' or '.'))
            throw new InvalidInputException($"{directoryOrId}: there is no such folder (and it is not a hub id of the form org/name).");

        string model = Path.Combine(Root(), $"models--{org}--{name}");
        string reference = Path.Combine(model, "refs", "main");
        if (File.Exists(reference))
        {
            string snapshot = Path.Combine(model, "snapshots", File.ReadAllText(reference).Trim());
            if (Directory.Exists(snapshot))
                return snapshot;
        }
        throw new InvalidInputException(
            $"{directoryOrId}: neither a folder here nor a model in the Hugging Face cache ({Root()}). Download it with: hf download {directoryOrId}");
    }

    private static string Root()
    {
        if (Environment.GetEnvironmentVariable("HF_HUB_CACHE") is { Length: > 0 } cache)
            return cache;
        if (Environment.GetEnvironmentVariable("HF_HOME") is { Length: > 0 } home)
            return Path.Combine(home, "hub");
        return Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "huggingface", "hub");
    }
}
