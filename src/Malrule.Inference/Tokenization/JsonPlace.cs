using System.Text.Json;

namespace Malrule.Inference.Tokenization;

/// <summary>
/// A value in a JSON file together with where it stands, so that an error names the file and the place. Values are checked as they are read.
/// </summary>
internal readonly struct JsonPlace
{
    private readonly string _file, _parent, _name;
    private readonly int _index;

    /// <summary>The place is put into words only for an error: a vocabulary has hundreds of thousands of them.</summary>
    private JsonPlace(JsonElement value, string file, string parent, string name, int index = -1) =>
        (Value, _file, _parent, _name, _index) = (value, file, parent, name, index);

    private string Path => _index >= 0 ? $"{_parent}[{_index}]" : _parent.Length == 0 ? _name : $"{_parent}.{_name}";

    public JsonElement Value { get; }

    public bool IsNull => Value.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined;

    /// <summary>Reads a file whose root must be an object, hands it over, and turns what is wrong with it into <see cref="InvalidInputException"/>.</summary>
    public static T ReadFile<T>(string file, Func<JsonPlace, T> read)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{file} cannot be read: {e.Message}", e);
        }
        try
        {
            ReadOnlyMemory<byte> json = bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes.AsMemory(3) : bytes;
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 64 });
            var root = new JsonPlace(document.RootElement, file, "", "");
            return document.RootElement.ValueKind == JsonValueKind.Object ? read(root) : throw root.Expected("an object");
        }
        catch (JsonException e)
        {
            throw new InvalidInputException($"{file} is not valid JSON: {e.Message}", e);
        }
    }

    /// <summary>The member of an object; a null one where it is absent.</summary>
    public JsonPlace this[string name]
    {
        get
        {
            if (Value.ValueKind != JsonValueKind.Object)
                throw Expected("an object");
            Value.TryGetProperty(name, out JsonElement member);
            return new JsonPlace(member, _file, Path, name);
        }
    }

    /// <summary>An element of an array that is known to have it.</summary>
    public JsonPlace this[int index] => new(Value[index], _file, _parent, _name, _index);

    public string String() => Value.ValueKind == JsonValueKind.String ? Text(Value, static value => value.GetString()!) : throw Expected("a string");

    public string? StringOrNull() => IsNull ? null : String();

    public bool Bool(bool ifNull) => Value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Null or JsonValueKind.Undefined => ifNull,
        _ => throw Expected("true or false"),
    };

    public int Int(int minimum, int maximum) =>
        Value.ValueKind == JsonValueKind.Number && Value.TryGetInt32(out int number) && number >= minimum && number <= maximum
            ? number : throw Expected($"an integer from {minimum} to {maximum}");

    public IEnumerable<JsonPlace> Items()
    {
        if (Value.ValueKind != JsonValueKind.Array)
            throw Expected("an array");
        string path = Path;
        int i = 0;
        foreach (JsonElement item in Value.EnumerateArray())
            yield return new JsonPlace(item, _file, path, "", i++);
    }

    public IEnumerable<(string Name, JsonPlace Value)> Members()
    {
        if (Value.ValueKind != JsonValueKind.Object)
            throw Expected("an object");
        string path = Path;
        foreach (JsonProperty member in Value.EnumerateObject())
        {
            string name = Text(member, static member => member.Name);
            yield return (name, new JsonPlace(member.Value, _file, path, name));
        }
    }

    /// <summary>An error about this place.</summary>
    public InvalidInputException Error(string message) => new($"{_file}: {(Path.Length == 0 ? "the file" : Path)} {message}");

    private InvalidInputException Expected(string what) => Error(Value.ValueKind switch
    {
        JsonValueKind.Undefined => $"must be {what}; it is missing.",
        JsonValueKind.Object or JsonValueKind.Array => $"must be {what}; it is an {(Value.ValueKind == JsonValueKind.Array ? "array" : "object")}.",
        _ => $"must be {what}; it is {Shortened(Value.GetRawText())}.",
    });

    private static string Shortened(string text) => text.Length <= 80 ? text : text[..80] + "…";

    /// <summary>Reads a string, which fails where an escape is half a surrogate pair or the bytes are no UTF-8.</summary>
    private string Text<T>(T source, Func<T, string> read)
    {
        try
        {
            return read(source);
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidInputException($"{_file}: {Path} holds text that is not valid Unicode.", e);
        }
    }
}
