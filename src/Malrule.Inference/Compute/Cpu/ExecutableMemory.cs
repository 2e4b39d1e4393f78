using System.Runtime.InteropServices;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>
/// Pages for generated machine code: filled while writable, then read-execute, never both. One file for what differs by
/// operating system: mmap/mprotect (Linux, macOS on Intel) and VirtualAlloc/VirtualProtect (Windows; untested there).
/// Code lives as long as the process, as compiled methods do.
/// </summary>
internal static unsafe partial class ExecutableMemory
{
    /// <summary>Whether the operating system lets this process make pages executable; hardened ones refuse.</summary>
    public static bool IsAllowed { get; } = X64 && Place([0xC3]) != null; // ret

    private static bool X64 => RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <summary>Copies position-independent code into read-execute pages; null where the operating system refuses.</summary>
    public static byte* Place(ReadOnlySpan<byte> code)
    {
        nuint length = (nuint)code.Length;
        byte* pages = OperatingSystem.IsWindows()
            ? VirtualAlloc(null, length, MemCommitReserve, PageReadWrite)
            : Mmap(null, length, ProtReadWrite, MapPrivate | (OperatingSystem.IsMacOS() ? MapAnonymousMac : MapAnonymousLinux), -1, 0);
        if (pages == null || pages == MapFailed)
            return null;
        code.CopyTo(new Span<byte>(pages, code.Length));
        if (OperatingSystem.IsWindows() ? VirtualProtect(pages, length, PageExecuteRead, out _) != 0 : Mprotect(pages, length, ProtReadExecute) == 0)
            return pages;
        if (OperatingSystem.IsWindows())
            _ = VirtualFree(pages, 0, MemRelease);
        else
            _ = Munmap(pages, length);
        return null;
    }

    private const int ProtReadWrite = 1 | 2, ProtReadExecute = 1 | 4;
    private const int MapPrivate = 2, MapAnonymousLinux = 0x20, MapAnonymousMac = 0x1000;
    private static byte* MapFailed => (byte*)-1;

    private const uint MemCommitReserve = 0x3000, MemRelease = 0x8000, PageReadWrite = 4, PageExecuteRead = 0x20;

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial byte* Mmap(byte* address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Mprotect(byte* address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Munmap(byte* address, nuint length);

    [LibraryImport("kernel32", EntryPoint = "VirtualAlloc")]
    private static partial byte* VirtualAlloc(byte* address, nuint length, uint type, uint protection);

    [LibraryImport("kernel32", EntryPoint = "VirtualProtect")]
    private static partial int VirtualProtect(byte* address, nuint length, uint protection, out uint previous);

    [LibraryImport("kernel32", EntryPoint = "VirtualFree")]
    private static partial int VirtualFree(byte* address, nuint length, uint type);
}
