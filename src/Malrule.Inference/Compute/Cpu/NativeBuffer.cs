using System.Runtime.InteropServices;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>
/// Zeroed native memory aligned to cache lines, large buffers to huge pages. A vector may be read or written past the last byte
/// up to <see cref="Slack"/>, so that no loop needs a scalar tail.
/// </summary>
internal sealed unsafe class NativeBuffer : SafeHandle
{
    public const int Alignment = 64;
    public const int Slack = 256;

    private readonly bool _large;

    public NativeBuffer(long bytes) : base(0, ownsHandle: true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        Bytes = bytes;
        _large = bytes >= LargeMemory.HugePage / 2;
        Data = _large ? LargeMemory.Allocate(bytes + Slack) : (byte*)NativeMemory.AlignedAlloc((nuint)bytes + Slack, Alignment);
        SetHandle((nint)Data);
        if (!_large || !OperatingSystem.IsLinux())
            NativeMemory.Clear(Data, (nuint)bytes + Slack);
    }

    public long Bytes { get; }

    /// <summary>The first byte; valid until <see cref="SafeHandle.Dispose()"/>.</summary>
    public byte* Data { get; }

    public float* Floats => (float*)Data;

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        if (_large)
            LargeMemory.Free((byte*)handle, Bytes + Slack);
        else
            NativeMemory.AlignedFree((void*)handle);
        return true;
    }
}
