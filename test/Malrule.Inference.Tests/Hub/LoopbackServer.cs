using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Malrule.Inference.Tests.Hub;

/// <summary>An HTTP server on a loopback port: it keeps what it was asked, and answers as a test says, truncated or broken if need be.</summary>
internal sealed class LoopbackServer : IAsyncDisposable
{
    /// <summary>A request: its method, path with query, and headers by lower-case name.</summary>
    internal sealed record Request(string Method, string Path, IReadOnlyDictionary<string, string> Headers)
    {
        public string? Header(string name) => Headers.GetValueOrDefault(name);
    }

    /// <summary>An answer. Of the body only <paramref name="Sent"/> bytes go out (null: all) before the connection closes (negative: none, and it stays open).</summary>
    internal sealed record Answer(int Status, byte[] Body, int? Sent = null, params (string Name, string Value)[] Headers);

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<Request, Answer> _answer;
    private readonly Task _loop;

    public LoopbackServer(Func<Request, Answer> answer, string host = "127.0.0.1")
    {
        _answer = answer;
        _listener.Start();
        Address = $"http://{host}:{((IPEndPoint)_listener.LocalEndpoint).Port}";
        _loop = Task.Run(AcceptAsync);
    }

    public string Address { get; }

    public ConcurrentQueue<Request> Requests { get; } = new();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
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
        catch (Exception exception) when (exception is OperationCanceledException or SocketException)
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
                var reader = new StreamReader(stream, Encoding.ASCII);
                string[] first = (await reader.ReadLineAsync(_stop.Token) ?? "").Split(' ');
                if (first.Length != 3)
                    return;
                var headers = new Dictionary<string, string>();
                while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 } line)
                    headers[line[..line.IndexOf(':', StringComparison.Ordinal)].ToLowerInvariant()] = line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
                var request = new Request(first[0], first[1], headers);
                Requests.Enqueue(request);

                Answer answer = _answer(request);
                var head = new StringBuilder().Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {answer.Status} Status\r\nConnection: close\r\n");
                if (!answer.Headers.Any(header => header.Name == "Content-Length"))
                    head.Append(CultureInfo.InvariantCulture, $"Content-Length: {answer.Body.Length}\r\n");
                foreach (var (name, value) in answer.Headers)
                    head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
                await stream.WriteAsync(Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()), _stop.Token);
                if (request.Method != "HEAD")
                    await stream.WriteAsync(answer.Body.AsMemory(0, Math.Max(0, answer.Sent ?? answer.Body.Length)), _stop.Token);
                if (answer.Sent < 0)
                    await Task.Delay(Timeout.Infinite, _stop.Token);
            }
            catch (Exception exception) when (exception is OperationCanceledException or IOException or ObjectDisposedException)
            {
            }
    }
}
