using Malrule.Tests;

namespace Malrule.Cli.Tests;

/// <summary>An environment with an empty Hugging Face folder and cache, in place of the machine's own until it is disposed.</summary>
internal sealed class HubVariables : IDisposable
{
    private static readonly string[] Names =
    [
        "HF_ENDPOINT", "HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_HUB_DISABLE_IMPLICIT_TOKEN",
    ];

    private readonly Dictionary<string, string?> _before = Names.ToDictionary(name => name, Environment.GetEnvironmentVariable);

    public HubVariables()
    {
        foreach (string name in Names)
            Environment.SetEnvironmentVariable(name, null);
        Environment.SetEnvironmentVariable("HF_HOME", Cache);
        Environment.SetEnvironmentVariable("HF_HUB_CACHE", Cache);
    }

    public string Cache { get; } = TestPaths.TemporaryFolder();

    public void Dispose()
    {
        foreach (var (name, value) in _before)
            Environment.SetEnvironmentVariable(name, value);
        Directory.Delete(Cache, recursive: true);
    }
}
