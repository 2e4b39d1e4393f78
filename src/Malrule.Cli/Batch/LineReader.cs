using System.Buffers;
using System.IO.Pipelines;

namespace Malrule.Cli.Batch;

/// <summary>
/// Lines of a file as bytes, blank ones left out, without holding more than one in memory. A line longer than the limit is passed over
/// and yielded as null. A byte order mark and carriage returns are no part of a line.
/// </summary>
internal static class LineReader
{
    public static async IAsyncEnumerable<(long Number, byte[]? Line)> ReadAsync(Stream stream, int maxBytes)
    {
        PipeReader reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 1 << 16, leaveOpen: true));
        long number = 0;
        bool passing = false; // inside a line that is too long
        while (true)
        {
            ReadResult result = await reader.ReadAsync().ConfigureAwait(false);
            ReadOnlySequence<byte> buffer = result.Buffer;
            while (TryCut(ref buffer, result.IsCompleted, out ReadOnlySequence<byte> line))
            {
                number++;
                if (passing || line.Length > maxBytes)
                    yield return (number, null);
                else if (Trim(line.ToArray(), isFirst: number == 1) is { Length: > 0 } text)
                    yield return (number, text);
                passing = false;
            }
            if (buffer.Length > maxBytes)
            {
                passing = true;
                buffer = buffer.Slice(buffer.End);
            }
            reader.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted)
                break;
        }
        if (passing)
            yield return (number + 1, null);
        await reader.CompleteAsync().ConfigureAwait(false);
    }

    private static bool TryCut(ref ReadOnlySequence<byte> buffer, bool isLast, out ReadOnlySequence<byte> line)
    {
        if (buffer.PositionOf((byte)'\n') is { } end)
        {
            line = buffer.Slice(0, end);
            buffer = buffer.Slice(buffer.GetPosition(1, end));
            return true;
        }
        line = isLast ? buffer : default;
        if (isLast)
            buffer = buffer.Slice(buffer.End);
        return !line.IsEmpty;
    }

    private static byte[] Trim(byte[] line, bool isFirst)
    {
        ReadOnlySpan<byte> text = line;
        if (isFirst && text.StartsWith("\uFEFF"u8))
            text = text[3..];
        text = text.Trim(" \t\r"u8);
        return text.Length == line.Length ? line : text.ToArray();
    }
}
