using Malrule.Mining.Endpoints;

namespace Malrule.Mining.Results;

/// <summary>A server that a run used, as far as results depend on it. A key is no part of it.</summary>
/// <param name="Url">Its address.</param>
/// <param name="Model">The model's name there.</param>
/// <param name="ExtraBody">Fields added to every request; null: none.</param>
public sealed record RunEndpoint(string Url, string Model, string? ExtraBody)
{
    internal static RunEndpoint? Of(EndpointOptions? options, string? model) =>
        options is null ? null : new RunEndpoint(options.Address, model!, options.ExtraBody is null ? null : options.ExtraFields().ToJsonString());
}
