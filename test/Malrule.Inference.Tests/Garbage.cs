namespace Malrule.Inference.Tests;

/// <summary>
/// What an action allocates on the calling thread. The runtime, too, makes objects there, once, whenever it compiles a hot method anew or meets
/// a contended lock for the first time, which on a busy machine may be late; the action's own garbage comes each time. So the least of a few
/// measures is the action's.
/// </summary>
internal static class Garbage
{
    public static long Of(Action action)
    {
        long least = long.MaxValue;
        for (int i = 0; i < 4 && least > 0; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            action();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return least;
    }
}
