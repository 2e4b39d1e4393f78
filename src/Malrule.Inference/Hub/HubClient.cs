using System.Net;
using System.Net.Http.Headers;

namespace Malrule.Inference.Hub;

/// <summary>
/// Speaks the hub's HTTP API. Redirects are followed here, not by the handler: the token goes to the endpoint's own scheme, host and
/// port alone, and a redirect that carries <c>X-Linked-Etag</c> is itself what says a file's size and hash.
/// </summary>
internal sealed class HubClient : IDisposable
{
    private const int MostRedirects = 10;
    private const int MostRetries = 5;
    private const int LongestListing = 32 << 20;
    private const long ProgressThatForgives = 1 << 20;
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(30);

    private readonly HubDownloadOptions _options;
    private readonly HubModelId _id;
    private readonly Action<string> _notify;
    private readonly Uri _endpoint;
    private readonly HttpClient _http;

    public HubClient(HubDownloadOptions options, HubModelId id, Action<string> notify)
    {
        (_options, _id, _notify) = (options, id, notify);
        if (!Uri.TryCreate(options.Endpoint.TrimEnd('/'), UriKind.Absolute, out Uri? endpoint) || endpoint.Scheme is not ("https" or "http") || endpoint.UserInfo.Length > 0)
            throw new InvalidInputException($"HF_ENDPOINT: expected an address such as https://huggingface.co; found \"{options.Endpoint}\".");
        if (options.Token is { } token && !token.All(c => c is > ' ' and < '\x7f'))
            throw new InvalidInputException($"{TokenSource} holds characters that no token has.");
        _endpoint = endpoint;
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, AutomaticDecompression = DecompressionMethods.None, ConnectTimeout = options.Patience })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("malrule", typeof(HubClient).Assembly.GetName().Version!.ToString(3)));
        _http.DefaultRequestHeaders.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
    }

    private string TokenSource => _options.TokenSource ?? "HF_TOKEN";

    public TimeSpan Patience => _options.Patience;

    /// <summary>The files of a branch, tag or commit.</summary>
    public Task<HubListing> ListAsync(string revision, CancellationToken cancellationToken) => RetryAsync(async () =>
    {
        var address = new Uri($"{Root}/api/models/{_id.Repository}/revision/{Uri.EscapeDataString(revision)}?blobs=true");
        using HttpResponseMessage response = await SendAsync(HttpMethod.Get, address, 0, cancellationToken).ConfigureAwait(false);
        using var quiet = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        quiet.CancelAfter(Patience);
        try
        {
            await response.Content.LoadIntoBufferAsync(LongestListing, quiet.Token).ConfigureAwait(false);
        }
        catch (HttpRequestException exception) when (exception.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            throw new MalruleException($"{_id}: the hub's list of files is longer than {LongestListing >> 20} MiB.", exception);
        }
        catch (Exception exception) when (IsBroken(exception, cancellationToken))
        {
            throw new HubTransientException($"{_id}: the list of files broke off ({exception.Message})", null, exception);
        }
        return HubListing.Parse(_id, await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false));
    }, null, cancellationToken);

    /// <summary>Size and hash of a file, from its headers or else from the listing.</summary>
    public Task<HubFile> DescribeAsync(HubListing listing, string name, CancellationToken cancellationToken) => RetryAsync(async () =>
    {
        using HttpResponseMessage response = await SendAsync(HttpMethod.Head, Address(listing.Commit, name), 0, cancellationToken).ConfigureAwait(false);
        if (Header(response, "X-Repo-Commit") is { } commit && commit != listing.Commit)
            throw new MalruleException($"{_id}: {name} comes from commit {Printable(commit)}, the list of files from {listing.Commit}; run the same command again.");
        var (listedSize, listedHash) = listing.Details(name);
        string? hash = HubFile.HashOf(Header(response, "X-Linked-Etag")) ?? (response.IsSuccessStatusCode ? HubFile.HashOf(Header(response, "ETag")) : null) ?? listedHash;
        long? size = long.TryParse(Header(response, "X-Linked-Size"), out long linked) && linked >= 0 ? linked
            : (response.IsSuccessStatusCode ? response.Content.Headers.ContentLength : null) ?? listedSize;
        return hash is not null && size is { } bytes ? new HubFile(name, bytes, hash) : throw new MalruleException(
            $"{_id}: {_endpoint} tells no {(hash is null ? "hash" : "size")} of {name}, so a download could not be checked. Is HF_ENDPOINT a Hugging Face hub or a full mirror of it?");
    }, null, cancellationToken);

    /// <summary>The content of a file from a byte on: 206; 200 where the server sends all of it; 416 where it has no such byte.</summary>
    public Task<HttpResponseMessage> OpenAsync(HubFile file, string commit, long from, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, Address(commit, file.Name), from, cancellationToken);

    /// <summary>
    /// Runs an attempt again when it failed in a way that may pass, waiting as long as the hub asks or ever longer.
    /// <paramref name="received"/> counts bytes: an attempt that got some way is no failure in a row.
    /// </summary>
    public async Task<T> RetryAsync<T>(Func<Task<T>> attempt, Func<long>? received, CancellationToken cancellationToken)
    {
        long reached = received?.Invoke() ?? 0;
        for (int failures = 0; ;)
        {
            try
            {
                return await attempt().ConfigureAwait(false);
            }
            catch (HubTransientException exception)
            {
                long now = received?.Invoke() ?? 0;
                failures = now - reached >= ProgressThatForgives ? 1 : failures + 1;
                reached = Math.Max(reached, now);
                if (failures > MostRetries)
                    throw new MalruleException($"{exception.Message}, {failures} times in a row. What is here is kept; the same command goes on from there. Without a network, name a mirror by HF_ENDPOINT, or copy the model's folder here and name that.", exception);
                TimeSpan backOff = _options.RetryDelay * (1 << (failures - 1));
                TimeSpan wait = exception.RetryAfter ?? (backOff < LongestBackOff ? backOff : LongestBackOff);
                if (wait > LongestWait)
                    throw new MalruleException($"{exception.Message} and asks to come back in {wait.TotalMinutes:0} minutes. What is here is kept; the same command goes on from there.", exception);
                _notify($"{exception.Message}; trying again in {wait.TotalSeconds:0.#} s");
                await Task.Delay(wait, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Whether a connection failed or went quiet, rather than the caller cancelling.</summary>
    public static bool IsBroken(Exception exception, CancellationToken cancellationToken) =>
        exception is HttpRequestException or IOException || exception is OperationCanceledException && !cancellationToken.IsCancellationRequested;

    public void Dispose() => _http.Dispose();

    private string Root => _endpoint.AbsoluteUri.TrimEnd('/');

    private Uri Address(string commit, string file) =>
        new($"{Root}/{_id.Repository}/resolve/{commit}/{string.Join('/', file.Split('/').Select(Uri.EscapeDataString))}");

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, Uri address, long from, CancellationToken cancellationToken)
    {
        bool home = true;
        for (int hop = 0; hop <= MostRedirects; hop++)
        {
            home &= IsEndpoint(address); // once away, a redirect back does not bring the token into play again
            using var request = new HttpRequestMessage(method, address);
            if (home && _options.Token is { } token)
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            if (from > 0)
                request.Headers.Range = new RangeHeaderValue(from, null);
            HttpResponseMessage response = await SendAsync(request, cancellationToken).ConfigureAwait(false);
            bool redirects = response.StatusCode is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
                or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;
            if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable
                || redirects && method == HttpMethod.Head && HubFile.HashOf(Header(response, "X-Linked-Etag")) is not null)
                return response;
            using (response)
            {
                if (!redirects)
                    throw Refusal(response, address, home);
                Uri? next = response.Headers.Location is { } location ? new Uri(address, location) : null;
                if (next is null || next.Scheme is not ("https" or "http") || next.Scheme == "http" && address.Scheme == "https")
                    throw new MalruleException($"{_id}: {address.Host} redirects to {(next is null ? "nowhere" : $"{next.Scheme}://{next.Host}")}; expected an https address.");
                address = next;
            }
        }
        throw new MalruleException($"{_id}: more than {MostRedirects} redirects, the last to {address.Host}.");
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var quiet = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        quiet.CancelAfter(Patience);
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, quiet.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (IsBroken(exception, cancellationToken))
        {
            string why = exception is OperationCanceledException ? $"no answer within {Patience.TotalSeconds:0} s" : exception.Message;
            throw new HubTransientException($"{_id}: {request.RequestUri!.Authority} cannot be reached ({why})", null, exception);
        }
    }

    private bool IsEndpoint(Uri address) => address.Scheme == _endpoint.Scheme && address.Port == _endpoint.Port
        && address.IdnHost.Equals(_endpoint.IdnHost, StringComparison.OrdinalIgnoreCase);

    private MalruleException Refusal(HttpResponseMessage response, Uri address, bool home)
    {
        int status = (int)response.StatusCode;
        string code = Header(response, "X-Error-Code") ?? "", said = Header(response, "X-Error-Message") ?? "";
        string answer = $"{_id}: {address.Authority} answers {Printable(string.Join(' ', new[] { $"{status}", code, said }.Where(part => part.Length > 0)))}";
        // Behind the endpoint stand addresses signed for a while: one that has run out is refused.
        if (status is 408 or 429 or >= 500 || !home && status is 401 or 403 or 404)
            return new HubTransientException(answer, RetryAfter(response));
        bool hasToken = _options.Token is not null;
        return (status, code) switch
        {
            (401 or 403, "GatedRepo") => new InvalidInputException($"{answer}. Its owner asks users to accept terms first: open {Root}/{_id.Repository}, "
                + (hasToken ? $"accept them with the account of the token in {TokenSource}." : "accept them, and set HF_TOKEN to a token of that account.")),
            (401 or 403, _) => new InvalidInputException($"{answer}. There is no such public model (check the spelling), or it is private: "
                + (hasToken ? $"the token in {TokenSource} is wrong or may not read it." : "then set HF_TOKEN to a token that may read it.")),
            (404, "RevisionNotFound") => new InvalidInputException($"{answer}. The model has no such branch, tag or commit; without --revision it is main."),
            (404, _) => new InvalidInputException($"{answer}. There is no such model; a private one needs HF_TOKEN."),
            _ => new MalruleException($"{answer}; expected the file."),
        };
    }

    private static TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date > DateTimeOffset.UtcNow ? date - DateTimeOffset.UtcNow : TimeSpan.Zero,
        _ => null,
    };

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.First() : null;

    // What a server says goes to a terminal.
    private static string Printable(string text) => new([.. text.Take(200).Select(c => char.IsControl(c) ? ' ' : c)]);
}
