using System.Numerics;
using System.Runtime.InteropServices;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>
/// Binds threads to cores, among those the process may use: a thread that is moved loses what its core's caches hold. One file for what
/// differs by operating system: Linux, and Windows up to 64 cores (untested there). Others have no such call.
/// </summary>
internal static unsafe partial class ThreadAffinity
{
    private const int MaskBytes = 128; // 1,024 cores

    /// <summary>The cores this thread may run on, ascending; none where the system does not say.</summary>
    public static int[] AllowedCores()
    {
        byte* mask = stackalloc byte[MaskBytes];
        new Span<byte>(mask, MaskBytes).Clear();
        if (OperatingSystem.IsLinux())
            _ = GetAffinity(0, MaskBytes, mask);
        else if (OperatingSystem.IsWindows() && GetProcessAffinityMask(GetCurrentProcess(), out nuint process, out _) != 0)
            *(nuint*)mask = process;
        var cores = new List<int>();
        for (int i = 0; i < MaskBytes / sizeof(ulong); i++)
            for (ulong rest = ((ulong*)mask)[i]; rest != 0; rest &= rest - 1)
                cores.Add(64 * i + BitOperations.TrailingZeroCount(rest));
        return [.. cores];
    }

    /// <summary>Binds the calling thread to a core; a refusal costs speed only.</summary>
    public static void Bind(int core)
    {
        byte* mask = stackalloc byte[MaskBytes];
        new Span<byte>(mask, MaskBytes).Clear();
        mask[core / 8] = (byte)(1 << core % 8);
        if (OperatingSystem.IsLinux())
            _ = SetAffinity(0, MaskBytes, mask);
        else if (OperatingSystem.IsWindows())
            _ = SetThreadAffinityMask(GetCurrentThread(), *(nuint*)mask);
    }

    [LibraryImport("libc", EntryPoint = "sched_getaffinity")]
    private static partial int GetAffinity(int thread, nuint bytes, byte* mask);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static partial int SetAffinity(int thread, nuint bytes, byte* mask);

    [LibraryImport("kernel32", EntryPoint = "GetCurrentProcess")]
    private static partial nint GetCurrentProcess();

    [LibraryImport("kernel32", EntryPoint = "GetCurrentThread")]
    private static partial nint GetCurrentThread();

    [LibraryImport("kernel32", EntryPoint = "GetProcessAffinityMask")]
    private static partial int GetProcessAffinityMask(nint process, out nuint mask, out nuint system);

    [LibraryImport("kernel32", EntryPoint = "SetThreadAffinityMask")]
    private static partial nuint SetThreadAffinityMask(nint thread, nuint mask);
}
