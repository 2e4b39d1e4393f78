using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>
/// What this machine's cores can do at most, measured in the process that uses them: the yardstick of the kernels. Each figure is the best
/// of several short trials with all threads started together, counted until the last one is done.
/// </summary>
/// <param name="Threads">Threads that ran at once.</param>
/// <param name="Int8Gops">8-bit multiply-adds by this machine's best instruction, counted as two operations, in 10⁹/s; 0 where no generated code runs.</param>
/// <param name="Fp32Gflops">fp32 fused multiply-adds, counted as two operations, in 10⁹/s; 0 where no generated code runs.</param>
/// <param name="ReadGbps">Bytes read in order from memory in huge pages, where the system gives them, in 10⁹/s.</param>
internal sealed unsafe record MachinePeaks(int Threads, double Int8Gops, double Fp32Gflops, double ReadGbps)
{
    private const int Trials = 48, Slices = 8, Chains = 12, Unroll = 4;
    private const long Rounds = 20_000; // a millisecond or so

    /// <summary>
    /// Whether nothing disturbed the measurement, as far as that can be told: Zen 4 and Sapphire Rapids cores do at least 425·10⁹ operations
    /// a second each by AVX-512's VPDPBUSD, unless they are shared or throttled. Machines without it have no such mark.
    /// </summary>
    public bool ArePlausible => !KernelPaths.IsSupported(KernelPath.Vnni) || Int8Gops >= 425 * Threads;

    /// <param name="threads">Threads to run at once.</param>
    /// <param name="readBytes">Memory to read: more than the last-level cache keeps.</param>
    public static MachinePeaks Measure(int threads, long readBytes = 512L << 20)
    {
        var (int8, int8Operations) = Int8Loop();
        var (fp32, fp32Operations) = Fp32Loop();
        return new MachinePeaks(threads, Arithmetic(int8, int8Operations, threads), Arithmetic(fp32, fp32Operations, threads), Read(threads, readBytes));
    }

    /// <summary>Multiply-adds a second of a loop in 10⁹/s, counted as two operations each.</summary>
    private static double Arithmetic(Assembler loop, int operations, int threads)
    {
        if (!ExecutableMemory.IsAllowed)
            return 0;
        using var code = new MemoryStream();
        loop.Assemble(new StreamCodeWriter(code), rip: 0);
        var run = (delegate* unmanaged<long, void>)ExecutableMemory.Place(code.ToArray());
        return run == null ? 0 : Best(threads, (double)Rounds * operations * threads, (_, _) => run(Rounds));
    }

    private static double Read(int threads, long bytes)
    {
        using var memory = new NativeBuffer(bytes);
        new Span<byte>(memory.Data, (int)bytes).Fill(1); // so that every page is there
        // Each trial reads another slice, so that a slice has left the caches when its turn comes again.
        long share = bytes / Slices / threads & -4096;
        byte* data = memory.Data;
        return Best(threads, share * threads, (thread, trial) => Sum(data + share * (trial % Slices * threads + thread), share));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long Sum(byte* data, long bytes)
    {
        Vector256<long> a = default, b = default, c = default, d = default;
        for (byte* end = data + bytes; data < end; data += 128)
        {
            if (Sse.IsSupported)
            {
                Sse.Prefetch0(data + 4096);
                Sse.Prefetch0(data + 4096 + 64);
            }
            a ^= Vector256.Load((long*)data);
            b ^= Vector256.Load((long*)(data + 32));
            c ^= Vector256.Load((long*)(data + 64));
            d ^= Vector256.Load((long*)(data + 96));
        }
        return Vector256.Sum(a ^ b ^ c ^ d);
    }

    private static (Assembler Loop, int Operations) Int8Loop()
    {
        if (KernelPaths.IsSupported(KernelPath.Vnni))
            return (Loop((c, i) => c.vpdpbusd(Zmm(i), zmm30, zmm31)), Unroll * Chains * 128);
        if (KernelPaths.IsSupported(KernelPath.AvxVnni))
            return (Loop((c, i) => c.vpdpbusd(Ymm(i), ymm14, ymm15)), Unroll * Chains * 64);
        return (Loop((c, i) =>
        {
            c.vpmaddubsw(ymm12, ymm14, ymm15);
            c.vpmaddwd(ymm12, ymm12, ymm13);
            c.vpaddd(Ymm(i), Ymm(i), ymm12);
        }), Unroll * Chains * 64);
    }

    private static (Assembler Loop, int Operations) Fp32Loop() => KernelPaths.IsSupported(KernelPath.Avx512)
        ? (Loop((c, i) => c.vfmadd231ps(Zmm(i), zmm30, zmm31)), Unroll * Chains * 32)
        : (Loop((c, i) => c.vfmadd231ps(Ymm(i), ymm14, ymm15)), Unroll * Chains * 16);

    /// <summary>A function of a count that repeats an instruction on independent accumulators.</summary>
    private static Assembler Loop(Action<Assembler, int> instruction)
    {
        var count = OperatingSystem.IsWindows() ? rcx : rdi;
        var c = new Assembler(64);
        var again = c.CreateLabel();
        VnniAssembly.SaveXmm(c);
        c.vzeroall();
        if (KernelPaths.IsSupported(KernelPath.Avx512))
        {
            c.vpxord(zmm30, zmm30, zmm30); // whatever stands in them could be subnormal, and slow
            c.vpxord(zmm31, zmm31, zmm31);
        }
        c.Label(ref again);
        for (int i = 0; i < Unroll * Chains; i++)
            instruction(c, i % Chains);
        c.dec(count);
        c.jne(again);
        c.vzeroupper();
        VnniAssembly.RestoreXmm(c);
        c.ret();
        return c;
    }

    private static AssemblerRegisterZMM Zmm(int i) => new(Register.ZMM0 + i);
    private static AssemblerRegisterYMM Ymm(int i) => new(Register.YMM0 + i);

    /// <summary>work / the shortest time of several trials, in 10⁹/s.</summary>
    private static double Best(int threads, double work, Action<int, int> body)
    {
        double best = 0;
        for (int trial = 0; trial < Trials; trial++)
        {
            using var ready = new Barrier(threads);
            long start = 0;
            int current = trial;
            var others = Enumerable.Range(1, threads - 1).Select(thread => new Thread(() => Work(thread))).ToArray();
            foreach (var other in others)
                other.Start();
            Work(0);
            foreach (var other in others)
                other.Join();
            best = Math.Max(best, work / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9);

            void Work(int thread)
            {
                ready.SignalAndWait();
                if (thread == 0)
                    start = Stopwatch.GetTimestamp();
                body(thread, current);
            }
        }
        return best;
    }
}
