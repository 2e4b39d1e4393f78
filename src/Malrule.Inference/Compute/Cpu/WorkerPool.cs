using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>Work in numbered items, each independent of the others and of which worker does it.</summary>
internal interface IJob
{
    /// <param name="item">0…items − 1.</param>
    /// <param name="worker">0…<see cref="WorkerPool.Count"/> − 1: whose scratch to use.</param>
    void Run(int item, int worker);
}

/// <summary>
/// Persistent threads that, with the caller as worker 0, take a job's items from a shared counter. Between jobs they spin for
/// about 100 µs and then park, so the operations of one step follow each other without a system call. Dispatch allocates nothing.
/// One caller at a time.
/// </summary>
internal sealed unsafe class WorkerPool : IDisposable
{
    private const int Open = 1 << 30;
    private const int SpinsBeforeParking = 3000; // of about 37 ns each

    private readonly object _gate = new();
    private readonly Thread[] _threads;
    private readonly int[] _cores; // none: threads are not pinned
    private Counters _counters;
    private void* _job;
    private delegate*<WorkerPool, int, void> _work;
    private int _items;
    private int _parked;
    private bool _stopping;
    private Exception? _failure;

    /// <param name="threads">Workers, the caller included; 0: one for each core.</param>
    /// <param name="pin">Whether each worker stays on a core of its own; the caller does from <see cref="PinCaller"/> on.</param>
    public WorkerPool(int threads, bool pin = false)
    {
        Count = threads > 0 ? threads : Environment.ProcessorCount;
        _cores = pin ? ThreadAffinity.AllowedCores() : [];
        if (pin && _cores.Length < Count)
            throw new InvalidInputException($"Pinned threads need a core each: {Count} threads are asked for, and {_cores.Length} cores can be bound here. Use fewer threads, or do not pin them.");
        _threads = new Thread[Count - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            int worker = i + 1;
            _threads[i] = new Thread(() => { Pin(worker); Serve(worker); }) { IsBackground = true, Name = $"Malrule worker {worker}" };
            _threads[i].Start();
        }
    }

    public int Count { get; }

    /// <summary>Binds the calling thread, which is to be the only caller from now on, to the first core.</summary>
    public void PinCaller() => Pin(0);

    private void Pin(int worker)
    {
        if (_cores.Length > 0)
            ThreadAffinity.Bind(_cores[worker]);
    }

    /// <summary>Runs every item and returns when all are done. The first exception of an item is thrown again here.</summary>
    public void Run<TJob>(int items, TJob job) where TJob : struct, IJob
    {
        if (Count == 1 || items <= 1)
        {
            for (int item = 0; item < items; item++)
                job.Run(item, 0);
            return;
        }

        _job = Unsafe.AsPointer(ref job);
        _work = &Work<TJob>;
        _items = items;
        _counters.Next = 0;
        Interlocked.Exchange(ref _counters.State, Open);
        Interlocked.Increment(ref _counters.Epoch);
        if (Volatile.Read(ref _parked) > 0)
            lock (_gate)
                Monitor.PulseAll(_gate);

        Attempt(0);

        // A worker that has not joined by now finds the job closed and is not waited for.
        Interlocked.And(ref _counters.State, ~Open);
        var spin = new SpinWait();
        while (Volatile.Read(ref _counters.State) != 0)
            spin.SpinOnce(sleep1Threshold: -1);
        if (_failure is not null)
            ExceptionDispatchInfo.Throw(Interlocked.Exchange(ref _failure, null)!);
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _stopping = true;
            Interlocked.Increment(ref _counters.Epoch);
            Monitor.PulseAll(_gate);
        }
        foreach (Thread thread in _threads)
            thread.Join();
    }

    private static void Work<TJob>(WorkerPool pool, int worker) where TJob : struct, IJob
    {
        ref TJob job = ref Unsafe.AsRef<TJob>(pool._job);
        int item;
        while ((item = Interlocked.Increment(ref pool._counters.Next) - 1) < pool._items)
            job.Run(item, worker);
    }

    private void Attempt(int worker)
    {
        try
        {
            _work(this, worker);
        }
        catch (Exception failure)
        {
            Interlocked.CompareExchange(ref _failure, failure, null);
            Interlocked.Exchange(ref _counters.Next, _items);
        }
    }

    private void Serve(int worker)
    {
        int seen = 0;
        while (true)
        {
            for (int i = 0; i < SpinsBeforeParking && Volatile.Read(ref _counters.Epoch) == seen; i++)
                Thread.SpinWait(1);
            if (Volatile.Read(ref _counters.Epoch) == seen)
                Park(seen);
            if (Volatile.Read(ref _stopping))
                return;
            seen = Volatile.Read(ref _counters.Epoch);
            if (TryJoin())
            {
                Attempt(worker);
                Interlocked.Decrement(ref _counters.State);
            }
        }
    }

    private bool TryJoin()
    {
        int state = Volatile.Read(ref _counters.State);
        while ((state & Open) != 0)
        {
            int found = Interlocked.CompareExchange(ref _counters.State, state + 1, state);
            if (found == state)
                return true;
            state = found;
        }
        return false;
    }

    private void Park(int seen)
    {
        lock (_gate)
        {
            Interlocked.Increment(ref _parked);
            while (Volatile.Read(ref _counters.Epoch) == seen)
                Monitor.Wait(_gate);
            _parked--;
        }
    }

    /// <summary>Each on a cache line of its own.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 512)]
    private struct Counters
    {
        /// <summary>The next item to take.</summary>
        [FieldOffset(128)] public int Next;

        /// <summary><see cref="Open"/> while a job may be joined, plus the number of workers that joined it.</summary>
        [FieldOffset(256)] public int State;

        /// <summary>Counts jobs.</summary>
        [FieldOffset(384)] public int Epoch;
    }
}
