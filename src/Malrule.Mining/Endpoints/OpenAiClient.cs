using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Malrule.Inference;

namespace Malrule.Mining.Endpoints;

/// <summary>
/// Sends requests to one OpenAI-compatible server: so many at once, each tried again after failures that may pass (429, 408, 5xx, broken or
/// late answers) with exponential back-off and jitter, or when the server asks to. What fails for good is one of two: a
/// <see cref="RequestFailedException"/>, which concerns that request alone, or another <see cref="MalruleException"/>, after which no request can
/// succeed (a refused key, a missing model, a server that is gone). The key goes to the endpoint's address only: redirects are not followed, and
/// whatever a server says is shown without it. Safe for concurrent use.
/// </summary>
internal sealed class OpenAiClient : IDisposable
{
    private const int LongestBody = 64 << 20, LongestError = 64 << 10, ShownError = 300;
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromMinutes(1), LongestWait = TimeSpan.FromMinutes(10);

    private readonly EndpointOptions _options;
    private readonly string? _key;
    private readonly HttpClient _http;
    private readonly SemaphoreSlim _slots;
    private long _pausedUntil; // Environment.TickCount64
    private int _failedInARow;

    /// <exception cref="InvalidInputException">The options are wrong, or the key's variable is not set.</exception>
    public OpenAiClient(EndpointOptions options)
    {
        options.Validate();
        (_options, _key, Address) = (options, options.ReadKey(), options.Address);
        _slots = new SemaphoreSlim(options.Concurrency);
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, AutomaticDecompression = DecompressionMethods.None, ConnectTimeout = options.Timeout })
        {
            Timeout = Timeout.InfiniteTimeSpan, // each attempt has its own
        };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("malrule", typeof(OpenAiClient).Assembly.GetName().Version!.ToString(3)));
    }

    /// <summary>What computes, as runs name it: a server does not say more.</summary>
    public const string KernelPath = "OpenAI-compatible server";

    /// <summary>The server's address.</summary>
    public string Address { get; }

    /// <summary>The models that the server lists; null where it has no such list.</summary>
    public async Task<IReadOnlyList<ModelEntry>?> ListModelsAsync(CancellationToken cancellationToken)
    {
        try
        {
            ModelList list = await SendAsync(HttpMethod.Get, "models", null, OpenAiJson.Wire.ModelList, _ => null, cancellationToken).ConfigureAwait(false);
            return [.. (list.Data ?? []).OfType<ModelEntry>().Where(entry => entry.Id is not null)];
        }
        catch (NotFoundException)
        {
            return null;
        }
        catch (RequestFailedException failure) when (failure.IsRefused)
        {
            return null;
        }
        catch (RequestFailedException failure)
        {
            throw new MalruleException(failure.Message, failure);
        }
    }

    /// <summary>What a user should know before <paramref name="model"/> is asked anything.</summary>
    public IEnumerable<string> Warnings(string model, IReadOnlyList<ModelEntry>? listed)
    {
        if (listed is { Count: > 0 } && listed.All(entry => entry.Id != model))
            yield return $"warning: the server lists no model {model}; it lists {string.Join(", ", listed.Take(10).Select(entry => entry.Id))}{(listed.Count > 10 ? ", …" : "")}.";
        if (_key is not null && new Uri(Address) is { Scheme: "http", IsLoopback: false })
            yield return $"warning: the key in {_options.ApiKeyVariable} travels unencrypted; use https.";
    }

    /// <summary>Asks once more often than <see cref="EndpointOptions.Retries"/> says, at most.</summary>
    /// <param name="path">Below the server's address.</param>
    /// <param name="body">The request.</param>
    /// <param name="type">How the answer is read.</param>
    /// <param name="check">What is wrong with an answer that could be read; null: nothing.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="RequestFailedException">This request failed for good.</exception>
    /// <exception cref="MalruleException">No request can succeed.</exception>
    public Task<T> PostAsync<T>(string path, JsonObject body, JsonTypeInfo<T> type, Func<T, string?> check, CancellationToken cancellationToken) where T : class
    {
        foreach ((string name, JsonNode? value) in _options.ExtraFields())
        {
            body.Remove(name);
            if (value is not null)
                body.Add(name, value.DeepClone());
        }
        return SendAsync(HttpMethod.Post, path, JsonSerializer.SerializeToUtf8Bytes(body, OpenAiJson.Wire.JsonObject), type, check, cancellationToken);
    }

    public void Dispose()
    {
        _http.Dispose();
        _slots.Dispose();
    }

    private async Task<T> SendAsync<T>(
        HttpMethod method, string path, byte[]? body, JsonTypeInfo<T> type, Func<T, string?> check, CancellationToken cancellationToken) where T : class
    {
        await _slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            for (int failures = 0; ;)
            {
                long pause = Volatile.Read(ref _pausedUntil) - Environment.TickCount64;
                if (pause > 0)
                    await Task.Delay(TimeSpan.FromMilliseconds(pause), cancellationToken).ConfigureAwait(false);
                try
                {
                    T answer = await AttemptAsync(method, path, body, type, check, cancellationToken).ConfigureAwait(false);
                    Volatile.Write(ref _failedInARow, 0);
                    return answer;
                }
                catch (AttemptFailedException failure)
                {
                    TimeSpan wait = failure.RetryAfter ?? BackOff(failures);
                    if (++failures > _options.Retries || wait > LongestWait)
                        throw GiveUp(failure, failures, wait);
                    if (failure.RetryAfter is not null) // it holds for all requests
                        Volatile.Write(ref _pausedUntil, Math.Max(Volatile.Read(ref _pausedUntil), Environment.TickCount64 + (long)wait.TotalMilliseconds));
                    await Task.Delay(wait, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            _slots.Release();
        }
    }

    private TimeSpan BackOff(int failures)
    {
        TimeSpan most = _options.RetryDelay * Math.Pow(2, failures);
        return (most < LongestBackOff ? most : LongestBackOff) * (0.5 + Random.Shared.NextDouble() / 2);
    }

    /// <summary>A server that failed as many requests in a row as are under way at once, twice over, is gone.</summary>
    private MalruleException GiveUp(AttemptFailedException failure, int failures, TimeSpan wait)
    {
        string message = failures > _options.Retries ? $"{failure.Message} ({failures} attempts)" : $"{failure.Message}, and asks to come back in {wait.TotalMinutes:0} minutes";
        int inARow = Interlocked.Increment(ref _failedInARow);
        return inARow < 2 * _options.Concurrency
            ? new RequestFailedException(message, inner: failure)
            : new MalruleException($"{inARow} requests in a row failed, the last: {message}. What is here is kept; the same command goes on from there.", failure);
    }

    private async Task<T> AttemptAsync<T>(
        HttpMethod method, string path, byte[]? body, JsonTypeInfo<T> type, Func<T, string?> check, CancellationToken cancellationToken) where T : class
    {
        using var timed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timed.CancelAfter(_options.Timeout);
        string address = $"{Address}/{path}";
        using var request = new HttpRequestMessage(method, address);
        if (body is not null)
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        if (_key is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _key);
        try
        {
            using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timed.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
                throw Explain(response, await ReadErrorAsync(response, timed.Token).ConfigureAwait(false), address);
            await response.Content.LoadIntoBufferAsync(LongestBody, timed.Token).ConfigureAwait(false);
            T? answer = JsonSerializer.Deserialize(await response.Content.ReadAsByteArrayAsync(timed.Token).ConfigureAwait(false), type);
            string? wrong = answer is null ? "null" : check(answer);
            return wrong is null ? answer! : throw new AttemptFailedException($"{address} answered {wrong}");
        }
        catch (HttpRequestException error) when (error.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            throw new RequestFailedException($"{address} answered more than {LongestBody >> 20} MiB", inner: error);
        }
        catch (JsonException error)
        {
            throw new AttemptFailedException($"{address} answered what is not the JSON expected: {Printable(error.Message)}", inner: error);
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            throw new AttemptFailedException($"{address} gave no whole answer: {Printable((error.InnerException ?? error).Message)}", inner: error);
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new AttemptFailedException(FormattableString.Invariant($"{address} gave no whole answer within {_options.Timeout.TotalSeconds:0.###} s"), inner: error);
        }
    }

    private MalruleException Explain(HttpResponseMessage response, (string Code, string Text) said, string address)
    {
        int status = (int)response.StatusCode;
        string answer = $"{address} answered {status}{(said.Text.Length > 0 ? $": {said.Text}" : "")}";
        string withKey = _key is null ? "It may need a key: put it into an environment variable and name that with --api-key-env" : $"Check the key in {_options.ApiKeyVariable}";
        return status switch
        {
            >= 300 and < 400 => new InvalidInputException($"{address} redirects to {Target(response)}. Redirects are not followed, so that key and questions go nowhere else; name the right address as the endpoint."),
            401 => new InvalidInputException($"{answer}. {withKey}."),
            402 => new MalruleException($"{answer}. Pay or change the account; the same command then goes on."),
            403 => new InvalidInputException($"{answer}. {withKey}, and that its account may use the model."),
            404 => new NotFoundException($"{answer}. Check the model's name, and that the endpoint is the address before /{address.AsSpan(Address.Length + 1)}; mostly it ends with /v1."),
            429 when said.Code == "insufficient_quota" => new MalruleException($"{answer}. The account's quota is used up; the same command goes on when there is more."),
            408 or 409 or 425 or 429 or >= 500 => new AttemptFailedException(answer, RetryAfter(response)),
            _ => new RequestFailedException(answer, isRefused: true),
        };
    }

    /// <summary>An error's code and text, from the shapes in which servers send it.</summary>
    private async Task<(string Code, string Text)> ReadErrorAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        string text;
        await using (Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false))
        {
            byte[] start = new byte[LongestError];
            int read = await stream.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            text = System.Text.Encoding.UTF8.GetString(start, 0, read);
        }
        try
        {
            using JsonDocument json = JsonDocument.Parse(text);
            JsonElement error = json.RootElement;
            if (error.ValueKind == JsonValueKind.Object && error.TryGetProperty("error", out JsonElement inner))
                error = inner;
            if (error.ValueKind != JsonValueKind.Object)
                return ("", Printable(error.ToString()));
            string code = error.TryGetProperty("code", out JsonElement given) ? given.ToString() : "";
            foreach (string field in (ReadOnlySpan<string>)["message", "detail"])
            {
                if (error.TryGetProperty(field, out JsonElement message))
                    return (code, Printable(message.ToString()));
            }
            return (code, Printable(text));
        }
        catch (JsonException)
        {
            return ("", Printable(text));
        }
    }

    private static TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        TimeSpan? wait = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - DateTimeOffset.UtcNow,
            _ => null,
        };
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }

    private static string Target(HttpResponseMessage response) =>
        response.Headers.Location is { IsAbsoluteUri: true } target ? target.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped) : "another path of its own";

    /// <summary>What a server said, fit for a terminal and a file: one short line without the key.</summary>
    private string Printable(string text)
    {
        string line = string.Join(' ', new string([.. text.Select(character => char.IsControl(character) ? ' ' : character)]).Split(' ', StringSplitOptions.RemoveEmptyEntries));
        if (_key is not null)
            line = line.Replace(_key, "***", StringComparison.Ordinal);
        return (line.Length <= ShownError ? line : line[..ShownError] + "…").TrimEnd('.');
    }

    /// <summary>The server has no such path or model.</summary>
    private sealed class NotFoundException(string message) : InvalidInputException(message);
}
