using System.Text.Json;
using Malrule.Inference.Checkpoints;

namespace Malrule.Inference.Embeddings;

/// <summary>How sentence-transformers would pool: read from <c>modules.json</c> and the pooling module's config.json.</summary>
internal sealed record PoolingConfig(Pooling Pooling, bool Normalize)
{
    /// <summary>What the checkpoint says, else <paramref name="architectureDefault"/> with normalisation.</summary>
    public static PoolingConfig Read(string directory, Pooling architectureDefault)
    {
        string modules = Path.Combine(directory, "modules.json");
        if (!File.Exists(modules))
            return new PoolingConfig(architectureDefault, Normalize: true);

        var pooling = architectureDefault;
        bool normalize = false;
        foreach (var (type, path) in ReadModules(modules))
        {
            if (type.EndsWith("Normalize", StringComparison.Ordinal))
                normalize = true;
            else if (type.EndsWith("Pooling", StringComparison.Ordinal))
                pooling = ReadPooling(ConfigFile.Read(Path.Combine(directory, path, "config.json")));
            else if (!type.EndsWith("Transformer", StringComparison.Ordinal))
                throw new InvalidInputException($"{modules}: the module '{type}' is not supported; Malrule computes Transformer, Pooling and Normalize.");
        }
        return new PoolingConfig(pooling, normalize);
    }

    private static Pooling ReadPooling(ConfigFile config) =>
        config.Bool("pooling_mode_cls_token", false) ? Pooling.Cls
        : config.Bool("pooling_mode_mean_tokens", false) ? Pooling.Mean
        : throw config.Wrong("pooling_mode_cls_token", "true, or pooling_mode_mean_tokens (other poolings are not supported)");

    private static List<(string Type, string Path)> ReadModules(string path)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { MaxDepth = 16 });
            return [.. json.RootElement.EnumerateArray().Select(module =>
                (module.GetProperty("type").GetString() ?? "", module.GetProperty("path").GetString() ?? ""))];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new InvalidInputException($"{path}: expected a list of modules with type and path ({e.Message}).", e);
        }
    }
}
