using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Malrule.Benchmarks.Checkpoints;

/// <summary>A tensor to write: <paramref name="Fill"/> is called with consecutive chunks of whole 8-byte words, the last one shorter.</summary>
internal sealed record TensorSpec(string Name, string DType, int[] Shape, Action<Noise, Span<byte>> Fill)
{
    public long Bytes => Shape.Aggregate(DType switch { "F16" => 2L, "F32" or "I32" => 4, "I64" => 8, _ => throw new ArgumentException(DType) },
        (product, extent) => product * extent);
}

/// <summary>
/// Writes tensors as safetensors without holding one in memory: <c>model.safetensors</c>, or where they exceed a shard
/// <c>model-0000i-of-0000n.safetensors</c> and <c>model.safetensors.index.json</c>. A tensor is a pure function of the seed and its
/// place in the list, so sharding does not change it.
/// </summary>
internal static class SafetensorsWriter
{
    private const int ChunkBytes = 1 << 20;

    /// <summary>Returns the files written.</summary>
    public static IReadOnlyList<string> Write(string folder, IReadOnlyList<TensorSpec> tensors, long seed, long shardBytes)
    {
        List<List<int>> shards = Split(tensors, shardBytes);
        var weightMap = new JsonObject();
        var files = new List<string>();
        foreach ((int number, List<int> members) in shards.Index())
        {
            string name = shards.Count == 1 ? "model.safetensors"
                : string.Create(CultureInfo.InvariantCulture, $"model-{number + 1:D5}-of-{shards.Count:D5}.safetensors");
            WriteFile(Path.Combine(folder, name), tensors, members, seed);
            files.Add(name);
            foreach (int member in members)
                weightMap.Add(tensors[member].Name, name);
        }
        if (shards.Count > 1)
        {
            var index = new JsonObject
            {
                ["metadata"] = new JsonObject { ["total_size"] = tensors.Sum(tensor => tensor.Bytes) },
                ["weight_map"] = weightMap,
            };
            File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), index.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
            files.Add("model.safetensors.index.json");
        }
        return files;
    }

    private static List<List<int>> Split(IReadOnlyList<TensorSpec> tensors, long shardBytes)
    {
        var shards = new List<List<int>> { new() };
        long used = 0;
        foreach ((int i, TensorSpec tensor) in tensors.Index())
        {
            if (used > 0 && used + tensor.Bytes > shardBytes)
            {
                shards.Add([]);
                used = 0;
            }
            shards[^1].Add(i);
            used += tensor.Bytes;
        }
        return shards;
    }

    private static void WriteFile(string path, IReadOnlyList<TensorSpec> tensors, List<int> members, long seed)
    {
        var header = new JsonObject { ["__metadata__"] = new JsonObject { ["format"] = "pt" } };
        long offset = 0;
        foreach (int member in members)
        {
            TensorSpec tensor = tensors[member];
            header.Add(tensor.Name, new JsonObject
            {
                ["dtype"] = tensor.DType,
                ["shape"] = new JsonArray([.. tensor.Shape.Select(extent => (JsonNode)extent)]),
                ["data_offsets"] = new JsonArray(offset, offset + tensor.Bytes),
            });
            offset += tensor.Bytes;
        }
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(header);
        int padded = (json.Length + 7) & ~7;
        byte[] head = new byte[8 + padded];
        BinaryPrimitives.WriteInt64LittleEndian(head, padded);
        head.AsSpan(8).Fill((byte)' ');
        json.CopyTo(head, 8);

        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        file.Write(head);
        byte[] chunk = new byte[ChunkBytes];
        foreach (int member in members)
        {
            var noise = new Noise(seed, member);
            for (long left = tensors[member].Bytes; left > 0; left -= ChunkBytes)
            {
                Span<byte> part = chunk.AsSpan(0, (int)Math.Min(left, ChunkBytes));
                tensors[member].Fill(noise, part);
                file.Write(part);
            }
        }
    }
}
