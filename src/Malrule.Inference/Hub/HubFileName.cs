using System.Text.RegularExpressions;

namespace Malrule.Inference.Hub;

/// <summary>Which names of a repository may become files here, and which of them Malrule reads.</summary>
internal static partial class HubFileName
{
    public const string Config = "config.json";
    public const string Weights = "model.safetensors";
    public const string WeightsIndex = "model.safetensors.index.json";

    private const int LongestName = 1024;
    private const int LongestSegment = 255;

    private static readonly HashSet<string> Read = new(StringComparer.Ordinal)
    {
        Config, "generation_config.json", "quant_config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja",
        "modules.json", "sentence_bert_config.json", WeightsIndex,
    };

    /// <summary>Whether a file may be written under this name on every system.</summary>
    public static bool IsSafe(string name) => IsWithin(name) && !name.Contains(':', StringComparison.Ordinal);

    /// <summary>Whether the name stays within its folder: relative, with '/', and without '.', '..', '\' or control characters.</summary>
    public static bool IsWithin(string name) => name.Length is > 0 and <= LongestName
        && !name.Any(c => char.IsControl(c) || c == '\\')
        && name.Split('/').All(segment => segment.Length is > 0 and <= LongestSegment && segment is not ("." or ".."));

    /// <summary>Whether Malrule reads a file of this name, weights aside: those are chosen by the index.</summary>
    public static bool IsRead(string name) => Read.Contains(name) || ModuleConfig().IsMatch(name);

    // sentence-transformers numbers its modules' folders: 1_Pooling, 2_Normalize.
    [GeneratedRegex(@"^[0-9]+_[A-Za-z0-9]+/config\.json\z", RegexOptions.CultureInvariant)]
    private static partial Regex ModuleConfig();
}
