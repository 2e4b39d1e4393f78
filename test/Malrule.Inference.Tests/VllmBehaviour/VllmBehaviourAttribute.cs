using Xunit.v3;

namespace Malrule.Inference.Tests.VllmBehaviour;

/// <summary>
/// Names the behaviour of vLLM that a test re-expresses: a test of vLLM's own (under its tests/), or a place in its documentation. The
/// suite is every test with this attribute, wherever it stands: run it with <c>-trait Suite=VllmBehaviour</c>.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method, AllowMultiple = true)]
public sealed class VllmBehaviourAttribute(string behaviour) : Attribute, ITraitAttribute
{
    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new("Suite", "VllmBehaviour"), new("Vllm", behaviour)];
}
