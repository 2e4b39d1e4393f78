using Malrule.Inference;

namespace Malrule.Mining.Endpoints;

/// <summary>One request failed for good while others may do. Any other error of a client ends the run.</summary>
/// <param name="message">Why.</param>
/// <param name="isRefused">Whether the server refused what it was asked (400, 413, 422): asked for less, it might answer.</param>
/// <param name="inner">What it came of.</param>
internal sealed class RequestFailedException(string message, bool isRefused = false, Exception? inner = null) : MalruleException(message, inner)
{
    public bool IsRefused => isRefused;
}
