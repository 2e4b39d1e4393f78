namespace Malrule.Inference.Hub;

/// <summary>A file held open by one process at a time. The system lets go of it when the process ends, however it ends.</summary>
internal static class HubLock
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>Waits until the lock is free; it is held until the result is disposed.</summary>
    public static async Task<IDisposable> TakeAsync(string path, Action waiting, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        for (bool told = false; ; told = true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1);
            }
            catch (IOException exception) when (IsHeld(exception))
            {
                if (!told)
                    waiting();
            }
            await Task.Delay(Interval, cancellationToken).ConfigureAwait(false);
        }
    }

    // ERROR_SHARING_VIOLATION; elsewhere errno of flock: EWOULDBLOCK is 35 on macOS, 11 on Linux.
    private static bool IsHeld(IOException exception) =>
        exception.HResult == (OperatingSystem.IsWindows() ? unchecked((int)0x80070020) : OperatingSystem.IsMacOS() ? 35 : 11);
}
