using System.Net;
using System.Security.Cryptography;

namespace Malrule.Inference.Hub;

/// <summary>
/// Downloads one content into <c>blobs/HASH.incomplete</c>, from where an earlier attempt stopped, and renames it to <c>blobs/HASH</c>
/// only when size and hash are right.
/// </summary>
internal sealed class HubBlob(HubClient client, HubModelFolder folder, HubFile file, string commit, Action<long> received) : IDisposable
{
    private const int BufferBytes = 256 << 10;

    private readonly byte[] _buffer = new byte[BufferBytes];
    private FileStream _partial = null!;
    private IncrementalHash _hash = file.StartHash();
    private long _length; // bytes that are in the file and in the hash

    public async Task DownloadAsync(CancellationToken cancellationToken)
    {
        string blob = folder.Blob(file.Hash), partial = blob + ".incomplete";
        Directory.CreateDirectory(Path.GetDirectoryName(blob)!);
        using (_partial = new FileStream(partial, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete, bufferSize: 1, useAsync: true))
        {
            await TakeUpAsync(cancellationToken).ConfigureAwait(false);
            bool resumed = _length > 0;
            await FillAsync(cancellationToken).ConfigureAwait(false);
            if (resumed && !IsRight())
            {
                StartOver(); // what was there before was damaged
                await FillAsync(cancellationToken).ConfigureAwait(false);
            }
            if (!IsRight())
            {
                string found = Convert.ToHexStringLower(_hash.GetCurrentHash());
                StartOver();
                File.Delete(partial);
                throw new MalruleException($"{file.Name}: the {file.HashName} of what was sent is {found}, expected {file.Hash}. It was thrown away; run the same command again, or try another endpoint.");
            }
            _partial.Flush(flushToDisk: true);
        }
        File.Move(partial, blob, overwrite: true);
    }

    public void Dispose()
    {
        _hash.Dispose();
        _partial?.Dispose();
    }

    private bool IsRight() => Convert.ToHexStringLower(_hash.GetCurrentHash()) == file.Hash;

    private async Task TakeUpAsync(CancellationToken cancellationToken)
    {
        if (_partial.Length > file.Size)
            _partial.SetLength(0);
        for (int read; (read = await _partial.ReadAsync(_buffer, cancellationToken).ConfigureAwait(false)) > 0;)
            Count(read);
    }

    private Task<long> FillAsync(CancellationToken cancellationToken) => client.RetryAsync(
        () => _length < file.Size ? ReceiveAsync(cancellationToken) : Task.FromResult(_length), () => _length, cancellationToken);

    private async Task<long> ReceiveAsync(CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await client.OpenAsync(file, commit, _length, cancellationToken).ConfigureAwait(false);
        if (_length > 0 && !(response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From == _length))
        {
            StartOver();
            if (response.StatusCode != HttpStatusCode.OK)
                throw new HubTransientException($"{file.Name}: the server cannot go on where the transfer stopped");
        }
        if (response.Content.Headers.ContentLength is { } announced && announced != file.Size - _length)
            throw new MalruleException($"{file.Name}: the server sends {announced} bytes, expected {file.Size - _length} (of {file.Size}); try another endpoint.");

        using var quiet = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        for (int read; (read = await ReadAsync(response, quiet, cancellationToken).ConfigureAwait(false)) > 0;)
        {
            if (read > file.Size - _length)
                throw new MalruleException($"{file.Name}: the server sends more than the {file.Size} bytes that were announced; try another endpoint.");
            await _partial.WriteAsync(_buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            Count(read);
        }
        return _length == file.Size ? _length : throw new HubTransientException($"{file.Name}: the transfer stopped at {_length} of {file.Size} bytes");
    }

    private async Task<int> ReadAsync(HttpResponseMessage response, CancellationTokenSource quiet, CancellationToken cancellationToken)
    {
        quiet.CancelAfter(client.Patience);
        try
        {
            Stream stream = await response.Content.ReadAsStreamAsync(quiet.Token).ConfigureAwait(false);
            return await stream.ReadAsync(_buffer, quiet.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (HubClient.IsBroken(exception, cancellationToken))
        {
            throw new HubTransientException($"{file.Name}: the transfer broke off at {_length} of {file.Size} bytes", null, exception);
        }
    }

    private void Count(int read)
    {
        _hash.AppendData(_buffer, 0, read);
        _length += read;
        received(read);
    }

    private void StartOver()
    {
        received(-_length);
        _length = 0;
        _hash.Dispose();
        _hash = file.StartHash();
        _partial.SetLength(0);
        _partial.Position = 0;
    }
}
