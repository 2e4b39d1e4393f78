namespace Malrule.Inference.Hub;

/// <summary>Adds up what the parallel downloads of one model report.</summary>
internal sealed class HubMeter(IProgress<HubProgress>? progress)
{
    private const long Step = 1 << 20;
    private readonly Lock _gate = new();
    private long _bytes, _told, _totalBytes;
    private int _files, _totalFiles;

    /// <summary>The files to come are known; what came before them (an index) is not counted.</summary>
    public void Start(long bytes, int files)
    {
        lock (_gate)
            (_bytes, _told, _files, _totalBytes, _totalFiles) = (0, 0, 0, bytes, files);
        Report(null);
    }

    public void Receive(long bytes)
    {
        lock (_gate)
        {
            _bytes += bytes;
            if (Math.Abs(_bytes - _told) < Step)
                return;
            _told = _bytes;
        }
        Report(null);
    }

    public void Finish()
    {
        lock (_gate)
            _files++;
        Report(null);
    }

    public void Say(string message) => Report(message);

    private void Report(string? message)
    {
        HubProgress now;
        lock (_gate)
            now = new HubProgress(_bytes, _totalBytes, _files, _totalFiles, message);
        progress?.Report(now);
    }
}
