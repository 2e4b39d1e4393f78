using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace Malrule.Inference.Tests.Checkpoints;

/// <summary>Writes safetensors files for tests, well-formed or damaged on purpose.</summary>
internal static class SafetensorsWriter
{
    public static string Write(string header, byte[] data, ulong? headerLength = null)
    {
        string path = Path.Combine(Malrule.Tests.TestPaths.TemporaryFolder(), "model.safetensors");
        byte[] json = Encoding.UTF8.GetBytes(header);
        byte[] length = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, headerLength ?? (ulong)json.Length);
        File.WriteAllBytes(path, [.. length, .. json, .. data]);
        return path;
    }

    public static string Entry(string name, string dtype, long[] shape, long begin, long end) =>
        $"{JsonSerializer.Serialize(name)}: {{\"dtype\": \"{dtype}\", \"shape\": [{string.Join(", ", shape)}], \"data_offsets\": [{begin}, {end}]}}";
}
