using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Malrule.Inference.Tests.Hub;

/// <summary>
/// One repository of a hub that speaks the hub's API: <c>/api/models/ORG/NAME/revision/REV</c> and <c>/ORG/NAME/resolve/COMMIT/FILE</c>.
/// Safetensors are in large storage: resolve redirects to another host, as the hub does to its storage.
/// </summary>
internal sealed class FakeHub : IAsyncDisposable
{
    public const string Id = "some-org/some-model";
    public const string Token = "hf_secret";
    public static readonly string Commit = new('c', 40);

    private readonly List<string> _listed;
    private readonly Dictionary<string, byte[]> _files;

    public FakeHub(IReadOnlyDictionary<string, byte[]> files, params string[] alsoListed)
    {
        _files = new Dictionary<string, byte[]>(files);
        _listed = [.. files.Keys, .. alsoListed];
        Storage = new LoopbackServer(Store, "localhost");
        Endpoint = new LoopbackServer(request => Intercept?.Invoke(request) ?? Answer(request));
        Cache = Malrule.Tests.TestPaths.TemporaryFolder();
    }

    public LoopbackServer Endpoint { get; }

    /// <summary>Where large files lie: another host and port.</summary>
    public LoopbackServer Storage { get; }

    public string Cache { get; }

    /// <summary>A test's own answers, before the hub's; null: as the hub.</summary>
    public Func<LoopbackServer.Request, LoopbackServer.Answer?>? Intercept { get; set; }

    /// <summary>Likewise for the storage.</summary>
    public Func<LoopbackServer.Request, LoopbackServer.Answer?>? InterceptStorage { get; set; }

    public string Model => Path.Combine(Cache, "models--some-org--some-model");

    public string Snapshot => Path.Combine(Model, "snapshots", Commit);

    public IEnumerable<string> Blobs => Directory.Exists(Path.Combine(Model, "blobs")) ? Directory.GetFiles(Path.Combine(Model, "blobs")).Select(file => Path.GetFileName(file)!).Order() : [];

    public static LoopbackServer.Answer Status(int status, params (string Name, string Value)[] headers) => new(status, [], null, headers);

    public static string Sha256(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    public static string GitHash(byte[] content)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        hash.AppendData(Encoding.ASCII.GetBytes($"blob {content.Length}\0"));
        hash.AppendData(content);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public HubDownloadOptions Options(bool links = true, bool offline = false, string? token = Token, string? revision = null, TimeSpan? patience = null, string? output = null) => new()
    {
        Endpoint = Endpoint.Address,
        Token = token,
        CacheDirectory = Cache,
        Offline = offline,
        Revision = revision,
        OutputDirectory = output,
        Links = links,
        RetryDelay = TimeSpan.FromMilliseconds(1),
        Patience = patience ?? TimeSpan.FromSeconds(60),
    };

    public Task<HubSnapshot> PullAsync(HubDownloadOptions? options = null, string id = Id, IProgress<HubProgress>? progress = null) =>
        HubDownloader.DownloadAsync(id, options ?? Options(), progress, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await Endpoint.DisposeAsync();
        await Storage.DisposeAsync();
        Directory.Delete(Cache, recursive: true);
    }

    private LoopbackServer.Answer Answer(LoopbackServer.Request request)
    {
        if (request.Path.StartsWith($"/api/models/{Id}/revision/", StringComparison.Ordinal))
            return new(200, JsonSerializer.SerializeToUtf8Bytes(new { id = Id, sha = Commit, siblings = _listed.Select(name => new { rfilename = name }) }));
        if (!TryFile(request.Path, out string name))
            return Status(404, ("X-Error-Code", "EntryNotFound"));
        byte[] content = _files[name];
        return name.EndsWith(".safetensors", StringComparison.Ordinal)
            ? Status(302, ("Location", $"{Storage.Address}{request.Path}?signature=x"), ("X-Repo-Commit", Commit), ("X-Linked-Etag", $"\"{Sha256(content)}\""), ("X-Linked-Size", $"{content.Length}"), ("ETag", "\"of-the-redirect\""))
            : new(200, content, null, ("X-Repo-Commit", Commit), ("ETag", $"\"{GitHash(content)}\""));
    }

    private LoopbackServer.Answer Store(LoopbackServer.Request request)
    {
        if (InterceptStorage?.Invoke(request) is { } answer)
            return answer;
        return TryFile(request.Path, out string name) ? Serve(request, _files[name]) : Status(404);
    }

    /// <summary>The content, or what a Range header asks of it.</summary>
    public static LoopbackServer.Answer Serve(LoopbackServer.Request request, byte[] content)
    {
        if (request.Header("range") is not { } range)
            return new(200, content);
        int from = int.Parse(range["bytes=".Length..^1], System.Globalization.CultureInfo.InvariantCulture);
        return new(206, content[from..], null, ("Content-Range", $"bytes {from}-{content.Length - 1}/{content.Length}"));
    }

    private bool TryFile(string path, out string name)
    {
        string prefix = $"/{Id}/resolve/{Commit}/";
        string plain = path.Split('?')[0];
        name = plain.StartsWith(prefix, StringComparison.Ordinal) ? Uri.UnescapeDataString(plain[prefix.Length..]) : "";
        return _files.ContainsKey(name);
    }
}
