namespace Malrule.Inference;

/// <summary>Where and how to download; the defaults are those of the Hugging Face environment variables.</summary>
public sealed class HubDownloadOptions
{
    /// <summary>Branch, tag or commit; null: that of the id (<c>org/name@revision</c>), else main.</summary>
    public string? Revision { get; init; }

    /// <summary>Address of the hub or a mirror of it: HF_ENDPOINT, else https://huggingface.co.</summary>
    public string Endpoint { get; init; } = Variable("HF_ENDPOINT") ?? "https://huggingface.co";

    /// <summary>Access token: HF_TOKEN. It is sent to <see cref="Endpoint"/> alone, never to a host that a file is redirected to.</summary>
    public string? Token { get; init; } = Variable("HF_TOKEN");

    /// <summary>The cache to download into: see <see cref="HubCache.Root"/>.</summary>
    public string CacheDirectory { get; init; } = HubCache.Root();

    /// <summary>Refuse to download: HF_HUB_OFFLINE.</summary>
    public bool Offline { get; init; } = Variable("HF_HUB_OFFLINE")?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE";

    /// <summary>Files downloaded at the same time.</summary>
    public int MaxParallelFiles { get; init; } = 4;

    /// <summary>Wait before the first retry; it doubles with each.</summary>
    internal TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a connection may send nothing.</summary>
    internal TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Whether snapshots are links to blobs where the system allows that.</summary>
    internal bool Links { get; init; } = true;

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name)?.Trim() is { Length: > 0 } value ? value : null;
}
