using Malrule.Inference.Compute.Reference;

namespace Malrule.Inference.Compute;

/// <summary>Chooses what computes.</summary>
internal static class Backends
{
    /// <exception cref="InvalidInputException">The device or kernel path asked for is not there.</exception>
    public static Backend Create(EngineOptions options) => options.Device switch
    {
        "auto" or "cpu" or "reference" => new ReferenceBackend(),
        _ => throw new InvalidInputException($"There is no device '{options.Device}'. Devices here: auto, cpu, reference."),
    };
}
