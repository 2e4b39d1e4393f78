using System.Text;
using CsCheck;
using Malrule.Cli.Batch;

namespace Malrule.Cli.Tests.Batch;

public sealed class LineReaderTests
{
    [Fact]
    public void Lines_come_back_as_they_went_in_and_long_ones_as_null() => Gen.String[Gen.Char['a', 'c'], 0, 40].Array[0, 12].Sample(lines =>
    {
        const int limit = 25;
        byte[] bytes = Encoding.UTF8.GetBytes(string.Join('\n', lines));
        (long Number, string? Line)[] expected = [.. lines.Select((line, i) => ((long)i + 1, line.Length > limit ? null : line)).Where(line => line.Item2 != "")];
        Assert.Equal(expected, Read(new Trickle(bytes), limit));
    });

    [Fact]
    public void A_line_far_longer_than_the_limit_is_not_held()
    {
        byte[] bytes = [.. Enumerable.Repeat((byte)'x', 5_000_000), (byte)'\n', (byte)'y'];
        Assert.Equal([(1, null), (2, "y")], Read(new MemoryStream(bytes), 1000));
    }

    private static List<(long, string?)> Read(Stream stream, int limit) =>
        LineReader.ReadAsync(stream, limit).Select(line => (line.Number, line.Line is null ? null : Encoding.UTF8.GetString(line.Line))).ToBlockingEnumerable().ToList();

    /// <summary>A stream that gives few bytes at a time.</summary>
    private sealed class Trickle(byte[] bytes) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => base.ReadAsync(buffer[..Math.Min(7, buffer.Length)], cancellationToken);
    }
}
