using System.Text;
using Malrule.Inference.Hub;
using Malrule.Tests;

namespace Malrule.Inference.Tests.Hub;

public sealed class HubDownloaderTests
{
    private static readonly byte[] Config = """{"model_type": "test"}"""u8.ToArray();
    private static readonly byte[] Weights = Random(300_000, seed: 1);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static Dictionary<string, byte[]> Files => new() { ["config.json"] = Config, ["model.safetensors"] = Weights };

    [Fact]
    public async Task A_pulled_model_loads_in_the_engine_and_has_the_layout_of_the_Hugging_Face_cache()
    {
        string fixture = TestPaths.Data("fixtures", "qwen2-fp16-tiny");
        var files = new Dictionary<string, byte[]>();
        foreach (string name in (string[])["config.json", "model.safetensors"])
            files[name] = await File.ReadAllBytesAsync(Path.Combine(fixture, name), Cancel);
        await using var hub = new FakeHub(files, "README.md", "pytorch_model.bin", "onnx/model.onnx");

        HubSnapshot snapshot = await hub.PullAsync();

        Assert.Equal(hub.Snapshot, snapshot.Directory);
        Assert.Equal(FakeHub.Commit, snapshot.Commit);
        Assert.Equal(["config.json", "model.safetensors"], snapshot.Files);
        Assert.Equal(["README.md", "onnx/model.onnx", "pytorch_model.bin"], snapshot.LeftOut);
        Assert.Equal(FakeHub.Commit, await File.ReadAllTextAsync(Path.Combine(hub.Model, "refs", "main"), Cancel));
        Assert.Equal(new[] { FakeHub.GitHash(files["config.json"]), FakeHub.Sha256(files["model.safetensors"]) }.Order(), hub.Blobs);
        if (!OperatingSystem.IsWindows())
            Assert.Equal($"../../blobs/{FakeHub.Sha256(files["model.safetensors"])}", new FileInfo(Path.Combine(hub.Snapshot, "model.safetensors")).LinkTarget);
        Assert.Equal(hub.Snapshot, HubCache.Resolve(FakeHub.Id, hub.Cache));
        Assert.Equal(hub.Snapshot, HubCache.Resolve($"{FakeHub.Id}@{FakeHub.Commit}", hub.Cache));

        await using LlmEngine engine = await LlmEngine.LoadAsync(snapshot.Directory, cancellationToken: Cancel);
        RequestOutput output = (await engine.GenerateAsync([new Prompt.FromTokenIds([1, 2, 3])], new SamplingParams { Temperature = 0, MaxTokens = 4 }, Cancel))[0];
        Assert.NotEmpty(output.Outputs[0].TokenIds);
    }

    [Fact]
    public async Task The_token_reaches_the_endpoint_and_no_other_host()
    {
        await using var hub = new FakeHub(Files);
        await hub.PullAsync();
        Assert.All(hub.Endpoint.Requests, request => Assert.Equal($"Bearer {FakeHub.Token}", request.Header("authorization")));
        Assert.NotEmpty(hub.Storage.Requests);
        Assert.All(hub.Storage.Requests, request => Assert.Null(request.Header("authorization")));
    }

    [Fact]
    public async Task The_token_stays_away_after_a_redirect_that_comes_back_to_the_endpoint()
    {
        await using var hub = new FakeHub(Files);
        hub.InterceptStorage = request => FakeHub.Status(302, ("Location", $"{hub.Endpoint.Address}/back"));
        hub.Intercept = request => request.Path == "/back" ? new(200, Weights) : null;
        await hub.PullAsync();
        Assert.Null(Assert.Single(hub.Endpoint.Requests, request => request.Path == "/back").Header("authorization"));
    }

    [Fact]
    public async Task Redirects_within_the_endpoint_keep_the_token_as_for_a_renamed_model()
    {
        await using var hub = new FakeHub(Files);
        hub.Intercept = request => request.Path.StartsWith("/api/models/old/name/", StringComparison.Ordinal) ? FakeHub.Status(307, ("Location", request.Path.Replace("old/name", FakeHub.Id, StringComparison.Ordinal)))
            : request.Path.StartsWith("/old/name/", StringComparison.Ordinal) ? FakeHub.Status(307, ("Location", request.Path.Replace("old/name", FakeHub.Id, StringComparison.Ordinal))) : null;
        await hub.PullAsync(id: "old/name");
        Assert.All(hub.Endpoint.Requests, request => Assert.NotNull(request.Header("authorization")));
        Assert.True(File.Exists(Path.Combine(HubCache.Resolve("old/name", hub.Cache), "model.safetensors")));
    }

    [Fact]
    public async Task A_second_pull_downloads_nothing_again()
    {
        await using var hub = new FakeHub(Files);
        await hub.PullAsync();
        int before = hub.Storage.Requests.Count;
        await hub.PullAsync();
        Assert.Equal(before, hub.Storage.Requests.Count);
    }

    [Fact]
    public async Task Without_links_the_files_stand_in_the_snapshot_itself()
    {
        await using var hub = new FakeHub(new Dictionary<string, byte[]>(Files) { ["tokenizer_config.json"] = Config });
        await hub.PullAsync(hub.Options(links: false));
        Assert.Equal(Weights, await File.ReadAllBytesAsync(Path.Combine(hub.Snapshot, "model.safetensors"), Cancel));
        Assert.All(Directory.GetFiles(hub.Snapshot), file => Assert.Null(new FileInfo(file).LinkTarget));
        Assert.Equal([FakeHub.GitHash(Config)], hub.Blobs); // of two files, so copied
        int before = hub.Storage.Requests.Count;
        await hub.PullAsync(hub.Options(links: false));
        Assert.Equal(before, hub.Storage.Requests.Count);
    }

    [Fact]
    public async Task Shards_are_those_that_the_index_names()
    {
        byte[] index = Encoding.UTF8.GetBytes("""{"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors", "c": "model-1.safetensors"}}""");
        await using var hub = new FakeHub(new Dictionary<string, byte[]>
        {
            ["config.json"] = Config,
            ["1_Pooling/config.json"] = Config,
            ["model.safetensors.index.json"] = index,
            ["model-1.safetensors"] = Random(100, 1),
            ["model-2.safetensors"] = Random(200, 2),
            ["consolidated.safetensors"] = Random(300, 3),
        });
        HubSnapshot snapshot = await hub.PullAsync();
        Assert.Equal(["1_Pooling/config.json", "config.json", "model-1.safetensors", "model-2.safetensors", "model.safetensors.index.json"], snapshot.Files);
        Assert.Equal(["consolidated.safetensors"], snapshot.LeftOut);
        Assert.Equal(Config, await File.ReadAllBytesAsync(Path.Combine(snapshot.Directory, "1_Pooling", "config.json"), Cancel));
    }

    [Theory, InlineData("../model.safetensors"), InlineData("gone.safetensors"), InlineData("sub/x.safetensors")]
    public async Task An_index_that_names_a_file_elsewhere_is_refused(string shard)
    {
        byte[] index = Encoding.UTF8.GetBytes($$"""{"weight_map": {"a": "{{shard}}"} }""");
        await using var hub = new FakeHub(new Dictionary<string, byte[]> { ["config.json"] = Config, ["model.safetensors.index.json"] = index, ["sub/x.safetensors"] = Config });
        await RefusesAsync<InvalidInputException>(hub, shard);
    }

    [Theory]
    [InlineData("../evil.json"), InlineData("a/../../evil.json"), InlineData("/etc/evil"), InlineData("a//b"), InlineData("..\\evil"), InlineData("C:\\evil"), InlineData("a\nb"), InlineData("")]
    public async Task A_listing_with_a_name_outside_the_folder_is_refused(string name)
    {
        await using var hub = new FakeHub(Files, name);
        await RefusesAsync<InvalidInputException>(hub, "outside its folder");
        Assert.Empty(hub.Blobs);
    }

    [Fact]
    public async Task A_listing_whose_commit_is_a_path_is_refused()
    {
        await using var hub = new FakeHub(Files);
        hub.Intercept = request => new(200, """{"sha": "../../evil", "siblings": []}"""u8.ToArray());
        await RefusesAsync<InvalidInputException>(hub, "commit");
    }

    [Fact]
    public async Task A_repository_without_safetensors_is_refused_with_what_it_holds()
    {
        await using var hub = new FakeHub(new Dictionary<string, byte[]> { ["config.json"] = Config }, "pytorch_model.bin");
        await RefusesAsync<InvalidInputException>(hub, "model.safetensors", "pytorch_model.bin");
    }

    [Theory]
    [InlineData(401, "", "HF_TOKEN"), InlineData(401, "GatedRepo", "accept"), InlineData(403, "GatedRepo", "accept")]
    [InlineData(404, "RepoNotFound", "no such model"), InlineData(404, "RevisionNotFound", "no such branch")]
    public async Task A_refusal_of_the_hub_says_what_to_do(int status, string code, string expected)
    {
        await using var hub = new FakeHub(Files);
        hub.Intercept = _ => FakeHub.Status(status, ("X-Error-Code", code));
        await RefusesAsync<InvalidInputException>(hub, FakeHub.Id, $"{status}", expected);
        Assert.Single(hub.Endpoint.Requests);
    }

    [Fact]
    public async Task A_busy_hub_is_asked_again_when_it_says()
    {
        await using var hub = new FakeHub(Files);
        int asked = 0;
        hub.Intercept = _ => Interlocked.Increment(ref asked) switch { 1 => FakeHub.Status(429, ("Retry-After", "0")), 2 => FakeHub.Status(503), _ => null };
        var said = new Said();
        await hub.PullAsync(progress: said);
        Assert.Contains(said.Messages, message => message.Contains("429", StringComparison.Ordinal) && message.Contains("in 0 s", StringComparison.Ordinal));
        Assert.Contains(said.Messages, message => message.Contains("503", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_hub_that_asks_for_an_hour_is_not_waited_for()
    {
        await using var hub = new FakeHub(Files);
        hub.Intercept = _ => FakeHub.Status(429, ("Retry-After", "3600"));
        await RefusesAsync<MalruleException>(hub, "429", "60 minutes");
        Assert.Single(hub.Endpoint.Requests);
    }

    [Fact]
    public async Task A_hub_that_stays_busy_is_given_up()
    {
        await using var hub = new FakeHub(Files);
        hub.Intercept = _ => FakeHub.Status(500);
        await RefusesAsync<MalruleException>(hub, "500", "6 times");
        Assert.Equal(6, hub.Endpoint.Requests.Count);
    }

    [Fact]
    public async Task A_broken_transfer_goes_on_where_it_stopped()
    {
        await using var hub = new FakeHub(Files);
        int transfers = 0;
        hub.InterceptStorage = request => Interlocked.Increment(ref transfers) == 1 ? new(200, Weights, Sent: 100_000) : FakeHub.Serve(request, Weights);
        await hub.PullAsync();
        string? range = Assert.Single(hub.Storage.Requests, request => request.Header("range") is not null).Header("range");
        Assert.Equal("bytes=100000-", range);
        Assert.Equal(Weights, await File.ReadAllBytesAsync(Path.Combine(hub.Snapshot, "model.safetensors"), Cancel));
    }

    [Fact]
    public async Task A_transfer_that_goes_quiet_is_begun_again()
    {
        await using var hub = new FakeHub(Files);
        int transfers = 0;
        hub.InterceptStorage = request => Interlocked.Increment(ref transfers) == 1 ? new(200, Weights, Sent: -1) : FakeHub.Serve(request, Weights);
        await hub.PullAsync(hub.Options(patience: TimeSpan.FromSeconds(1)));
        Assert.Equal(Weights, await File.ReadAllBytesAsync(Path.Combine(hub.Snapshot, "model.safetensors"), Cancel));
    }

    [Fact]
    public async Task A_later_run_goes_on_where_an_earlier_one_gave_up()
    {
        await using var hub = new FakeHub(Files);
        hub.InterceptStorage = request => request.Header("range") is null ? new(200, Weights, Sent: 100_000) : FakeHub.Status(500);
        await RefusesAsync<MalruleException>(hub, "500");
        Assert.False(Directory.Exists(hub.Snapshot));
        Assert.Contains($"{FakeHub.Sha256(Weights)}.incomplete", hub.Blobs);
        Assert.Throws<InvalidInputException>(() => HubCache.Resolve(FakeHub.Id, hub.Cache));

        hub.InterceptStorage = null;
        int before = hub.Storage.Requests.Count;
        await hub.PullAsync();
        Assert.Equal("bytes=100000-", Assert.Single(hub.Storage.Requests.Skip(before)).Header("range"));
        Assert.Equal(Weights, await File.ReadAllBytesAsync(Path.Combine(hub.Snapshot, "model.safetensors"), Cancel));
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_damaged_rest_of_an_earlier_run_is_downloaded_anew(bool ranges)
    {
        await using var hub = new FakeHub(Files);
        if (!ranges)
            hub.InterceptStorage = _ => new(200, Weights);
        Directory.CreateDirectory(Path.Combine(hub.Model, "blobs"));
        await File.WriteAllBytesAsync(Path.Combine(hub.Model, "blobs", $"{FakeHub.Sha256(Weights)}.incomplete"), Random(1000, 9), Cancel);
        await hub.PullAsync();
        Assert.Equal(Weights, await File.ReadAllBytesAsync(Path.Combine(hub.Snapshot, "model.safetensors"), Cancel));
    }

    [Fact]
    public async Task A_wrong_hash_is_refused_and_thrown_away()
    {
        await using var hub = new FakeHub(Files);
        hub.InterceptStorage = _ => new(200, Random(Weights.Length, seed: 2));
        await RefusesAsync<MalruleException>(hub, "model.safetensors", "sha256", FakeHub.Sha256(Weights));
        Assert.DoesNotContain(hub.Blobs, blob => blob.StartsWith(FakeHub.Sha256(Weights), StringComparison.Ordinal));
        Assert.False(Directory.Exists(hub.Snapshot));
    }

    [Fact]
    public async Task A_wrong_git_hash_is_refused_too()
    {
        await using var hub = new FakeHub(Files);
        hub.Intercept = request => request.Path.EndsWith("/config.json", StringComparison.Ordinal) ? new(200, Config, null, ("ETag", $"\"{new string('a', 40)}\"")) : null;
        await RefusesAsync<MalruleException>(hub, "config.json", "git sha1");
    }

    [Theory, InlineData(-1), InlineData(1)]
    public async Task A_wrong_size_is_refused(int more)
    {
        await using var hub = new FakeHub(Files);
        hub.InterceptStorage = _ => new(200, Random(Weights.Length + more, seed: 2));
        await RefusesAsync<MalruleException>(hub, "model.safetensors", $"{Weights.Length + more} bytes", $"{Weights.Length}");
    }

    [Fact]
    public async Task A_file_without_a_hash_is_refused()
    {
        await using var hub = new FakeHub(Files);
        hub.Intercept = request => request.Path.EndsWith("/config.json", StringComparison.Ordinal) ? new(200, Config, null, ("ETag", "\"v1\"")) : null;
        await RefusesAsync<MalruleException>(hub, "no hash of config.json");
    }

    [Fact]
    public async Task A_mirror_that_sends_no_hashes_is_checked_by_its_listing()
    {
        await using var hub = new FakeHub(Files);
        hub.Intercept = request => request.Path.StartsWith("/api/", StringComparison.Ordinal)
            ? new(200, Encoding.UTF8.GetBytes($$"""
                {"sha": "{{FakeHub.Commit}}", "siblings": [{"rfilename": "config.json", "size": {{Config.Length}}, "blobId": "{{FakeHub.GitHash(Config)}}"},
                 {"rfilename": "model.safetensors", "size": {{Weights.Length}}, "blobId": "x", "lfs": {"sha256": "{{FakeHub.Sha256(Weights)}}"} }]}
                """))
            : FakeHub.Status(308, ("Location", $"{hub.Storage.Address}{request.Path}"));
        await hub.PullAsync();
        Assert.Equal(Weights, await File.ReadAllBytesAsync(Path.Combine(hub.Snapshot, "model.safetensors"), Cancel));
    }

    [Fact]
    public async Task Offline_nothing_is_asked()
    {
        await using var hub = new FakeHub(Files);
        var exception = await Assert.ThrowsAsync<InvalidInputException>(() => hub.PullAsync(hub.Options(offline: true)));
        Assert.Contains("HF_HUB_OFFLINE", exception.Message, StringComparison.Ordinal);
        Assert.Empty(hub.Endpoint.Requests);
    }

    [Fact]
    public async Task Offline_a_model_that_is_here_is_found()
    {
        await using var hub = new FakeHub(Files);
        HubSnapshot pulled = await hub.PullAsync();
        int asked = hub.Endpoint.Requests.Count;
        HubSnapshot found = await hub.PullAsync(hub.Options(offline: true));
        Assert.Equal((pulled.Directory, pulled.Commit), (found.Directory, found.Commit));
        Assert.Equal(pulled.Files, found.Files);
        Assert.Equal(asked, hub.Endpoint.Requests.Count);

        File.Delete(Path.Combine(hub.Model, "blobs", FakeHub.Sha256(Weights))); // the link leads nowhere now
        var exception = await Assert.ThrowsAsync<InvalidInputException>(() => hub.PullAsync(hub.Options(offline: true)));
        Assert.Contains("lacks model.safetensors", exception.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidInputException>(() => hub.PullAsync(hub.Options(offline: true, revision: "v2")));
        await hub.PullAsync(); // online it is mended
        Assert.Equal(Weights, await File.ReadAllBytesAsync(Path.Combine(hub.Snapshot, "model.safetensors"), Cancel));
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Models_in_the_cache_are_listed_with_what_they_lack(bool links)
    {
        byte[] index = """{"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}"""u8.ToArray();
        await using var hub = new FakeHub(new Dictionary<string, byte[]>
        {
            ["config.json"] = Config,
            ["model.safetensors.index.json"] = index,
            ["model-1.safetensors"] = Random(100, 1),
            ["model-2.safetensors"] = Random(200, 2),
        });
        Assert.Empty(HubCache.List(hub.Cache));
        await hub.PullAsync(hub.Options(links), $"{FakeHub.Id}@v2");
        Directory.CreateDirectory(Path.Combine(hub.Cache, "datasets--some-org--data"));

        CachedModel model = Assert.Single(HubCache.List(hub.Cache));
        Assert.Equal((FakeHub.Id, FakeHub.Commit, hub.Snapshot, Config.Length + index.Length + 300L), (model.Id, model.Commit, model.Directory, model.Bytes));
        Assert.Equal(["v2"], model.Revisions);
        Assert.Empty(model.Missing);

        File.Delete(Path.Combine(hub.Snapshot, "model-2.safetensors"));
        var exception = Assert.Throws<InvalidInputException>(() => HubCache.Resolve($"{FakeHub.Id}@v2", hub.Cache));
        Assert.Contains("lacks model-2.safetensors", exception.Message, StringComparison.Ordinal);
        Assert.Contains($"malrule pull {FakeHub.Id}@v2", exception.Message, StringComparison.Ordinal);
        Assert.Equal(["model-2.safetensors"], Assert.Single(HubCache.List(hub.Cache)).Missing);
        File.WriteAllText(Path.Combine(hub.Snapshot, "model.safetensors.index.json"), "no json");
        Assert.Equal(["model.safetensors.index.json"], Assert.Single(HubCache.List(hub.Cache)).Missing);
    }

    [Fact]
    public async Task An_output_folder_gets_plain_files_and_nothing_else()
    {
        await using var hub = new FakeHub(new Dictionary<string, byte[]>(Files) { ["tokenizer_config.json"] = Config });
        string output = Path.Combine(hub.Cache, "plain", "model");
        HubDownloadOptions options = hub.Options(output: output);
        HubSnapshot snapshot = await hub.PullAsync(options);
        Assert.Equal(output, snapshot.Directory);
        Assert.Equal(["config.json", "model.safetensors", "tokenizer_config.json"], Directory.GetFileSystemEntries(output).Select(Path.GetFileName).Order());
        Assert.All(Directory.GetFiles(output), file => Assert.Null(new FileInfo(file).LinkTarget));
        Assert.Equal(Weights, await File.ReadAllBytesAsync(Path.Combine(output, "model.safetensors"), Cancel));
        Assert.False(Directory.Exists(hub.Model));

        int before = hub.Storage.Requests.Count;
        await hub.PullAsync(options);
        Assert.Equal(before, hub.Storage.Requests.Count); // all is here

        await File.WriteAllBytesAsync(Path.Combine(output, "model.safetensors"), Random(Weights.Length, seed: 8), Cancel); // another commit's, of the same size
        await hub.PullAsync(options);
        Assert.Equal(Weights, await File.ReadAllBytesAsync(Path.Combine(output, "model.safetensors"), Cancel));
        await Assert.ThrowsAsync<InvalidInputException>(() => hub.PullAsync(hub.Options(output: output, offline: true)));
    }

    [Fact]
    public async Task A_transfer_into_an_output_folder_goes_on_where_it_stopped()
    {
        await using var hub = new FakeHub(Files);
        HubDownloadOptions options = hub.Options(output: Path.Combine(hub.Cache, "plain"));
        hub.InterceptStorage = request => request.Header("range") is null ? new(200, Weights, Sent: 100_000) : FakeHub.Status(500);
        var error = await Assert.ThrowsAsync<MalruleException>(() => hub.PullAsync(options));
        Assert.Contains("the same command goes on from there", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(options.OutputDirectory!, "config.json")));
        hub.InterceptStorage = null;
        await hub.PullAsync(options);
        Assert.Contains(hub.Storage.Requests, request => request.Header("range") == "bytes=100000-");
        Assert.Equal(2, Directory.GetFileSystemEntries(options.OutputDirectory!).Length);
    }

    [Fact]
    public async Task A_file_of_another_commit_than_the_listing_is_refused()
    {
        await using var hub = new FakeHub(Files);
        hub.Intercept = request => request.Path.EndsWith("/config.json", StringComparison.Ordinal) ? new(200, Config, null, ("X-Repo-Commit", new string('e', 40)), ("ETag", $"\"{FakeHub.GitHash(Config)}\"")) : null;
        await RefusesAsync<MalruleException>(hub, "config.json", new string('e', 40));
    }

    [Fact]
    public async Task A_revision_gets_its_own_reference()
    {
        await using var hub = new FakeHub(Files);
        await hub.PullAsync(id: $"{FakeHub.Id}@refs/pr/1");
        Assert.Equal($"/api/models/{FakeHub.Id}/revision/refs%2Fpr%2F1?blobs=true", hub.Endpoint.Requests.First().Path);
        Assert.Equal(hub.Snapshot, HubCache.Resolve($"{FakeHub.Id}@refs/pr/1", hub.Cache));
        Assert.Throws<InvalidInputException>(() => HubCache.Resolve(FakeHub.Id, hub.Cache));
        await Assert.ThrowsAsync<InvalidInputException>(() => hub.PullAsync(hub.Options(revision: "../x")));
        await Assert.ThrowsAsync<InvalidInputException>(() => hub.PullAsync(hub.Options(revision: "a"), $"{FakeHub.Id}@b"));
    }

    [Fact]
    public async Task Two_pulls_at_once_download_each_file_once()
    {
        await using var hub = new FakeHub(Files);
        HubSnapshot[] snapshots = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => hub.PullAsync(), Cancel)));
        Assert.All(snapshots, snapshot => Assert.Equal(hub.Snapshot, snapshot.Directory));
        Assert.Single(hub.Storage.Requests);
    }

    [Fact]
    public async Task Cancelling_keeps_what_is_here_and_completes_nothing()
    {
        await using var hub = new FakeHub(Files);
        using var cancel = new CancellationTokenSource();
        hub.InterceptStorage = request =>
        {
            if (request.Header("range") is null)
                return new(200, Weights, Sent: 100_000);
            cancel.Cancel();
            return FakeHub.Serve(request, Weights);
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => HubDownloader.DownloadAsync(FakeHub.Id, hub.Options(), null, cancel.Token));
        Assert.False(Directory.Exists(hub.Snapshot));
        Assert.Contains($"{FakeHub.Sha256(Weights)}.incomplete", hub.Blobs);
    }

    [Fact]
    public async Task Progress_ends_at_all_bytes_and_files()
    {
        await using var hub = new FakeHub(Files);
        var said = new Said();
        await hub.PullAsync(progress: said);
        Assert.Equal(new HubProgress(Config.Length + Weights.Length, Config.Length + Weights.Length, 2, 2, null), said.Last);
    }

    [Fact]
    public void A_miss_names_the_command_that_downloads()
    {
        string root = TestPaths.TemporaryFolder();
        var exception = Assert.Throws<InvalidInputException>(() => HubCache.Resolve(FakeHub.Id, root));
        Assert.Contains($"malrule pull {FakeHub.Id}", exception.Message, StringComparison.Ordinal);
        Directory.Delete(root);
    }

    [Theory, InlineData("name"), InlineData("a/b/c"), InlineData("../x"), InlineData("a/.."), InlineData("a/b@"), InlineData("a/b@../c"), InlineData("a--b/c"), InlineData("a/b c")]
    public void What_is_no_id_is_not_taken_for_one(string text) => Assert.Null(HubModelId.TryParse(text));

    private static async Task RefusesAsync<T>(FakeHub hub, params string[] expected) where T : Exception
    {
        var exception = await Assert.ThrowsAsync<T>(() => hub.PullAsync());
        Assert.All(expected, part => Assert.Contains(part, exception.Message, StringComparison.Ordinal));
        Assert.DoesNotContain(FakeHub.Token, exception.ToString(), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(hub.Model, "refs", "main")));
    }

    private static byte[] Random(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private sealed class Said : IProgress<HubProgress>
    {
        public List<string> Messages { get; } = [];

        public HubProgress Last { get; private set; }

        public void Report(HubProgress value)
        {
            lock (Messages)
            {
                if (value.Message is { } message)
                    Messages.Add(message);
                else if (value.Files >= Last.Files)
                    Last = value;
            }
        }
    }
}
