namespace Malrule.Inference.Hub;

/// <summary>A failure that may pass: a broken connection, or a hub that is busy and may say for how long.</summary>
internal sealed class HubTransientException(string message, TimeSpan? retryAfter = null, Exception? innerException = null) : MalruleException(message, innerException)
{
    public TimeSpan? RetryAfter { get; } = retryAfter;
}
