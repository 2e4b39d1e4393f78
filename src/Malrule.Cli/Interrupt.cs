using System.Runtime.InteropServices;

namespace Malrule.Cli;

/// <summary>Turns the first Ctrl-C, or a request to terminate, into a cancellation; a second one ends the process at once.</summary>
internal sealed class Interrupt : IDisposable
{
    private static readonly Lock Gate = new();
    private static Func<bool>? _diversion;
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;

    public Interrupt() =>
        _registrations = [PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle)];

    public CancellationToken Token => _source.Token;

    /// <summary>Until the result is disposed, Ctrl-C asks <paramref name="handle"/> first, and is done where that returns true.</summary>
    public static IDisposable Divert(Func<bool> handle)
    {
        lock (Gate)
            _diversion = handle;
        return new Diversion();
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
        _source.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        context.Cancel = !_source.IsCancellationRequested;
        if (!context.Cancel)
            Messages.ShowCursor();
        bool handled;
        lock (Gate) // so that nobody is asked after his diversion was disposed
            handled = context.Signal == PosixSignal.SIGINT && _diversion?.Invoke() == true;
        if (!handled)
            _source.Cancel();
    }

    private sealed class Diversion : IDisposable
    {
        public void Dispose()
        {
            lock (Gate)
                _diversion = null;
        }
    }
}
