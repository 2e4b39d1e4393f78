using System.Runtime.InteropServices;
using Malrule.Inference.Checkpoints;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>
/// Takes what has been repacked of a mapped checkpoint out of the process's memory; pages read again come back from the file. One file
/// for what differs by operating system (macOS and Windows untested); a refusal costs memory only.
/// </summary>
internal static unsafe partial class SourcePages
{
    private const int DontNeed = 4; // MADV_DONTNEED

    public static void Drop(DenseTensor tensor) => Drop(tensor, 0, tensor.Count * tensor.ElementSize);

    public static void Drop(DenseTensor tensor, long offset, long bytes)
    {
        if (!tensor.IsMapped || bytes == 0)
            return;
        nint page = Environment.SystemPageSize;
        nint start = (nint)(tensor.Data + offset) & -page, end = (nint)(tensor.Data + offset + bytes);
        if (OperatingSystem.IsWindows())
            _ = VirtualUnlock(start, (nuint)(end - start)); // of pages never locked: takes them out of the working set
        else
            _ = Advise(start, (nuint)(end - start), DontNeed);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);

    [LibraryImport("kernel32", EntryPoint = "VirtualUnlock")]
    private static partial int VirtualUnlock(nint address, nuint length);
}
