using Microsoft.Extensions.Logging;

namespace Malrule.Inference.Diagnostics;

/// <summary>Every message that engines and embedders log. None holds a prompt's or an output's text.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "{Model} on {KernelPath}: sequences of up to {MaxModelLength} tokens, {MaxNumSeqs} at once; {Memory}")]
    public static partial void Loaded(this ILogger log, string model, string kernelPath, int maxModelLength, int maxNumSeqs, MemoryLedger memory);

    [LoggerMessage(2, LogLevel.Information, "{Model} on {KernelPath}: {Dimensions} dimensions, {Pooling} pooling, inputs of up to {MaxTokens} tokens")]
    public static partial void EmbedderLoaded(this ILogger log, string model, string kernelPath, int dimensions, Pooling pooling, int maxTokens);

    [LoggerMessage(3, LogLevel.Debug, "{Model}: {Count} tensors of the checkpoint are not used, such as {First}")]
    public static partial void UnusedTensors(this ILogger log, string model, int count, string first);

    [LoggerMessage(4, LogLevel.Warning, "A request was refused: {Reason}")]
    public static partial void Refused(this ILogger log, string reason);

    [LoggerMessage(5, LogLevel.Warning, "A request of {PromptTokens} prompt tokens failed: {Reason}")]
    public static partial void Failed(this ILogger log, int promptTokens, string reason);

    [LoggerMessage(6, LogLevel.Error, "A request of {PromptTokens} prompt tokens failed: {Reason}")]
    public static partial void NotFinite(this ILogger log, int promptTokens, string reason);

    [LoggerMessage(7, LogLevel.Warning, "KV pages ran short {Preemptions} times so far, and running requests had to be computed again; {Running} run, {Waiting} wait. More memory or a lower max_num_seqs avoids that")]
    public static partial void Preempted(this ILogger log, long preemptions, int running, int waiting);

    [LoggerMessage(8, LogLevel.Debug, "The prefix cache gave up {Evictions} pages so far to make room, of {Pages} in all")]
    public static partial void Evicted(this ILogger log, long evictions, int pages);

    [LoggerMessage(9, LogLevel.Critical, "The engine stopped; every request failed and it must be loaded again")]
    public static partial void Stopped(this ILogger log, Exception error);

    [LoggerMessage(10, LogLevel.Error, "A listener to the engine's metrics or spans threw; the request it was told of is not harmed")]
    public static partial void ListenerFailed(this ILogger log, Exception error);
}
