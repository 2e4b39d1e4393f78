namespace Malrule.Tests;

/// <summary>Where tests find data: committed files under test/data, and the optional folder ../shared beside the repository.</summary>
internal static class TestPaths
{
    public static string Repository { get; } = FindRepository();

    /// <summary>A file or folder under test/data; it is always there.</summary>
    public static string Data(params ReadOnlySpan<string> parts) => Path.Combine([Repository, "test", "data", .. parts]);

    /// <summary>A file or folder of ../shared; the running test is skipped, with the reason printed, where it is absent.</summary>
    public static string Shared(params ReadOnlySpan<string> parts)
    {
        string path = Path.Combine([Path.GetDirectoryName(Repository)!, "shared", .. parts]);
        Assert.SkipUnless(Path.Exists(path), $"needs ../shared/{string.Join('/', parts!)}, which is absent");
        return path;
    }

    /// <summary>A new empty folder under the system's temporary folder; what is left of it goes with the tests.</summary>
    public static string TemporaryFolder() => TemporaryFolders.Make();

    // By the folder of the binaries: a compiler's source path is rewritten in deterministic builds.
    // Not by CallerFilePath: a CI build maps source paths to /_/.
    private static string FindRepository()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Malrule.slnx")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException($"No Malrule.slnx above {AppContext.BaseDirectory}.");
    }
}
