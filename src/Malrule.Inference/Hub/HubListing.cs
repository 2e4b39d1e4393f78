using System.Text.Json;

namespace Malrule.Inference.Hub;

/// <summary>What a repository holds at one commit, as <c>/api/models/ID/revision/REVISION</c> lists it.</summary>
internal sealed class HubListing
{
    private readonly Dictionary<string, (long? Size, string? Hash)> _files = new(StringComparer.Ordinal);
    private readonly HubModelId _id;

    private HubListing(HubModelId id, string commit) => (_id, Commit) = (id, commit);

    public string Commit { get; }

    /// <summary>Size and hash where the listing tells them; the headers of the file itself come first.</summary>
    public (long? Size, string? Hash) Details(string name) => _files[name];

    public bool Contains(string name) => _files.ContainsKey(name);

    /// <exception cref="InvalidInputException">The answer is not a listing, or it names a file that would lie outside the model's folder.</exception>
    public static HubListing Parse(HubModelId id, ReadOnlyMemory<byte> answer)
    {
        try
        {
            using var json = JsonDocument.Parse(answer, new JsonDocumentOptions { MaxDepth = 32 });
            string commit = json.RootElement.GetProperty("sha").GetString() ?? "";
            if (!HubFile.IsCommit(commit))
                throw new InvalidInputException($"{id}: the hub's answer names no commit (sha); is the endpoint a Hugging Face hub?");
            var listing = new HubListing(id, commit);
            foreach (JsonElement sibling in json.RootElement.GetProperty("siblings").EnumerateArray())
            {
                string name = sibling.GetProperty("rfilename").GetString() ?? "";
                if (!HubFileName.IsWithin(name))
                    throw new InvalidInputException($"{id}: the repository lists a file {JsonSerializer.Serialize(name)}, which would lie outside its folder; nothing was downloaded.");
                listing._files[name] = Read(sibling);
            }
            return listing;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new InvalidInputException($"{id}: the hub's answer is not a list of files ({exception.Message}); is the endpoint a Hugging Face hub?", exception);
        }
    }

    /// <summary>The files that Malrule reads, weights aside.</summary>
    public IReadOnlyList<string> Configurations() => [.. _files.Keys.Where(HubFileName.IsRead).Order(StringComparer.Ordinal)];

    /// <summary>The files of weights, given the names in the index where the repository has one.</summary>
    /// <exception cref="InvalidInputException">There are no safetensors, or the index names a file that is not there.</exception>
    public IReadOnlyList<string> Weights(IEnumerable<string>? indexed)
    {
        if (indexed is null)
            return Contains(HubFileName.Weights) ? [HubFileName.Weights] : throw new InvalidInputException(
                $"{_id}: the repository has neither {HubFileName.Weights} nor {HubFileName.WeightsIndex}, and Malrule reads no other weights (GGUF, .bin, ONNX). It holds: {string.Join(", ", _files.Keys.Order(StringComparer.Ordinal).Take(20))}.");
        List<string> shards = [.. indexed.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        foreach (string shard in shards)
            if (!Contains(shard) || !HubFileName.IsSafe(shard) || shard.Contains('/', StringComparison.Ordinal))
                throw new InvalidInputException($"{_id}: {HubFileName.WeightsIndex} names the file {JsonSerializer.Serialize(shard)}, which the repository does not hold beside it.");
        return shards;
    }

    public IReadOnlyList<string> Without(IEnumerable<string> chosen) => [.. _files.Keys.Except(chosen, StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    private static (long?, string?) Read(JsonElement sibling)
    {
        bool isLarge = sibling.TryGetProperty("lfs", out JsonElement lfs) && lfs.ValueKind == JsonValueKind.Object;
        return (Number(sibling, "size"), HubFile.HashOf(isLarge ? Text(lfs, "sha256") : Text(sibling, "blobId")));
    }

    private static string? Text(JsonElement json, string field) =>
        json.TryGetProperty(field, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static long? Number(JsonElement json, string field) =>
        json.TryGetProperty(field, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) && number >= 0 ? number : null;
}
