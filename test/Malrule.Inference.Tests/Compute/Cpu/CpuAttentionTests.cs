using CsCheck;
using Malrule.Inference.Compute;
using Malrule.Inference.Compute.Reference;
using Malrule.Inference.Execution;

namespace Malrule.Inference.Tests.Compute.Cpu;

public sealed class CpuAttentionTests
{
    private const int Layers = 2, Layer = 1;

    public static TheoryData<string> Paths { get; } = [.. Backends.KernelPaths];

    private static Backend Cpu(string path, int threads = 2) =>
        Backends.Create(new EngineOptions { Device = "cpu", KernelPath = path, Mode = ComputeMode.Exact, Threads = threads });

    /// <summary>
    /// Branches that share a prompt: the prompt's keys are stored once, each branch goes on alone. Queries are made for the last rows of
    /// the prompt and of every branch.
    /// </summary>
    private sealed record Scene(AttentionShape Shape, bool Half, int Prompt, int Branches, int Own, int Seed)
    {
        public int PromptPages => Prompt / KvShape.PageTokens; // whole pages only are shared
        public int Length => Prompt + Own;
        private int OwnPages => (Length + KvShape.PageTokens - 1) / KvShape.PageTokens - PromptPages;
        public int Pages => PromptPages + Branches * OwnPages + 1;

        /// <summary>The prompt's pages in descending order, then the branch's own, interleaved with the others'; page 0 is nobody's.</summary>
        public int[] Table(int branch) =>
            [.. Enumerable.Range(0, PromptPages).Select(i => PromptPages - i), .. Enumerable.Range(0, OwnPages).Select(i => 1 + PromptPages + i * Branches + branch)];

        /// <summary>Query, key and value of a position of a branch; positions inside the prompt are the same for all.</summary>
        public float[] Row(int branch, int position) =>
            TestTensors.Values(Shape.QkvColumns, HashCode.Combine(Seed, position < Prompt ? 0 : branch + 1, position), 1.5f);

        public KvCache Fill(Backend backend)
        {
            KvCache cache = backend.AllocateKv(new KvShape(Layers, Shape.KvHeads, Shape.HeadDim, Half), Pages);
            for (int branch = 0; branch < Branches; branch++)
            {
                int[] table = Table(branch);
                int[] slots = [.. Enumerable.Range(0, Length).Select(p => table[p / KvShape.PageTokens] * KvShape.PageTokens + p % KvShape.PageTokens)];
                using Tensor qkv = backend.Upload([.. Enumerable.Range(0, Length).SelectMany(p => Row(branch, p))], Shape.QkvColumns);
                backend.StoreKv(slots, qkv, Shape, cache, Layer);
            }
            return cache;
        }
    }

    /// <summary>Attends with the given rows, (branch, position) in runs in groups, and returns the output of each.</summary>
    private static Dictionary<(int, int), float[]> Attend(
        Backend backend, Scene scene, KvCache cache, params ((int Branch, int First, int Count)[] Runs, int SharedKeys)[] groups)
    {
        var batch = new AttentionBatch();
        List<(int Branch, int Position)> rows = [];
        foreach ((var runs, int sharedKeys) in groups)
        {
            batch.Groups.Add(new AttentionBatch.Group(batch.Runs.Count, runs.Length, sharedKeys));
            foreach ((int branch, int first, int count) in runs)
            {
                batch.Runs.Add(new AttentionBatch.Run(rows.Count, count, batch.BlockTables.Count));
                batch.BlockTables.AddRange(scene.Table(branch));
                rows.AddRange(Enumerable.Range(first, count).Select(position => (branch, position)));
            }
        }
        batch.Positions = [.. rows.Select(row => row.Position)];
        using Tensor qkv = backend.Upload([.. rows.SelectMany(row => scene.Row(row.Branch, row.Position))], scene.Shape.QkvColumns);
        using Tensor output = backend.Allocate(rows.Count, scene.Shape.Heads * scene.Shape.HeadDim);
        backend.PagedAttention(batch, qkv, scene.Shape, cache, Layer, output);
        float[] values = backend.Download(output);
        return rows.Select((row, i) => (row, values[(i * output.Columns)..((i + 1) * output.Columns)])).ToDictionary(pair => pair.row, pair => pair.Item2);
    }

    private static readonly Gen<Scene> Scenes =
        from kvHeads in Gen.Int[1, 2]
        from queries in Gen.Int[1, 8]
        from half in Gen.Int[1, 40]
        from fp16 in Gen.Bool
        from prompt in Gen.Int[1, 150]
        from branches in Gen.Int[1, 4]
        from own in Gen.Int[1, 40]
        from seed in Gen.Int[0, 1_000_000]
        select new Scene(new AttentionShape(kvHeads * queries, kvHeads, 2 * half), fp16, prompt, branches, own, seed);

    [Theory, MemberData(nameof(Paths))]
    public void Paged_attention_agrees_with_the_reference(string path)
    {
        using Backend cpu = Cpu(path), reference = new ReferenceBackend();
        Scenes.Sample(scene =>
        {
            int shared = scene.PromptPages * KvShape.PageTokens / AttentionBatch.KeyBlock * AttentionBatch.KeyBlock;
            (int, int, int)[] decodes = [.. Enumerable.Range(0, scene.Branches).Select(branch => (branch, scene.Length - 1, 1))];
            int prompt = Math.Max(0, scene.Prompt - 20);
            ((int, int, int)[], int)[] groups = [([(0, prompt, scene.Prompt - prompt)], 0), (decodes, shared)];
            using KvCache expectedCache = scene.Fill(reference), cache = scene.Fill(cpu);
            Dictionary<(int, int), float[]> expected = Attend(reference, scene, expectedCache, groups), actual = Attend(cpu, scene, cache, groups);
            Assert.Equal(expected.Count, actual.Count);
            foreach (var (row, values) in expected)
                TestTensors.Close(values, actual[row], 2e-5);
        }, iter: 30, threads: 1);
    }

    /// <summary>
    /// Full tiles whose rows begin anywhere in a block, end just before, at or behind the end of a page or block, and whose number is no
    /// multiple of a register: alone, and as branches behind a shared prefix.
    /// </summary>
    [Theory, MemberData(nameof(Paths))]
    public void Rows_that_begin_in_the_middle_of_a_block_see_no_key_ahead_of_them(string path)
    {
        using Backend cpu = Cpu(path, threads: 1), reference = new ReferenceBackend();
        var scenes =
            from queries in Gen.OneOf(Gen.Const(1), Gen.Const(3), Gen.Const(5), Gen.Const(7), Gen.Const(8))
            from half in Gen.Int[1, 6]
            from fp16 in Gen.Bool
            from prompt in Gen.Int[1, 130]
            from end in Gen.Int[1, 4]
            from overhang in Gen.Int[-1, 2]
            from branches in Gen.Int[1, 2]
            from seed in Gen.Int[0, 1_000_000]
            select new Scene(new AttentionShape(queries, 1, 2 * half), fp16, prompt, branches,
                Math.Max(1, (prompt + 256 / queries) / 64 * 64 + (end < 4 ? 64 * (end - 1) : 16) + overhang - prompt), seed);
        scenes.Sample(scene =>
        {
            int shared = scene.PromptPages * KvShape.PageTokens / AttentionBatch.KeyBlock * AttentionBatch.KeyBlock;
            (int, int, int)[] tails = [.. Enumerable.Range(0, scene.Branches).Select(branch => (branch, scene.Prompt, scene.Own))];
            ((int, int, int)[], int)[] groups = scene.Branches == 1 ? [(tails, 0)] : [(tails, shared)];
            using KvCache expectedCache = scene.Fill(reference), cache = scene.Fill(cpu);
            Dictionary<(int, int), float[]> expected = Attend(reference, scene, expectedCache, groups), actual = Attend(cpu, scene, cache, groups);
            foreach (var (row, values) in expected)
                TestTensors.Close(values, actual[row], 2e-5);
        }, iter: 25, threads: 1);
    }

    /// <summary>However the rows are brought together, in chunks, alone or in a group, on how many threads: the same bits.</summary>
    [Theory, MemberData(nameof(Paths))]
    public void Attention_does_not_depend_on_chunks_groups_or_threads(string path)
    {
        using Backend one = Cpu(path, 1), two = Cpu(path, 2), three = Cpu(path, 3);
        Gen.Select(Scenes, Gen.Int[1, 70]).Sample((scene, chunk) =>
        {
            using KvCache cache = scene.Fill(one);
            Dictionary<(int, int), float[]> whole = Attend(one, scene, cache,
                [.. Enumerable.Range(0, scene.Branches).Select(branch => (((int, int, int)[])[(branch, 0, scene.Length)], 0))]);
            foreach (Backend backend in (Backend[])[one, two, three])
            {
                using KvCache own = scene.Fill(backend);
                int branch = scene.Branches - 1;
                for (int first = 0; first < scene.Length; first += chunk)
                    Check(Attend(backend, scene, own, ([(branch, first, Math.Min(chunk, scene.Length - first))], 0)));
                (int, int, int)[] decodes = [.. Enumerable.Range(0, scene.Branches).Select(b => (b, scene.Length - 1, 1))];
                for (int shared = 0; shared <= scene.PromptPages * KvShape.PageTokens; shared += AttentionBatch.KeyBlock)
                    Check(Attend(backend, scene, own, (decodes, shared)));
                Check(Attend(backend, scene, own, ([(branch, scene.Length - 1, 1)], 0)));

                // branches that are several rows behind, and another group beside them
                (int, int, int)[] tails = [.. Enumerable.Range(0, scene.Branches).Select(b => (b, scene.Length - scene.Own, scene.Own))];
                Check(Attend(backend, scene, own, ([(0, 0, Math.Min(chunk, scene.Prompt))], 0),
                    (tails, scene.PromptPages * KvShape.PageTokens / AttentionBatch.KeyBlock * AttentionBatch.KeyBlock)));
            }

            void Check(Dictionary<(int Branch, int Position), float[]> actual)
            {
                foreach (var (row, values) in actual)
                    Assert.Equal(whole[row], values);
            }
        }, iter: 12, threads: 1);
    }

    [Theory, MemberData(nameof(Paths))]
    public void Encoder_attention_agrees_and_does_not_depend_on_the_batch(string path)
    {
        using Backend cpu = Cpu(path), reference = new ReferenceBackend();
        Gen<int> halves = Gen.OneOf(Gen.Int[1, 2].Select(i => 16 * i), Gen.Int[1, 40]); // head dimensions that published models have, and others
        Gen<int> tokens = Gen.OneOf(Gen.Int[1, 64], Gen.Int[1, 140]);
        Gen.Select(Gen.Int[1, 2], Gen.Int[1, 3], halves, tokens.Array[1, 3], Gen.Int[0, 1000]).Sample((kvHeads, queries, half, lengths, seed) =>
        {
            var shape = new AttentionShape(kvHeads * queries, kvHeads, 2 * half);
            float[] Run(Backend backend, float[] values, int[] offsets)
            {
                using Tensor qkv = backend.Upload(values, shape.QkvColumns), output = backend.Allocate(offsets[^1], shape.Heads * shape.HeadDim);
                backend.EncoderAttention(offsets, qkv, shape, output);
                return backend.Download(output);
            }
            int[] offsets = [0, .. lengths.Select((_, i) => lengths[..(i + 1)].Sum())];
            float[] qkv = TestTensors.Values(offsets[^1] * shape.QkvColumns, seed, 1.5f);
            float[] together = Run(cpu, qkv, offsets);
            TestTensors.Close(Run(reference, qkv, offsets), together, 2e-5);
            int columns = shape.Heads * shape.HeadDim, last = offsets[^2];
            Assert.Equal(together[(last * columns)..], Run(cpu, qkv[(last * shape.QkvColumns)..], [0, lengths[^1]]));
        }, iter: 30, threads: 1);
    }

    [Theory, MemberData(nameof(Paths))]
    public void Copied_pages_hold_what_their_originals_hold(string path)
    {
        using Backend cpu = Cpu(path);
        var scene = new Scene(new AttentionShape(4, 2, 16), Half: true, Prompt: 40, Branches: 2, Own: 3, Seed: 1);
        using KvCache cache = scene.Fill(cpu);
        Dictionary<(int, int), float[]> before = Attend(cpu, scene, cache, ([(0, 42, 1)], 0));
        int[] from = scene.Table(0)[scene.PromptPages..], to = scene.Table(1)[scene.PromptPages..];
        cpu.CopyPages(cache, from, to);
        cpu.CopyPages(cache, [0], [from[0]]);
        var batch = new AttentionBatch { Positions = [42] };
        batch.Runs.Add(new AttentionBatch.Run(0, 1, 0));
        batch.Groups.Add(new AttentionBatch.Group(0, 1, 0));
        batch.BlockTables.AddRange(scene.Table(1));
        using Tensor qkv = cpu.Upload(scene.Row(0, 42), scene.Shape.QkvColumns), output = cpu.Allocate(1, 64);
        cpu.PagedAttention(batch, qkv, scene.Shape, cache, Layer, output);
        Assert.Equal(before[(0, 42)], cpu.Download(output));
    }

    /// <summary>What a page holds past the last key, or held for a failed request before, reaches no one.</summary>
    [Theory, MemberData(nameof(Paths))]
    public void Leftovers_in_a_page_are_not_read(string path)
    {
        using Backend cpu = Cpu(path);
        foreach (bool half in (bool[])[false, true])
        {
            var scene = new Scene(new AttentionShape(7, 1, 20), half, Prompt: 30, Branches: 1, Own: 5, Seed: 2);
            using KvCache clean = scene.Fill(cpu), dirty = cpu.AllocateKv(clean.Shape, clean.Pages);
            using Tensor bad = cpu.Upload([.. Enumerable.Repeat(float.NaN, scene.Shape.QkvColumns)], scene.Shape.QkvColumns);
            for (int slot = 0; slot < clean.Pages * KvShape.PageTokens; slot++)
                cpu.StoreKv([slot], bad, scene.Shape, dirty, Layer);
            int[] table = scene.Table(0);
            for (int p = 0; p < scene.Length; p++)
            {
                using Tensor row = cpu.Upload(scene.Row(0, p), scene.Shape.QkvColumns);
                cpu.StoreKv([table[p / KvShape.PageTokens] * KvShape.PageTokens + p % KvShape.PageTokens], row, scene.Shape, dirty, Layer);
            }
            Assert.Equal(Attend(cpu, scene, clean, ([(0, 20, 15)], 0)), Attend(cpu, scene, dirty, ([(0, 20, 15)], 0)));
        }
    }

    [Theory, MemberData(nameof(Paths))]
    public void A_step_allocates_nothing(string path)
    {
        using Backend cpu = Cpu(path);
        var scene = new Scene(new AttentionShape(14, 2, 64), Half: true, Prompt: 70, Branches: 3, Own: 2, Seed: 3);
        using KvCache cache = scene.Fill(cpu);
        AttentionShape shape = scene.Shape;
        var batch = new AttentionBatch { Positions = [71, 71, 71] };
        for (int branch = 0; branch < 3; branch++)
        {
            batch.Runs.Add(new AttentionBatch.Run(branch, 1, batch.BlockTables.Count));
            batch.BlockTables.AddRange(scene.Table(branch));
        }
        batch.Groups.Add(new AttentionBatch.Group(0, 3, 64));
        using Tensor qkv = cpu.Upload(TestTensors.Values(3 * shape.QkvColumns, 1), shape.QkvColumns), residual = cpu.Allocate(3, 896),
            output = cpu.Allocate(3, 896), product = cpu.Allocate(3, 64), logits = cpu.Upload(TestTensors.Values(3 * 5000, 1), 5000);
        using Vector gain = cpu.LoadVector(TestTensors.Dense(new float[896], 896));
        using Table table = cpu.LoadTable(TestTensors.DenseHalf(new float[896 * 4], 4, 896));
        using Linear linear = cpu.LoadLinear(TestTensors.Linear(896, 64, 1)), down = cpu.LoadLinear(TestTensors.Linear(32, 896, 2));
        var rope = new Rope(128, 64, 10000);
        var faults = new RowFaults(3);
        var sampling = new SamplingBatch
        {
            Draws = 3,
            LogitsRow = [0, 1, 2],
            Seed = [1, 2, 3],
            Position = [72, 72, 72],
            Temperature = [0.7f, 0, 1],
            TopK = [0, 0, 20],
            TopP = [0.9f, 1, 0.8f],
            MinP = [0, 0, 0.01f],
            RepetitionPenalty = [1, 1, 1.1f],
            PresencePenalty = [0, 0, 0],
            FrequencyPenalty = [0, 0, 0],
            TopLogprobs = [5, -1, 0],
            SeenStart = [0, 0, 0, 1],
            SeenToken = [4],
            SeenCount = [1],
            BiasStart = [0, 0, 0, 0],
            AllowedStart = [0, 0, 0, 0],
        };
        var result = new SamplingResult();
        int[] ids = [1, 2, 3], slots = [.. Enumerable.Range(0, 3).Select(branch => scene.Table(branch)[4] * 16 + 7)];

        void Step()
        {
            faults.Clear(3);
            cpu.Embed(ids, table, residual);
            cpu.RmsNorm(3, residual, null, gain, 1e-6f, output, faults);
            cpu.Multiply(3, residual, linear, product);
            cpu.Rotate(batch.Positions, qkv, shape, rope);
            cpu.StoreKv(slots, qkv, shape, cache, Layer);
            cpu.PagedAttention(batch, qkv, shape, cache, Layer, output);
            cpu.FeedForward(3, residual, linear, down, output);
            cpu.Gather(ids.AsSpan(0, 1), residual, output);
            cpu.Sample(logits, sampling, result);
        }

        void Steps()
        {
            for (int i = 0; i < 50; i++)
                Step();
        }

        Steps();
        Assert.Equal(0, Garbage.Of(Steps));
    }
}
