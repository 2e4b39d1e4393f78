using Malrule.Mining.Results;

namespace Malrule.Mining;

/// <summary>What a finished run found; the same stands in its folder.</summary>
/// <param name="Mined">Every distractor with its candidates, by question id and letter.</param>
/// <param name="Manifest">The contents of <c>run.json</c>.</param>
public sealed record MiningResult(IReadOnlyList<MinedDistractor> Mined, RunManifest Manifest);
