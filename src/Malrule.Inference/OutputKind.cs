namespace Malrule.Inference;

/// <summary>What the elements of a stream hold; vLLM's <c>output_kind</c>, whose default is <see cref="Cumulative"/>.</summary>
public enum OutputKind
{
    /// <summary>What a branch added since its last element.</summary>
    Delta,

    /// <summary>All of a branch so far.</summary>
    Cumulative,

    /// <summary>One element when the request has finished.</summary>
    FinalOnly,
}
