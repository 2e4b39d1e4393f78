using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Malrule.Inference;
using Malrule.Tests;

namespace Malrule.Cli.Tests.Commands;

// The command reads its address, cache and token from the environment, which all tests of the process share.
[CollectionDefinition(DisableParallelization = true)]
public sealed class HubEnvironment;

[Collection<HubEnvironment>]
public sealed class PullCommandTests : IDisposable
{
    private readonly HubVariables _variables = new();
    private readonly string _cache;

    public PullCommandTests() => _cache = _variables.Cache;

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
    public async Task Offline_pull_refuses_what_is_not_here_and_finds_what_is()
    {
        using var hub = new OneModelHub(TestPaths.Data("fixtures", "qwen2-fp16-tiny"));
        Environment.SetEnvironmentVariable("HF_ENDPOINT", hub.Address);
        await Tool.RunAsync("pull", "org/name");
        Environment.SetEnvironmentVariable("HF_HUB_OFFLINE", "1");
        Assert.Equal(0, (await Tool.RunAsync("pull", "org/name")).ExitCode);
        await Tool.RefusesAsync(["pull", "org/other"], "org/other", "HF_HUB_OFFLINE");
    }

    [Fact]
    public async Task An_output_folder_is_a_model_folder()
    {
        using var hub = new OneModelHub(TestPaths.Data("fixtures", "qwen2-fp16-tiny"));
        Environment.SetEnvironmentVariable("HF_ENDPOINT", hub.Address);
        string folder = Path.Combine(_cache, "here");
        Tool run = await Tool.RunAsync("pull", "org/name", "--output", folder);
        Assert.Equal((0, folder), (run.ExitCode, run.Output.Trim()));
        Assert.Equal(0, (await Tool.RunAsync("doctor", "--no-peaks", "--model", folder, "--memory", "100MB")).ExitCode);
    }

    [Fact]
    public void The_token_is_found_as_huggingface_hub_finds_it()
    {
        Assert.Null(new HubDownloadOptions().Token);
        string file = Path.Combine(_cache, "token"), other = Path.Combine(_cache, "other-token");
        File.WriteAllText(file, "hf_saved\n");
        Assert.Equal(("hf_saved", file), (new HubDownloadOptions().Token, new HubDownloadOptions().TokenSource));
        File.WriteAllText(other, " hf_elsewhere ");
        Environment.SetEnvironmentVariable("HF_TOKEN_PATH", other);
        Assert.Equal("hf_elsewhere", new HubDownloadOptions().Token);
        Environment.SetEnvironmentVariable("HF_TOKEN", "hf_given");
        Assert.Equal(("hf_given", "HF_TOKEN"), (new HubDownloadOptions().Token, new HubDownloadOptions().TokenSource));
        Environment.SetEnvironmentVariable("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1");
        Assert.Null(new HubDownloadOptions().Token);
    }

    [Fact]
    public async Task A_model_that_was_not_pulled_names_the_command() =>
        await Tool.RefusesAsync(["bench", "--model", "org/name"], "malrule pull org/name");

    [Fact]
    public async Task Help_shows_examples_and_the_variables()
    {
        Tool run = await Tool.RunAsync("pull", "--help");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("malrule pull nomic-ai/nomic-embed-text-v1.5", run.Output, StringComparison.Ordinal);
        Assert.Contains("HF_ENDPOINT", run.Output, StringComparison.Ordinal);
    }

    public void Dispose() => _variables.Dispose();

    /// <summary>The hub's API for one folder of files, as org/name.</summary>
    internal sealed class OneModelHub : IDisposable
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
