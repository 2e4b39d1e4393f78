using Malrule.Inference;

namespace Malrule.Mining.Embeddings;

/// <summary>How inferred misconceptions and the catalogue's names are embedded and compared. The defaults are those of the <c>default</c> preset.</summary>
public sealed record EmbeddingOptions
{
    /// <summary>The tutorial's choices, quirks included: the first token's state whatever the checkpoint says, no prefix, names as they stand.</summary>
    public static EmbeddingOptions Tutorial { get; } = new()
    {
        Engine = new EmbedderOptions { Pooling = Pooling.Cls },
        QueryPrefix = "",
        CataloguePrefix = "",
        CleanNames = false,
        CosinesInDouble = true,
    };

    /// <summary>How the embedder is loaded: pooling, mode and token limit change results, the rest does not.</summary>
    public EmbedderOptions Engine { get; init; } = new();

    /// <summary>Put before every inferred misconception; null: <c>search_query: </c> for nomic-embed-text, which is trained with it, else nothing.</summary>
    public string? QueryPrefix { get; init; }

    /// <summary>Put before every name of the catalogue; null: <c>search_document: </c> for nomic-embed-text, else nothing.</summary>
    public string? CataloguePrefix { get; init; }

    /// <summary>Whether names are embedded on one line and without stray spaces, or as the catalogue has them.</summary>
    public bool CleanNames { get; init; } = true;

    /// <summary>
    /// Folder in which the vectors of names and inferred texts are kept from run to run, 256 MiB at most; null: they are computed every time. Of no effect on results.
    /// </summary>
    public string? CacheFolder { get; init; }

    /// <summary>The folder that <c>malrule mine</c> keeps them in: malrule/vectors in XDG_CACHE_HOME, else in the user's cache folder.</summary>
    public static string DefaultCacheFolder()
    {
        string caches = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg ? xdg
            : OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Path.Combine(caches, "malrule", "vectors");
    }

    /// <summary>Whether cosines are computed in double precision, which settles ties of 1e-12 as numpy would, or in single, which is faster.</summary>
    public bool CosinesInDouble { get; init; }
}
