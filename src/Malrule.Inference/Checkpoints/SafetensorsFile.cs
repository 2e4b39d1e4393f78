using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Text.Json;

namespace Malrule.Inference.Checkpoints;

/// <summary>
/// One memory-mapped safetensors file: eight bytes of header length, a JSON header naming each tensor's type, shape and byte range,
/// then the data. Everything the header says is checked against the file before any of it is used.
/// Format: the safetensors README of Hugging Face.
/// </summary>
internal sealed unsafe class SafetensorsFile : IDisposable
{
    private const int MaxHeaderBytes = 100_000_000;

    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _data;
    private readonly Dictionary<string, Entry> _entries;

    /// <summary>Where a tensor lies: [Begin, End) counted from the start of the data.</summary>
    private readonly record struct Entry(string DType, long[] Shape, long Begin, long End);

    private SafetensorsFile(string path, MemoryMappedFile map, MemoryMappedViewAccessor view, byte* data, Dictionary<string, Entry> entries)
    {
        (Path, _map, _view, _entries) = (path, map, view, entries);
        _data = data;
    }

    public string Path { get; }
    public IEnumerable<string> Names => _entries.Keys;

    public static SafetensorsFile Open(string path)
    {
        if (!File.Exists(path))
            throw new InvalidInputException($"{path}: there is no such file.");
        long length;
        using (var file = File.OpenHandle(path)) // not FileInfo: in the Hugging Face cache the path is a link, which has a length of its own
            length = RandomAccess.GetLength(file);
        if (length < 8)
            throw Damaged(path, $"a safetensors file starts with an 8-byte header length, the file has {length} bytes");

        var map = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        var view = map.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        byte* start = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        try
        {
            start += view.PointerOffset;
            var begin = new ReadOnlySpan<byte>(start, 8);
            if (begin.SequenceEqual("version "u8))
                throw new InvalidInputException($"{path}: expected the weights, found Git LFS's pointer to them. Fetch them with: git lfs pull");
            ulong headerLength = BinaryPrimitives.ReadUInt64LittleEndian(begin);
            if (headerLength > (ulong)(length - 8))
                throw Damaged(path, $"the header says it is {headerLength} bytes long, the file has {length - 8} after the length");
            if (headerLength > MaxHeaderBytes)
                throw Damaged(path, $"the header is {headerLength} bytes long, more than the {MaxHeaderBytes} allowed");
            var header = new ReadOnlySpan<byte>(start + 8, (int)headerLength).ToArray();
            var entries = ParseHeader(path, header, length - 8 - (long)headerLength);
            return new SafetensorsFile(path, map, view, start + 8 + headerLength, entries);
        }
        catch
        {
            view.SafeMemoryMappedViewHandle.ReleasePointer();
            view.Dispose();
            map.Dispose();
            throw;
        }
    }

    /// <summary>The named tensor, which must stand in this file with an element type Malrule computes with.</summary>
    public DenseTensor Tensor(string name)
    {
        var entry = _entries[name];
        DType dtype = entry.DType switch
        {
            "F16" => DType.F16,
            "BF16" => DType.BF16,
            "F32" => DType.F32,
            "I32" => DType.I32,
            _ => throw new InvalidInputException($"{Path}: tensor '{name}' has type {entry.DType}; expected F16, BF16, F32 or I32."),
        };
        foreach (long extent in entry.Shape)
            if (extent > int.MaxValue)
                throw Damaged(Path, $"tensor '{name}' has an extent of {extent}");
        return new DenseTensor(name, dtype, Array.ConvertAll(entry.Shape, extent => (int)extent), _data + entry.Begin) { IsMapped = true };
    }

    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _map.Dispose();
    }

    private static Dictionary<string, Entry> ParseHeader(string path, byte[] header, long dataLength)
    {
        var entries = new Dictionary<string, Entry>();
        try
        {
            using var json = JsonDocument.Parse(header, new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false });
            foreach (var property in json.RootElement.EnumerateObject())
                if (property.Name != "__metadata__")
                    entries.Add(property.Name, ParseEntry(path, property.Name, property.Value, dataLength));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw Damaged(path, $"the header is not the JSON of a safetensors file ({e.Message})", e);
        }

        Entry? previous = null;
        string previousName = "";
        foreach (var (name, entry) in entries.OrderBy(pair => pair.Value.Begin).ThenBy(pair => pair.Value.End))
        {
            if (previous is { } p && entry.Begin < p.End)
                throw Damaged(path, $"tensors '{previousName}' and '{name}' overlap at byte {entry.Begin} of the data");
            (previous, previousName) = (entry, name);
        }
        return entries;
    }

    private static Entry ParseEntry(string path, string name, JsonElement json, long dataLength)
    {
        string dtype = json.GetProperty("dtype").GetString() ?? "";
        long[] shape = [.. json.GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt64())];
        long[] offsets = [.. json.GetProperty("data_offsets").EnumerateArray().Select(offset => offset.GetInt64())];
        int bits = dtype switch
        {
            "F64" or "I64" or "U64" => 64,
            "F32" or "I32" or "U32" => 32,
            "F16" or "BF16" or "I16" or "U16" => 16,
            "F8_E4M3" or "F8_E5M2" or "F8_E8M0" or "I8" or "U8" or "BOOL" => 8,
            _ => throw Damaged(path, $"tensor '{name}' has the unknown type '{dtype}'"),
        };
        if (offsets is not [var begin, var end] || begin < 0 || end < begin)
            throw Damaged(path, $"tensor '{name}' has data_offsets [{string.Join(", ", offsets)}]; expected [begin, end]");
        if (end > dataLength)
            throw Damaged(path, $"tensor '{name}' ends at byte {end} of the data, the file holds {dataLength}; it may be cut off");

        UInt128 bytes = (UInt128)(bits / 8);
        foreach (long extent in shape)
        {
            if (extent < 0)
                throw Damaged(path, $"tensor '{name}' has shape [{string.Join(", ", shape)}]");
            bytes *= (ulong)extent;
            if (bytes > (ulong)dataLength)
                break; // larger than the file already; also keeps the product from overflowing
        }
        if (bytes != (ulong)(end - begin))
            throw Damaged(path, $"tensor '{name}' of type {dtype} and shape [{string.Join(", ", shape)}] does not fill its {end - begin} bytes");
        return new Entry(dtype, shape, begin, end);
    }

    private static InvalidInputException Damaged(string path, string what, Exception? inner = null) =>
        new($"{path}: not a readable safetensors file: {what}. Download it again.", inner);
}
