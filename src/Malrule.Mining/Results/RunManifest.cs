using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Malrule.Inference;
using Malrule.Mining.Rankings.Hybrid;

namespace Malrule.Mining.Results;

/// <summary>A file or checkpoint that a run read.</summary>
/// <param name="Name">Its name without folders.</param>
/// <param name="Sha256">Its SHA-256 in lower-case hexadecimal; of a checkpoint's folder, the SHA-256 over its files' digests and names.</param>
public sealed record RunInput(string Name, string Sha256);

/// <summary>
/// <c>run.json</c>: what a run depends on, written when it begins, and what came out, added when it ends. Everything but
/// <see cref="Timings"/> and <see cref="Environment"/> is the same however often the run was interrupted.
/// </summary>
public sealed record RunManifest
{
    private static readonly JsonSerializerOptions OneLine = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Malrule's version.</summary>
    [JsonPropertyName("malrule")]
    public string Malrule { get; init; } = typeof(RunManifest).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary><c>running</c> until all results are written, then <c>finished</c>.</summary>
    public string Status { get; init; } = "running";

    /// <summary>The options that results depend on.</summary>
    public required RunOptions Options { get; init; }

    /// <summary>The files that results depend on, by the part each plays.</summary>
    public required SortedDictionary<string, RunInput> Inputs { get; init; }

    /// <summary>What computed: device, instruction set and mode of <c>model</c> and <c>embedder</c>; empty for methods without them.</summary>
    public SortedDictionary<string, string> KernelPath { get; init; } = [];

    /// <summary>Longest sequence that the language model served, in tokens.</summary>
    public int? ServedLength { get; init; }

    /// <summary>Where the weights of the method hybrid come from, by evidence.</summary>
    public IReadOnlyList<HybridFit>? HybridFits { get; init; }

    /// <summary>How well labelled distractors were ranked.</summary>
    public RunMetrics? Metrics { get; init; }

    /// <summary>What was counted on the way.</summary>
    public RunCounts? Counts { get; init; }

    /// <summary>Seconds of each stage and speeds, of the process that finished the run.</summary>
    public SortedDictionary<string, double>? Timings { get; init; }

    /// <summary>The machine and settings that do not change results, of the process that finished the run.</summary>
    public SortedDictionary<string, string>? Environment { get; init; }

    /// <summary>Writes the file.</summary>
    internal void Write(string path) => AtomicFile.Write(path, stream =>
    {
        JsonSerializer.Serialize(stream, this, RunManifestJson.File.RunManifest);
        stream.WriteByte((byte)'\n');
    });

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidInputException">It cannot be read or is no run's.</exception>
    public static RunManifest Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(System.IO.File.ReadAllBytes(path), RunManifestJson.File.RunManifest)
                ?? throw new InvalidInputException($"{path}: expected a JSON object, found null.");
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{path}: expected the run.json of a run of this version of Malrule, found: {error.Message}", error);
        }
    }

    /// <summary>
    /// Where this run differs from <paramref name="earlier"/> in what results depend on, as lines <c>options.seed is 2, there it is 1</c>.
    /// What both have set comes first; what one of them knows only after loading its models is no difference.
    /// </summary>
    internal IReadOnlyList<string> DifferencesFrom(RunManifest earlier)
    {
        SortedDictionary<string, string> here = Flatten(this), there = Flatten(earlier);
        return
        [
            .. here.Keys.Union(there.Keys).OrderBy(name => here.ContainsKey(name) && there.ContainsKey(name) ? 0 : 1).ThenBy(name => name, StringComparer.Ordinal)
                .Where(name => here.GetValueOrDefault(name) != there.GetValueOrDefault(name))
                .Where(name => !IsKnownAfterLoading(name) || (here.ContainsKey(name) && there.ContainsKey(name)))
                .Select(name => name.EndsWith(Digest, StringComparison.Ordinal) ? $"{name[..^Digest.Length]} has other contents" : $"{name} is {here.GetValueOrDefault(name, "not set")}, there it is {there.GetValueOrDefault(name, "not set")}"),
        ];
    }

    private const string Digest = ".sha256";

    private static bool IsKnownAfterLoading(string name) => name == "served_length" || name.StartsWith("kernel_path.", StringComparison.Ordinal);

    private static SortedDictionary<string, string> Flatten(RunManifest manifest)
    {
        var values = new SortedDictionary<string, string>(StringComparer.Ordinal);
        RunManifest essence = manifest with { Status = "", HybridFits = null, Metrics = null, Counts = null, Timings = null, Environment = null };
        Add("", JsonSerializer.SerializeToNode(essence, RunManifestJson.File.RunManifest)!);
        return values;

        void Add(string path, JsonNode node)
        {
            if (node is not JsonObject fields)
            {
                values[path] = node.ToJsonString(OneLine);
                return;
            }
            foreach ((string name, JsonNode? value) in fields)
            {
                if (value is not null)
                    Add(path.Length == 0 ? name : $"{path}.{name}", value);
            }
        }
    }
}

[JsonSerializable(typeof(RunManifest))]
internal sealed partial class RunManifestJson : JsonSerializerContext
{
    public static RunManifestJson File { get; } = new(new JsonSerializerOptions
    {
        WriteIndented = true,
        NewLine = "\n",
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        IgnoreReadOnlyProperties = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    });
}
