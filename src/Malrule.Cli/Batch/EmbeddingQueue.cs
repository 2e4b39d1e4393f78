using System.Collections.Concurrent;
using Malrule.Inference;

namespace Malrule.Cli.Batch;

/// <summary>
/// Embeds the inputs of requests that wait at the same time together, so that many short ones fill the embedder's batches. A vector
/// does not depend on what it is embedded with, so each request gets what it would alone. Safe for concurrent callers.
/// </summary>
internal sealed class EmbeddingQueue(TextEmbedder embedder)
{
    private const int MostTokens = 8192; // taken along at once; more would only make everyone wait longer

    private readonly ConcurrentQueue<Job> _waiting = [];
    private int _unfinished;

    public TextEmbedder Embedder { get; } = embedder;

    /// <summary>Vectors of one request's inputs, in order.</summary>
    /// <exception cref="MalruleException">An input cannot be embedded; other requests are not concerned.</exception>
    public Task<float[][]> EmbedAsync(List<int[]> inputs, CancellationToken cancellationToken)
    {
        inputs.ForEach(Embedder.Check);
        var job = new Job(inputs, cancellationToken);
        _waiting.Enqueue(job);
        if (Interlocked.Increment(ref _unfinished) == 1)
            _ = RunAllAsync();
        return job.Vectors.Task.WaitAsync(cancellationToken);
    }

    private async Task RunAllAsync()
    {
        for (int left = 1; left > 0;)
        {
            var jobs = new List<Job>();
            for (long tokens = 0; tokens < MostTokens && _waiting.TryDequeue(out Job? job); jobs.Add(job))
                tokens += job.Inputs.Sum(ids => (long)ids.Length);
            await RunAsync(jobs.FindAll(job => !job.Cancelled.IsCancellationRequested)).ConfigureAwait(false);
            left = Interlocked.Add(ref _unfinished, -jobs.Count);
        }
    }

    private async Task RunAsync(List<Job> jobs)
    {
        try
        {
            EmbeddingBatch batch = await Embedder.EmbedAsync([.. jobs.SelectMany(job => job.Inputs)]).ConfigureAwait(false);
            int next = 0;
            foreach (Job job in jobs)
                job.Vectors.SetResult([.. job.Inputs.Select(_ => batch.Vectors[next++].ToArray())]);
        }
        catch (MalruleException) when (jobs.Count > 1)
        {
            foreach (Job job in jobs) // one of them is to blame: each gets its own answer
                await RunAsync([job]).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            jobs.ForEach(job => job.Vectors.SetException(error));
        }
    }

    private sealed record Job(List<int[]> Inputs, CancellationToken Cancelled)
    {
        public TaskCompletionSource<float[][]> Vectors { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
