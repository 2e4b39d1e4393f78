using Malrule.Inference.Checkpoints;
using Malrule.Inference.Hub;

namespace Malrule.Inference;

/// <summary>A snapshot of a model in the Hugging Face cache.</summary>
/// <param name="Id"><c>org/name</c>.</param>
/// <param name="Revisions">Branches and tags that stand at it; empty where it is found by its commit alone.</param>
/// <param name="Commit">Its commit.</param>
/// <param name="Directory">Its folder.</param>
/// <param name="Bytes">Bytes of its files.</param>
/// <param name="Missing">Files without which it cannot be loaded; empty: it is complete.</param>
public sealed record CachedModel(string Id, IReadOnlyList<string> Revisions, string Commit, string Directory, long Bytes, IReadOnlyList<string> Missing)
{
    internal static CachedModel Read(string id, IReadOnlyList<string> revisions, string directory)
    {
        IReadOnlyList<string> missing;
        try
        {
            missing = MissingFiles(directory);
        }
        catch (InvalidInputException)
        {
            missing = [HubFileName.WeightsIndex]; // it is there and cannot be read
        }
        return new(id, revisions, Path.GetFileName(directory), directory, Files(directory).Sum(file => Math.Max(0, HubFile.LengthOf(Path.Combine(directory, file)))), missing);
    }

    /// <summary>Files of a snapshot by their names within the repository, in order.</summary>
    internal static IReadOnlyList<string> Files(string directory) => [.. new DirectoryInfo(directory).EnumerateFiles("*", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(directory, file.FullName).Replace('\\', '/')).Order(StringComparer.Ordinal)];

    /// <summary>What a model folder lacks: its config.json, its weights, or shards that the weights' index names.</summary>
    internal static IReadOnlyList<string> MissingFiles(string directory)
    {
        bool Lacks(string name) => HubFile.LengthOf(Path.Combine(directory, name)) < 0;
        string index = Path.Combine(directory, HubFileName.WeightsIndex);
        IEnumerable<string> weights = HubFile.LengthOf(index) < 0 ? [HubFileName.Weights] : ConfigFile.Read(index).Strings("weight_map").Values.Distinct().Order(StringComparer.Ordinal);
        return [.. weights.Prepend(HubFileName.Config).Where(Lacks)];
    }
}
