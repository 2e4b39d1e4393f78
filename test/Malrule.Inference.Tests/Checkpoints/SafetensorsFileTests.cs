using CsCheck;
using Malrule.Inference.Checkpoints;
using static Malrule.Inference.Tests.Checkpoints.SafetensorsWriter;

namespace Malrule.Inference.Tests.Checkpoints;

public sealed class SafetensorsFileTests
{
    [Fact]
    public void Values_of_each_floating_type_are_read()
    {
        byte[] data = [.. BitConverter.GetBytes((Half)1.5), .. BitConverter.GetBytes((Half)(-2)), 0x40, 0x40, 0, 0, .. BitConverter.GetBytes(0.25f)];
        using var file = SafetensorsFile.Open(Write($"{{{Entry("h", "F16", [2], 0, 4)}, {Entry("b", "BF16", [2], 4, 8)}, {Entry("f", "F32", [1, 1], 8, 12)}}}", data));
        Assert.Equal([1.5f, -2f], new[] { file.Tensor("h")[0], file.Tensor("h")[1] });
        Assert.Equal(3f, file.Tensor("b")[0]);
        Assert.Equal(0.25f, file.Tensor("f")[0]);
        Assert.Equal([1, 1], file.Tensor("f").Shape);
    }

    public static TheoryData<string, string, int, ulong?> Damaged => new()
    {
        { "it may be cut off", $"{{{Entry("a", "F32", [4], 0, 16)}}}", 12, null },
        { "the header says it is", "{}", 0, 1_000 },
        { "the header says it is", "{}", 0, ulong.MaxValue },
        { "overlap", $"{{{Entry("a", "F32", [2], 0, 8)}, {Entry("b", "F32", [2], 4, 12)}}}", 12, null },
        { "overlap", $"{{{Entry("a", "U8", [4], 0, 4)}, {Entry("b", "U8", [4], 3, 7)}}}", 7, null },
        { "does not fill", $"{{{Entry("a", "F32", [3], 0, 8)}}}", 8, null },
        { "does not fill", $"{{{Entry("a", "F32", [4294967296, 4294967296], 0, 8)}}}", 8, null },
        { "has shape", $"{{{Entry("a", "F32", [-1], 0, 8)}}}", 8, null },
        { "data_offsets", $"{{{Entry("a", "F32", [2], 8, 0)}}}", 8, null },
        { "unknown type", $"{{{Entry("a", "Q4", [2], 0, 8)}}}", 8, null },
        { "not the JSON", "{\"a\": ", 0, null },
        { "not the JSON", "[1, 2]", 0, null },
        { "not the JSON", $"{{{Entry("a", "F32", [1], 0, 4)}, {Entry("a", "F32", [1], 0, 4)}}}", 4, null },
        { "not the JSON", "{\"a\": {\"dtype\": \"F32\", \"shape\": [1.5], \"data_offsets\": [0, 4]}}", 4, null },
    };

    [Theory]
    [MemberData(nameof(Damaged))]
    public void A_damaged_file_is_refused_with_one_clear_message(string expected, string header, int dataBytes, ulong? headerLength)
    {
        string path = Write(header, new byte[dataBytes], headerLength);
        var error = Assert.Throws<InvalidInputException>(() => SafetensorsFile.Open(path));
        Assert.StartsWith(path, error.Message);
        Assert.Contains(expected, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Any_bytes_at_all_either_open_or_are_refused() =>
        Gen.Byte.Array[0, 200].Sample(bytes =>
        {
            string path = Path.Combine(Path.GetTempPath(), Guid.NewGuid() + ".safetensors");
            File.WriteAllBytes(path, bytes);
            try
            {
                using var file = SafetensorsFile.Open(path);
            }
            catch (InvalidInputException)
            {
            }
            finally
            {
                File.Delete(path);
            }
        }, iter: 500);

    [Fact]
    public void Flipping_any_header_byte_of_a_real_file_never_crashes()
    {
        byte[] bytes = File.ReadAllBytes(Malrule.Tests.TestPaths.Data("fixtures", "qwen2-fp16-tiny", "model.safetensors"))[..6_000];
        Gen.Select(Gen.Int[0, 5_999], Gen.Byte).Sample((place, value) =>
        {
            string path = Path.Combine(Path.GetTempPath(), Guid.NewGuid() + ".safetensors");
            byte[] copy = [.. bytes];
            copy[place] = value;
            File.WriteAllBytes(path, copy);
            Assert.Throws<InvalidInputException>(() => SafetensorsFile.Open(path).Dispose());
            File.Delete(path);
        }, iter: 300);
    }
}
