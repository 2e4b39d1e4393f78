using Malrule.Inference.Hub;

namespace Malrule.Inference;

/// <summary>Where and how to download; the defaults are those of the Hugging Face environment variables.</summary>
public sealed class HubDownloadOptions
{
    /// <summary>Branch, tag or commit; null: that of the id (<c>org/name@revision</c>), else main.</summary>
    public string? Revision { get; init; }

    /// <summary>Address of the hub or a mirror of it: HF_ENDPOINT, else https://huggingface.co.</summary>
    public string Endpoint { get; init; } = Variable("HF_ENDPOINT") ?? "https://huggingface.co";

    /// <summary>
    /// Access token: HF_TOKEN, else the file that <c>hf auth login</c> writes (HF_TOKEN_PATH). It is sent to <see cref="Endpoint"/> alone, never to a
    /// host that a file is redirected to.
    /// </summary>
    public string? Token { get; init; } = HubToken.Find().Value;

    /// <summary>The variable or file that the environment's token comes from; null: it has none.</summary>
    public string? TokenSource { get; } = HubToken.Find().Source;

    /// <summary>The cache to download into: see <see cref="HubCache.Root"/>.</summary>
    public string CacheDirectory { get; init; } = HubCache.Root();

    /// <summary>A folder to put the files in, plain files without a cache around them; null: the cache.</summary>
    public string? OutputDirectory { get; init; }

    /// <summary>Ask nobody; what is here must do: HF_HUB_OFFLINE, TRANSFORMERS_OFFLINE.</summary>
    public bool Offline { get; init; } = IsSet("HF_HUB_OFFLINE") || IsSet("TRANSFORMERS_OFFLINE");

    /// <summary>Files downloaded at the same time.</summary>
    public int MaxParallelFiles { get; init; } = 4;

    /// <summary>Wait before the first retry; it doubles with each.</summary>
    internal TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a connection may send nothing.</summary>
    internal TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Whether snapshots are links to blobs where the system allows that.</summary>
    internal bool Links { get; init; } = true;

    internal static bool IsSet(string name) => Variable(name)?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE";

    internal static string? Variable(string name) => Environment.GetEnvironmentVariable(name)?.Trim() is { Length: > 0 } value ? value : null;
}
