namespace Malrule.Mining.Rankings.Hybrid;

/// <summary>Where the weights of some evidence come from.</summary>
/// <param name="Evidence">What was fused.</param>
/// <param name="Labelled">Labelled distractors with this evidence whose label was among the likely names: what weights can be fitted on.</param>
/// <param name="Fitted">Whether they were; else they were too few, and the weights are <see cref="HybridWeights.Default"/>.</param>
/// <param name="Weights">The weights for questions without labels; a labelled question has weights fitted on other questions only.</param>
public sealed record HybridFit(HybridEvidence Evidence, int Labelled, bool Fitted, HybridWeights Weights);
