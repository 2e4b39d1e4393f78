using System.Diagnostics;
using Malrule.Mining.Results;

namespace Malrule.Mining.Generations;

/// <summary>Appends to a journal and brings it to the disk now and then; only what is on the disk is reported as done.</summary>
internal sealed class SyncedJournal<TLine>(Journal<TLine> journal, GenerationProgress progress) : IDisposable
    where TLine : class, IJournalLine
{
    private const int SyncEvery = 32;
    private static readonly TimeSpan SyncAfter = TimeSpan.FromSeconds(1);

    private int _unsynced, _requests;
    private long _tokens, _lastSync = Stopwatch.GetTimestamp();

    /// <summary>Adds the answer to so many requests, which brought so many tokens.</summary>
    public void Append(TLine line, int requests, long tokens)
    {
        journal.Append(line);
        (_requests, _tokens) = (_requests + requests, _tokens + tokens);
        if (++_unsynced >= SyncEvery || Stopwatch.GetElapsedTime(_lastSync) >= SyncAfter)
            Sync();
    }

    public void Dispose() => Sync();

    private void Sync()
    {
        journal.Sync();
        progress.Add(_requests, _tokens);
        (_unsynced, _requests, _tokens, _lastSync) = (0, 0, 0, Stopwatch.GetTimestamp());
    }
}
