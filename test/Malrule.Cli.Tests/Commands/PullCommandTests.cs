using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Malrule.Tests;

namespace Malrule.Cli.Tests.Commands;

// The command reads its address, cache and token from the environment, which all tests of the process share.
[CollectionDefinition(DisableParallelization = true)]
public sealed class HubEnvironment;

[Collection<HubEnvironment>]
public sealed class PullCommandTests : IDisposable
{
    private static readonly string[] Variables = ["HF_ENDPOINT", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "HF_TOKEN"];
    private readonly Dictionary<string, string?> _before = Variables.ToDictionary(name => name, Environment.GetEnvironmentVariable);
    private readonly string _cache = TestPaths.TemporaryFolder();

    public PullCommandTests()
    {
        foreach (string name in Variables)
            Environment.SetEnvironmentVariable(name, null);
        Environment.SetEnvironmentVariable("HF_HUB_CACHE", _cache);
    }

    [Fact]
    public async Task A_pulled_model_is_printed_by_its_folder_and_runs_by_its_name()
    {
        using var hub = new OneModelHub(TestPaths.Data("fixtures", "qwen2-fp16-tiny"));
        Environment.SetEnvironmentVariable("HF_ENDPOINT", hub.Address);
        Tool run = await Tool.RunAsync("pull", "org/name");
        Assert.Equal(0, run.ExitCode);
        string snapshot = Path.Combine(_cache, "models--org--name", "snapshots", OneModelHub.Commit);
        Assert.Equal(snapshot, run.Output.Trim());
        Assert.Contains("2/2 files", run.Error, StringComparison.Ordinal);
        Assert.Contains("expected.json", run.Error, StringComparison.Ordinal); // left out

        string requests = Path.Combine(_cache, "requests.jsonl"), answers = Path.Combine(_cache, "answers.jsonl");
        await File.WriteAllTextAsync(requests, """{"custom_id": "1", "method": "POST", "url": "/v1/completions", "body": {"model": "org/name", "prompt": [1, 2, 3], "max_tokens": 2}}""", TestContext.Current.CancellationToken);
        Tool batch = await Tool.RunAsync("run-batch", "-i", requests, "-o", answers, "--model", "org/name", "--memory", "100MiB");
        Assert.True(batch.ExitCode == 0, batch.Error);
    }

    [Fact]
    public async Task A_model_that_is_not_there_is_wrong_input()
    {
        using var hub = new OneModelHub(TestPaths.Data("fixtures", "qwen2-fp16-tiny"));
        Environment.SetEnvironmentVariable("HF_ENDPOINT", hub.Address);
        await Tool.RefusesAsync(["pull", "org/other"], "org/other", "404");
        await Tool.RefusesAsync(["pull", "not-an-id"], "not-an-id", "org/name");
    }

    [Fact]
    public async Task Offline_pull_refuses()
    {
        Environment.SetEnvironmentVariable("HF_HUB_OFFLINE", "1");
        await Tool.RefusesAsync(["pull", "org/name"], "org/name", "HF_HUB_OFFLINE");
    }

    [Fact]
    public async Task A_model_that_was_not_pulled_names_the_command() =>
        await Tool.RefusesAsync(["run-batch", "-i", "x", "-o", "y", "--model", "org/name"], "malrule pull org/name");

    [Fact]
    public async Task Help_shows_examples_and_the_variables()
    {
        Tool run = await Tool.RunAsync("pull", "--help");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("malrule pull nomic-ai/nomic-embed-text-v1.5", run.Output, StringComparison.Ordinal);
        Assert.Contains("HF_ENDPOINT", run.Output, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        foreach (var (name, value) in _before)
            Environment.SetEnvironmentVariable(name, value);
        Directory.Delete(_cache, recursive: true);
    }

    /// <summary>The hub's API for one folder of files, as org/name.</summary>
    private sealed class OneModelHub : IDisposable
    {
        public static readonly string Commit = new('d', 40);
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly string _folder;

        public OneModelHub(string folder)
        {
            _folder = folder;
            _listener.Start();
            _ = ServeAsync();
        }

        public string Address => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

        public void Dispose() => _listener.Stop();

        private async Task ServeAsync()
        {
            while (true)
                try
                {
                    using TcpClient client = await _listener.AcceptTcpClientAsync();
                    NetworkStream stream = client.GetStream();
                    var reader = new StreamReader(stream, Encoding.ASCII);
                    string[] first = (await reader.ReadLineAsync() ?? "").Split(' ');
                    while (await reader.ReadLineAsync() is { Length: > 0 })
                    {
                    }
                    (int status, byte[] body) = Answer(first[1]);
                    await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {status} S\r\nConnection: close\r\nContent-Length: {body.Length}\r\nX-Linked-Etag: \"{Convert.ToHexStringLower(SHA256.HashData(body))}\"\r\n\r\n"));
                    if (first[0] != "HEAD")
                        await stream.WriteAsync(body);
                }
                catch (IOException)
                {
                }
                catch (Exception exception) when (exception is SocketException or InvalidOperationException)
                {
                    return;
                }
        }

        private (int, byte[]) Answer(string path)
        {
            string siblings = string.Join(", ", Directory.GetFiles(_folder).Select(file => $$"""{"rfilename": "{{Path.GetFileName(file)}}"}"""));
            string files = $"/org/name/resolve/{Commit}/";
            if (path.StartsWith("/api/models/org/name/revision/main", StringComparison.Ordinal))
                return (200, Encoding.UTF8.GetBytes($$"""{"sha": "{{Commit}}", "siblings": [{{siblings}}]}"""));
            return path.StartsWith(files, StringComparison.Ordinal) ? (200, File.ReadAllBytes(Path.Combine(_folder, path[files.Length..]))) : (404, []);
        }
    }
}
