using Malrule.Inference.Compute.Cpu;

namespace Malrule.Inference.Tests.Compute.Cpu;

public sealed class WorkerPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Every_item_runs_once(int threads)
    {
        using var pool = new WorkerPool(threads);
        for (int round = 0; round < 3000; round++)
        {
            var counts = new int[round % 40];
            pool.Run(counts.Length, new Count(counts, threads));
            Assert.All(counts, count => Assert.Equal(1, count));
            if (round % 1000 == 999)
                Thread.Sleep(20); // long enough for the workers to park
        }
    }

    [Fact]
    public void An_exception_of_an_item_reaches_the_caller_and_the_pool_goes_on()
    {
        using var pool = new WorkerPool(3);
        for (int round = 0; round < 200; round++)
        {
            Assert.Throws<InvalidDataException>(() => pool.Run(50, new Fail(round % 50)));
            var counts = new int[20];
            pool.Run(20, new Count(counts, 3));
            Assert.All(counts, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void Dispatch_allocates_nothing()
    {
        using var pool = new WorkerPool(2);
        var counts = new int[8];
        pool.Run(8, new Count(counts, 2));
        Assert.Equal(0, Garbage.Of(() =>
        {
            for (int i = 0; i < 1000; i++)
                pool.Run(8, new Count(counts, 2));
        }));
    }

    [Fact]
    public void Pinned_workers_stay_on_a_core_each()
    {
        int[] cores = ThreadAffinity.AllowedCores();
        Assert.SkipUnless(OperatingSystem.IsLinux() && cores.Length >= 2, "needs Linux and two cores");
        int[][] seen = new int[2][];
        var caller = new Thread(() => // not the test's own thread, which others will use
        {
            using var pool = new WorkerPool(2, pin: true);
            pool.PinCaller();
            while (seen.Contains(null))
                pool.Run(2, new Locate(seen));
        });
        caller.Start();
        caller.Join();
        Assert.Equal([[cores[0]], [cores[1]]], seen);
        Assert.Equal(cores, ThreadAffinity.AllowedCores());
        Assert.Throws<InvalidInputException>(() => new WorkerPool(cores.Length + 1, pin: true));
    }

    private readonly struct Locate(int[][] seen) : IJob
    {
        public void Run(int item, int worker)
        {
            seen[worker] = ThreadAffinity.AllowedCores();
            Thread.Sleep(1); // long enough for the other worker to take an item too
        }
    }

    /// <summary>A job lies on the caller's stack; what it refers to may move while others work on it.</summary>
    [Fact]
    public void Collections_during_a_job_are_safe()
    {
        using var pool = new WorkerPool(3);
        for (int round = 0; round < 30; round++)
        {
            byte[] hole = new byte[5000]; // dies at once, so that compaction moves what follows
            int[] data = [.. Enumerable.Range(round, 100)];
            pool.Run(40, new ReadWhileCollecting(data, round, new object()));
            GC.KeepAlive(hole.Length);
        }
    }

    private readonly struct ReadWhileCollecting(int[] data, int first, object other) : IJob
    {
        public void Run(int item, int worker)
        {
            if (item % 10 == 0)
                GC.Collect(0, GCCollectionMode.Forced, blocking: true, compacting: true);
            for (int i = 0; i < 20_000; i++)
                if (data[i % 100] != first + i % 100 || other.GetType() != typeof(object))
                    throw new InvalidDataException($"element {i % 100}");
        }
    }

    private readonly struct Count(int[] counts, int threads) : IJob
    {
        public void Run(int item, int worker)
        {
            Interlocked.Increment(ref counts[item]);
            if (worker < 0 || worker >= threads)
                throw new InvalidOperationException($"worker {worker}");
        }
    }

    private readonly struct Fail(int at) : IJob
    {
        public void Run(int item, int worker)
        {
            if (item == at)
                throw new InvalidDataException();
        }
    }
}
