using Malrule.Inference;

namespace Malrule.Mining.Endpoints;

/// <summary>An attempt failed in a way that may pass.</summary>
internal sealed class AttemptFailedException(string message, TimeSpan? retryAfter = null, Exception? inner = null) : MalruleException(message, inner)
{
    /// <summary>How long the server asks to wait.</summary>
    public TimeSpan? RetryAfter => retryAfter;
}
