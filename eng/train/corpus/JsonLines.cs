using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Malrule.Corpus;

/// <summary>Writes records as JSON Lines: made in parallel, written in order, so the bytes do not depend on the number of threads.</summary>
internal static class JsonLines
{
    private const int Batch = 4096;
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static void Write(Stream output, long start, long count, Action<Utf8JsonWriter, long> write)
    {
        var lines = new byte[Batch][];
        for (long done = 0; done < count; done += Batch)
        {
            int size = (int)Math.Min(Batch, count - done);
            long first = start + done;
            Parallel.For(0, size, i => lines[i] = Line(writer => write(writer, first + i)));
            for (int i = 0; i < size; i++)
                output.Write(lines[i]);
        }
        output.Flush();
    }

    private static byte[] Line(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var writer = new Utf8JsonWriter(buffer, Options))
            write(writer);
        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }
}
