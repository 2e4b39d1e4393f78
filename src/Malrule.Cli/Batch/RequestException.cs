using Malrule.Inference;

namespace Malrule.Cli.Batch;

/// <summary>A request that cannot be served, with the HTTP status a server would give and the field at fault.</summary>
internal sealed class RequestException(string? param, string message, int statusCode = 400) : InvalidInputException(message)
{
    public string? Param { get; } = param;
    public int StatusCode { get; } = statusCode;
}
