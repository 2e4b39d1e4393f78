namespace Malrule.Inference;

/// <summary>A model in the cache, complete.</summary>
/// <param name="Directory">Folder with the model's files by name.</param>
/// <param name="Commit">The commit they are of.</param>
/// <param name="Files">Their names within the repository.</param>
/// <param name="LeftOut">The repository's other files, which Malrule does not read.</param>
public sealed record HubSnapshot(string Directory, string Commit, IReadOnlyList<string> Files, IReadOnlyList<string> LeftOut);
