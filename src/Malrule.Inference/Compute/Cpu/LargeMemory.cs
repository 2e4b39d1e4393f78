using System.Runtime.InteropServices;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>
/// Memory for large buffers. On Linux it is mapped, so that every byte goes back to the system when it is freed, and advised to be
/// backed by 2 MiB pages, which raises the read bandwidth of weights (transparent huge pages set to <c>madvise</c> or
/// <c>always</c>; advice refused costs speed only). Windows gives huge pages only to accounts with a special privilege: there and
/// elsewhere the C heap serves, untested on macOS.
/// </summary>
internal static unsafe partial class LargeMemory
{
    public const int HugePage = 2 << 20;

    private const int ReadWrite = 3; // PROT_READ | PROT_WRITE
    private const int PrivateAnonymous = 0x22; // MAP_PRIVATE | MAP_ANONYMOUS
    private const int AdviseHugePage = 14; // MADV_HUGEPAGE

    /// <summary>Memory that starts at a multiple of <see cref="HugePage"/>.</summary>
    public static byte* Allocate(long bytes)
    {
        if (!OperatingSystem.IsLinux())
            return (byte*)NativeMemory.AlignedAlloc(checked((nuint)bytes), HugePage);

        nint mapped = Map(0, Length(bytes), ReadWrite, PrivateAnonymous, -1, 0);
        if (mapped == -1)
            throw new MalruleException(FormattableString.Invariant($"The system refused {bytes} bytes of memory; give the engine a smaller memory budget."));
        nint start = (mapped + HugePage - 1) & -HugePage;
        if (start > mapped)
            _ = Unmap(mapped, (nuint)(start - mapped));
        if (start - mapped < HugePage)
            _ = Unmap(start + (nint)Length(bytes) - HugePage, (nuint)(HugePage - (start - mapped)));
        _ = Advise(start, Length(bytes) - HugePage, AdviseHugePage);
        return (byte*)start;
    }

    public static void Free(byte* memory, long bytes)
    {
        if (OperatingSystem.IsLinux())
            _ = Unmap((nint)memory, Length(bytes) - HugePage);
        else
            NativeMemory.AlignedFree(memory);
    }

    /// <summary>Whole huge pages, and one more to align the start in; what is over goes back at once.</summary>
    private static nuint Length(long bytes) => checked((nuint)(bytes + 2L * HugePage - 1) / HugePage * HugePage);

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);
}
