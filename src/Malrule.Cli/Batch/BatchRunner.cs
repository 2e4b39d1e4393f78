using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Malrule.Inference;

namespace Malrule.Cli.Batch;

/// <summary>Counts of a batch so far.</summary>
/// <param name="Done">Requests answered and written.</param>
/// <param name="Failed">Those of them whose answer is an error.</param>
/// <param name="Broken">Those of these that were right and failed here, with status 500.</param>
/// <param name="Total">Requests in the input; 0 where it is a pipe.</param>
internal readonly record struct BatchProgress(long Done, long Failed, long Broken, long Total);

/// <summary>
/// Runs a file of requests: they are answered concurrently and written in the order of the input, a bounded number being under way or
/// waiting to be written. A bad line gives an error line; the others go on. The output appears under its name when it is whole; until
/// then, and after an interruption, it stands beside it as <c>NAME.KEY.partial</c>, and the same batch goes on from there. The key stands for
/// the input and for <paramref name="identity"/>, so that only answers of the same batch are ever put together.
/// </summary>
/// <param name="service">Answers a request.</param>
/// <param name="window">Requests under way or waiting to be written, at most.</param>
/// <param name="identity">All that answers depend on but the input.</param>
/// <param name="say">Told what was answered before.</param>
internal sealed class BatchRunner(OpenAiService service, int window, string identity, Action<string> say)
{
    /// <summary>Longest line taken, in bytes.</summary>
    public const int MaxLineBytes = 64 << 20;

    /// <summary>Makes sure, before a model is loaded, that the input is there and the output's folder too.</summary>
    /// <exception cref="InvalidInputException">One of them is not.</exception>
    public static void Check(string input, string output)
    {
        if (!File.Exists(input))
            throw new InvalidInputException($"{input} does not exist. Name a file of requests (--input-file), a JSON object a line.");
        if (Path.GetDirectoryName(Path.GetFullPath(output)) is { } folder && !Directory.Exists(folder))
            throw new InvalidInputException($"{output} cannot be written: its folder does not exist.");
    }

    /// <exception cref="InvalidInputException">The input cannot be read, or the output not written.</exception>
    public async Task<BatchProgress> RunAsync(string input, string output, Action<BatchProgress> report, CancellationToken cancellationToken)
    {
        await using FileStream source = Open(input, FileMode.Open, FileAccess.Read);
        string partial = source.CanSeek ? $"{output}.{await KeyAsync(source).ConfigureAwait(false)}.partial" : $"{output}.partial";
        BatchProgress progress;
        await using (FileStream target = Open(partial, source.CanSeek ? FileMode.OpenOrCreate : FileMode.Create, FileAccess.ReadWrite))
        {
            BatchProgress before = await KeepAsync(target).ConfigureAwait(false);
            if (before.Done > 0)
                say($"{partial} holds the answers to {before.Done} requests already");
            progress = await AnswerAllAsync(source, target, before, report, cancellationToken).ConfigureAwait(false);
            target.Flush(flushToDisk: true);
        }
        File.Move(partial, output, overwrite: true);
        return progress;
    }

    private async Task<string> KeyAsync(FileStream source)
    {
        string text = $"{identity}\n{Convert.ToHexStringLower(await SHA256.HashDataAsync(source).ConfigureAwait(false))}";
        source.Position = 0;
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..8];
    }

    /// <summary>Counts the answers that an earlier process wrote whole, and cuts off what it did not.</summary>
    private static async Task<BatchProgress> KeepAsync(FileStream target)
    {
        var kept = new BatchProgress(0, 0, 0, 0);
        target.SetLength(await EndOfLinesAsync(target).ConfigureAwait(false));
        target.Position = 0;
        try
        {
            await foreach ((_, byte[]? line) in LineReader.ReadAsync(target, int.MaxValue).ConfigureAwait(false))
            {
                JsonElement answer = JsonElement.Parse(line!);
                kept = Count(kept, answer.GetProperty("error").ValueKind != JsonValueKind.Null, answer.GetProperty("response").GetProperty("status_code").GetInt32());
            }
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            target.SetLength(0); // no answers of ours: a disk that lost power keeps zeros
            kept = default;
        }
        target.Position = target.Length;
        return kept;
    }

    private static async Task<long> EndOfLinesAsync(FileStream stream)
    {
        var buffer = new byte[1 << 16];
        long end = 0, position = 0;
        for (int read; (read = await stream.ReadAsync(buffer).ConfigureAwait(false)) > 0; position += read)
        {
            int last = buffer.AsSpan(0, read).LastIndexOf((byte)'\n');
            if (last >= 0)
                end = position + last + 1;
        }
        return end;
    }

    private static BatchProgress Count(BatchProgress progress, bool failed, int status) => progress with
    {
        Done = progress.Done + 1,
        Failed = progress.Failed + (failed ? 1 : 0),
        Broken = progress.Broken + (status >= 500 ? 1 : 0),
    };

    private async Task<BatchProgress> AnswerAllAsync(FileStream source, FileStream target, BatchProgress before, Action<BatchProgress> report, CancellationToken cancellationToken)
    {
        using var stopped = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Channel<Task<BatchResult>> results = Channel.CreateBounded<Task<BatchResult>>(window);
        BatchProgress progress = before with { Total = source.CanSeek ? await CountAsync(source).ConfigureAwait(false) : 0 };
        Task feeding = FeedAsync(source, before.Done, results.Writer, stopped.Token);
        try
        {
            await foreach (Task<BatchResult> pending in results.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
            {
                BatchResult result = await pending.ConfigureAwait(false);
                await JsonSerializer.SerializeAsync(target, result, OpenAiJson.Readable.BatchResult, CancellationToken.None).ConfigureAwait(false);
                target.WriteByte((byte)'\n');
                await target.FlushAsync(CancellationToken.None).ConfigureAwait(false); // to the operating system: what is killed loses nothing
                progress = Count(progress, result.Error is not null, result.Response.StatusCode);
                report(progress);
            }
        }
        finally
        {
            await stopped.CancelAsync().ConfigureAwait(false);
            await feeding.ConfigureAwait(false);
        }
        return progress;
    }

    private static async Task<long> CountAsync(FileStream source)
    {
        long count = 0;
        await foreach (var _ in LineReader.ReadAsync(source, MaxLineBytes).ConfigureAwait(false))
            count++;
        source.Position = 0;
        return count;
    }

    private async Task FeedAsync(FileStream source, long answered, ChannelWriter<Task<BatchResult>> results, CancellationToken cancellationToken)
    {
        try
        {
            await foreach ((long number, byte[]? line) in LineReader.ReadAsync(source, MaxLineBytes).Skip(checked((int)answered)).ConfigureAwait(false))
                await results.WriteAsync(AnswerAsync(number, line, cancellationToken), cancellationToken).ConfigureAwait(false);
            results.Complete();
        }
        catch (Exception error)
        {
            results.Complete(error); // thrown where the results are read
        }
    }

    private async Task<BatchResult> AnswerAsync(long number, byte[]? line, CancellationToken cancellationToken)
    {
        string? customId = null;
        try
        {
            JsonElement request = Parse(number, line);
            customId = Text(request, "custom_id");
            if (Text(request, "method") is var method and not "POST")
                throw new RequestException("method", $"Line {number}: method must be POST; it is {method}.");
            if (!request.TryGetProperty("body", out JsonElement body))
                throw new RequestException("body", $"Line {number}: body is missing.");
            return Result(200, await service.RespondAsync(Text(request, "url"), body, number, cancellationToken).ConfigureAwait(false), null);
        }
        catch (MalruleException error)
        {
            return Result(error is RequestException { StatusCode: var status } ? status : error is InvalidInputException ? 400 : 500, null, error);
        }

        BatchResult Result(int status, ResponseBody? body, MalruleException? error) => new()
        {
            Id = $"malrule-{number}",
            CustomId = customId,
            Response = new BatchResponse(status, $"malrule-batch-{number}", body),
            Error = error is null ? null : new BatchError(error.Message,
                status switch { 404 => "NotFoundError", 500 => "InternalServerError", _ => "BadRequestError" }, (error as RequestException)?.Param, status),
        };

        string Text(JsonElement request, string field) => request.TryGetProperty(field, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new RequestException(field, $"Line {number}: {field} must be a string; it is {(value.ValueKind == JsonValueKind.Undefined ? "missing" : value.GetRawText())}.");
    }

    private static JsonElement Parse(long number, byte[]? line)
    {
        if (line is null)
            throw new RequestException(null, $"Line {number} is longer than {MaxLineBytes >> 20} MiB.");
        try
        {
            JsonElement request = JsonElement.Parse(line, new JsonDocumentOptions { AllowDuplicateProperties = false });
            return request.ValueKind == JsonValueKind.Object ? request
                : throw new RequestException(null, $"Line {number}: expected an object with custom_id, method, url and body.");
        }
        catch (JsonException error)
        {
            string reason = error.Message.Split(" LineNumber:")[0]; // counts within the line
            throw new RequestException(null, $"Line {number} is not JSON: {reason}");
        }
    }

    private static FileStream Open(string path, FileMode mode, FileAccess access)
    {
        try
        {
            return new FileStream(path, mode, access, FileShare.Read, 1 << 16, FileOptions.Asynchronous);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{path} cannot be {(access == FileAccess.Read ? "read" : "written")}: {error.Message}", error);
        }
    }
}
