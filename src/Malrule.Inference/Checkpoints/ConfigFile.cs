using System.Text.Json;

namespace Malrule.Inference.Checkpoints;

/// <summary>A JSON configuration file of a checkpoint, read field by field with errors that name file, field, expected and found.</summary>
internal sealed class ConfigFile
{
    private readonly JsonElement _object;
    private readonly string _path;
    private readonly string _prefix;

    private ConfigFile(string path, string prefix, JsonElement json) => (_path, _prefix, _object) = (path, prefix, json);

    public string Path => _path;

    public static ConfigFile Read(string path)
    {
        if (!File.Exists(path))
            throw new InvalidInputException($"{path}: there is no such file; expected the model's folder as Hugging Face has it, with config.json, safetensors and tokenizer.json (GGUF files are not read).");
        try
        {
            using var stream = File.OpenRead(path);
            using var json = JsonDocument.Parse(stream, new JsonDocumentOptions { MaxDepth = 32 });
            if (json.RootElement.ValueKind != JsonValueKind.Object)
                throw new InvalidInputException($"{path}: expected a JSON object, found {json.RootElement.ValueKind}.");
            return new ConfigFile(path, "", json.RootElement.Clone());
        }
        catch (JsonException e)
        {
            throw new InvalidInputException($"{path}: not valid JSON ({e.Message}).", e);
        }
    }

    public static ConfigFile? ReadIfPresent(string path) => File.Exists(path) ? Read(path) : null;

    /// <summary>The field as it stands, undefined where it is absent.</summary>
    public JsonElement this[string field] => Find(field);

    /// <summary>Whether the field is there and not null.</summary>
    public bool Has(string field) => _object.TryGetProperty(field, out var value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>A whole number from <paramref name="min"/> to <paramref name="max"/>; <paramref name="fallback"/> where it is absent.</summary>
    public int Int(string field, int min, int max, int? fallback = null)
    {
        if (!Has(field) && fallback is { } value)
            return value;
        return Find(field) is { ValueKind: JsonValueKind.Number } json && json.TryGetInt32(out int number) && number >= min && number <= max
            ? number : throw Wrong(field, $"a whole number from {min} to {max}");
    }

    /// <summary>A finite number; <paramref name="fallback"/> where it is absent.</summary>
    public double Double(string field, double? fallback = null)
    {
        if (!Has(field) && fallback is { } value)
            return value;
        return Find(field) is { ValueKind: JsonValueKind.Number } json && json.TryGetDouble(out double number) && double.IsFinite(number)
            ? number : throw Wrong(field, "a number");
    }

    public bool Bool(string field, bool fallback) => !Has(field) ? fallback : Find(field).ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong(field, "true or false"),
    };

    public string String(string field, string? fallback = null)
    {
        if (!Has(field) && fallback is not null)
            return fallback;
        return Find(field) is { ValueKind: JsonValueKind.String } json ? json.GetString()! : throw Wrong(field, "a string");
    }

    public ConfigFile Object(string field) => Find(field) is { ValueKind: JsonValueKind.Object } json
        ? new ConfigFile(_path, $"{_prefix}{field}.", json) : throw Wrong(field, "an object");

    /// <summary>An object whose values are all strings.</summary>
    public Dictionary<string, string> Strings(string field)
    {
        var result = new Dictionary<string, string>();
        foreach (var property in Object(field)._object.EnumerateObject())
            result[property.Name] = property.Value.ValueKind == JsonValueKind.String
                ? property.Value.GetString()! : throw Wrong($"{field}.{property.Name}", "a string");
        return result;
    }

    /// <summary>A whole number or a list of them; empty where the field is absent.</summary>
    public IReadOnlyList<int> Ints(string field)
    {
        if (!Has(field))
            return [];
        var json = Find(field);
        var items = json.ValueKind == JsonValueKind.Array ? [.. json.EnumerateArray()] : new List<JsonElement> { json };
        return [.. items.Select(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out int id)
            ? id : throw Wrong(field, "a whole number or a list of them"))];
    }

    /// <summary>A list of strings; empty where the field is absent.</summary>
    public IReadOnlyList<string> StringList(string field) => !Has(field) ? [] : Find(field) is { ValueKind: JsonValueKind.Array } json
        ? [.. json.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : throw Wrong(field, "a list of strings"))]
        : throw Wrong(field, "a list of strings");

    public InvalidInputException Wrong(string field, string expected)
    {
        string found = _object.TryGetProperty(field, out var value) ? JsonSerializer.Serialize(value) : "nothing";
        if (found.Length > 80)
            found = found[..80] + "…";
        return new InvalidInputException($"{_path}: {_prefix}{field} must be {expected}; found {found}.");
    }

    private JsonElement Find(string field) => _object.TryGetProperty(field, out var value) ? value : default;
}
