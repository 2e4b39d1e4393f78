using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Malrule.Tests;

/// <summary>
/// An OpenAI-compatible server on a loopback port whose texts follow from prompt and seed alone. It keeps what it was asked, and misbehaves as a test says:
/// the test is shown each request before it is answered and may give another answer.
/// </summary>
internal sealed class OpenAiServer : IAsyncDisposable
{
    /// <summary>A request: its path, headers by lower-case name, and body.</summary>
    internal sealed record Request(string Path, IReadOnlyDictionary<string, string> Headers, JsonObject Body)
    {
        public int N => Body["n"]!.GetValue<int>();
        public long Seed => Body["seed"]!.GetValue<long>();
        public string LastTurn => Body["messages"]!.AsArray()[^1]!["content"]!.GetValue<string>();
        public string[] Input => [.. Body["input"]!.AsArray().Select(text => text!.GetValue<string>())];
    }

    /// <summary>An answer. Of the body only <see cref="Sent"/> bytes go out (null: all) before the connection closes.</summary>
    internal sealed record Answer(int Status, string Body)
    {
        public int? Sent { get; init; }
        public TimeSpan Delay { get; init; }
        public (string Name, string Value)[] Headers { get; init; } = [];
    }

    private const int Dimensions = 24;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<Request, Answer?> _misbehave;
    private readonly Task _loop;

    public OpenAiServer(Func<Request, Answer?>? misbehave = null)
    {
        _misbehave = misbehave ?? (_ => null);
        _listener.Start();
        Url = $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/v1";
        _loop = Task.Run(AcceptAsync);
    }

    public string Url { get; }

    /// <summary>All that was asked but for the list of models.</summary>
    public ConcurrentQueue<Request> Requests { get; } = new();

    /// <summary>The right answer to a request for samples, or for the first so many of them.</summary>
    public static Answer Chat(Request request, int? choices = null) => new(200, new JsonObject
    {
        ["choices"] = new JsonArray([.. Enumerable.Range(0, choices ?? request.N).Select(i => new JsonObject
        {
            ["index"] = i,
            ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = $"idea {Hash($"{request.LastTurn}|{request.Seed + i}") % 7}" },
            ["finish_reason"] = "stop",
        })]),
        ["usage"] = new JsonObject { ["prompt_tokens"] = 100, ["completion_tokens"] = 3 * (choices ?? request.N) },
    }.ToJsonString());

    /// <summary>The right answer to a request for embeddings: counts of hashed words.</summary>
    public static Answer Embeddings(Request request, Func<int, float[], JsonArray>? change = null) => new(200, new JsonObject
    {
        ["data"] = new JsonArray([.. request.Input.Index().Reverse().Select(text => // in an order of its own: the index counts
        {
            var vector = new float[Dimensions];
            foreach (string word in text.Item.Split(' '))
                vector[Hash(word) % Dimensions]++;
            return new JsonObject { ["index"] = text.Index, ["embedding"] = change?.Invoke(text.Index, vector) ?? [.. vector.Select(value => JsonValue.Create(value))] };
        })]),
        ["usage"] = new JsonObject { ["prompt_tokens"] = 5 * request.Input.Length },
    }.ToJsonString());

    public static Answer Error(int status, string message, string code = "") =>
        new(status, new JsonObject { ["error"] = new JsonObject { ["message"] = message, ["code"] = code } }.ToJsonString());

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop; // before the listener stops: it throws what it likes to who still accepts
        _listener.Stop();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
        }
        catch (Exception exception) when (exception is OperationCanceledException)
        {
        }
    }

    // One request a connection.
    private async Task ServeAsync(TcpClient client)
    {
        using (client)
            try
            {
                NetworkStream stream = client.GetStream();
                Request? request = await ReadAsync(stream);
                if (request is null)
                    return;
                bool models = request.Path.EndsWith("/models", StringComparison.Ordinal);
                if (!models)
                    Requests.Enqueue(request);
                Answer answer = _misbehave(request) ?? (models ? new Answer(200, """{"data":[{"id":"m","max_model_len":4096}]}""")
                    : request.Path.EndsWith("/embeddings", StringComparison.Ordinal) ? Embeddings(request) : Chat(request));
                byte[] body = Encoding.UTF8.GetBytes(answer.Body);
                var head = new StringBuilder().Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {answer.Status} Status\r\nConnection: close\r\n");
                if (!answer.Headers.Any(header => header.Name == "Content-Length"))
                    head.Append(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n");
                foreach ((string name, string value) in answer.Headers)
                    head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
                await stream.WriteAsync(Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()), _stop.Token);
                await Task.Delay(answer.Delay, _stop.Token); // a slow body
                await stream.WriteAsync(body.AsMemory(0, answer.Sent ?? body.Length), _stop.Token);
            }
            catch (Exception exception) when (exception is OperationCanceledException or IOException or ObjectDisposedException)
            {
            }
    }

    private async Task<Request?> ReadAsync(NetworkStream stream)
    {
        var bytes = new List<byte>();
        byte[] buffer = new byte[1 << 16];
        int end;
        while ((end = Encoding.Latin1.GetString([.. bytes]).IndexOf("\r\n\r\n", StringComparison.Ordinal)) < 0)
        {
            int read = await stream.ReadAsync(buffer, _stop.Token);
            if (read == 0)
                return null;
            bytes.AddRange(buffer.AsSpan(0, read));
        }
        string[] lines = Encoding.Latin1.GetString([.. bytes], 0, end).Split("\r\n");
        Dictionary<string, string> headers = lines[1..].ToDictionary(line => line[..line.IndexOf(':', StringComparison.Ordinal)].ToLowerInvariant(), line => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim());
        int length = int.Parse(headers.GetValueOrDefault("content-length", "0"), CultureInfo.InvariantCulture);
        while (bytes.Count < end + 4 + length)
        {
            int read = await stream.ReadAsync(buffer, _stop.Token);
            if (read == 0)
                return null;
            bytes.AddRange(buffer.AsSpan(0, read));
        }
        JsonNode? body = length == 0 ? null : JsonNode.Parse(bytes.GetRange(end + 4, length).ToArray());
        return new Request(lines[0].Split(' ')[1], headers, body as JsonObject ?? []);
    }

    /// <summary>FNV-1a: the same in every process.</summary>
    private static uint Hash(string text) => text.Aggregate(2166136261u, (hash, c) => (hash ^ c) * 16777619u);
}
