using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Malrule.Mining.Tests.Results.Report;

/// <summary>A page in a headless Chromium that is read and used over the DevTools protocol: scripts, keys, sizes, light and dark.</summary>
internal sealed class BrowserPage : IAsyncDisposable
{
    private readonly Process _browser;
    private readonly ClientWebSocket _socket = new();
    private readonly CancellationToken _cancellation;
    private int _lastId;

    private BrowserPage(Process browser, CancellationToken cancellation) => (_browser, _cancellation) = (browser, cancellation);

    public static async Task<BrowserPage> OpenAsync(string path, CancellationToken cancellation)
    {
        var page = new BrowserPage(Chromium.Start(["--remote-debugging-port=0", "--window-size=1280,900", new Uri(path).AbsoluteUri]), cancellation);
        string? address = null;
        while (address is null && await page._browser.StandardError.ReadLineAsync(cancellation) is { } line)
            address = Regex.Match(line, @"DevTools listening on ws://([^/]+)/") is { Success: true } match ? match.Groups[1].Value : null;
        _ = page._browser.StandardError.ReadToEndAsync(cancellation); // kept empty
        using var http = new HttpClient();
        JsonArray targets = JsonNode.Parse(await http.GetStringAsync(new Uri($"http://{address}/json/list"), cancellation))!.AsArray();
        string target = targets.Single(item => (string)item!["type"]! == "page")!["webSocketDebuggerUrl"]!.GetValue<string>();
        await page._socket.ConnectAsync(new Uri(target), cancellation);
        for (int tries = 0; await page.EvaluateAsync("location.protocol + document.readyState") is not "file:complete"; tries++)
        {
            Assert.True(tries < 200, "The page does not load.");
            await Task.Delay(50, cancellation);
        }
        return page;
    }

    /// <summary>The value of an expression, as text.</summary>
    public async Task<string> EvaluateAsync(string expression)
    {
        JsonNode result = await SendAsync("Runtime.evaluate", new() { ["expression"] = $"String({expression})", ["returnByValue"] = true });
        return result["exceptionDetails"] is { } error ? throw new InvalidOperationException(error.ToJsonString()) : (string)result["result"]!["value"]!;
    }

    /// <summary>Presses keys one after another: a character each, or Escape.</summary>
    public async Task PressAsync(params string[] keys)
    {
        foreach (string key in keys)
        {
            JsonObject press = new() { ["type"] = "keyDown", ["key"] = key };
            if (key.Length == 1)
                press["text"] = key;
            await SendAsync("Input.dispatchKeyEvent", press);
            await SendAsync("Input.dispatchKeyEvent", new() { ["type"] = "keyUp", ["key"] = key });
        }
    }

    public Task ResizeAsync(int width, int height) =>
        SendAsync("Emulation.setDeviceMetricsOverride", new() { ["width"] = width, ["height"] = height, ["deviceScaleFactor"] = 1, ["mobile"] = false });

    /// <summary>As if the reader's system asked for light or dark.</summary>
    public Task PreferAsync(string scheme) =>
        SendAsync("Emulation.setEmulatedMedia", new() { ["features"] = new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = scheme }) });

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _browser.Kill(entireProcessTree: true);
        await _browser.WaitForExitAsync(CancellationToken.None);
        _browser.Dispose();
    }

    private async Task<JsonNode> SendAsync(string method, JsonObject parameters)
    {
        int id = ++_lastId;
        byte[] message = JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters });
        await _socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, _cancellation);
        while (true)
        {
            JsonNode answer = await ReceiveAsync();
            if ((int?)answer["id"] == id)
                return answer["result"] ?? throw new InvalidOperationException(answer.ToJsonString());
        }
    }

    private async Task<JsonNode> ReceiveAsync()
    {
        using var message = new MemoryStream();
        byte[] buffer = new byte[1 << 16];
        WebSocketReceiveResult part;
        do
        {
            part = await _socket.ReceiveAsync(buffer, _cancellation);
            message.Write(buffer, 0, part.Count);
        }
        while (!part.EndOfMessage);
        return JsonNode.Parse(message.ToArray())!;
    }
}
