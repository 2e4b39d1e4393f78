using BenchmarkDotNet.Attributes;
using Malrule.Inference;
using Malrule.Inference.Compute;
using Malrule.Inference.Execution;

namespace Malrule.Benchmarks.Kernels;

/// <summary>
/// Attention of one layer of Qwen2.5-3B over paged fp16 keys: ten branches of a group that share a prompt, their prompt read once or
/// each by itself, and a chunk of a prompt.
/// </summary>
public class AttentionBench
{
    private const int Prompt = 1024, Branches = 10, Chunk = 256;
    private static readonly AttentionShape Shape = new(Heads: 16, KvHeads: 2, HeadDim: 128);

    private Backend _backend = null!;
    private KvCache _cache = null!;
    private Tensor _qkv = null!;
    private Tensor _output = null!;
    private AttentionBatch _shared = null!;
    private AttentionBatch _apart = null!;
    private AttentionBatch _prefill = null!;

    [ParamsSource(nameof(Paths))]
    public string Path { get; set; } = "";

    public static IReadOnlyList<string> Paths => Backends.KernelPaths;

    [GlobalSetup]
    public void Load()
    {
        _backend = Backends.Create(new EngineOptions { KernelPath = Path });
        _cache = _backend.AllocateKv(new KvShape(Layers: 1, Shape.KvHeads, Shape.HeadDim, Half: true), Prompt / KvShape.PageTokens + Branches);
        _qkv = _backend.Allocate(Chunk, Shape.QkvColumns);
        _output = _backend.Allocate(Chunk, Shape.Heads * Shape.HeadDim);
        _shared = Decode(sharedKeys: Prompt);
        _apart = Decode(sharedKeys: 0);
        _prefill = new AttentionBatch { Positions = [.. Enumerable.Range(Prompt - Chunk, Chunk)] };
        _prefill.BlockTables.AddRange(Enumerable.Range(0, Prompt / KvShape.PageTokens));
        _prefill.Runs.Add(new AttentionBatch.Run(0, Chunk, 0));
        _prefill.Groups.Add(new AttentionBatch.Group(0, 1, 0));
    }

    [Benchmark(Baseline = true)]
    public void Branches_with_the_prompt_read_once() => _backend.PagedAttention(_shared, _qkv, Shape, _cache, 0, _output);

    [Benchmark]
    public void Branches_each_by_itself() => _backend.PagedAttention(_apart, _qkv, Shape, _cache, 0, _output);

    [Benchmark]
    public void Last_chunk_of_the_prompt() => _backend.PagedAttention(_prefill, _qkv, Shape, _cache, 0, _output);

    [GlobalCleanup]
    public void Free()
    {
        _qkv.Dispose();
        _output.Dispose();
        _cache.Dispose();
        _backend.Dispose();
    }

    /// <summary>One new token for each branch, behind the prompt's pages.</summary>
    private static AttentionBatch Decode(int sharedKeys)
    {
        var batch = new AttentionBatch { Positions = [.. Enumerable.Repeat(Prompt, Branches)] };
        for (int branch = 0; branch < Branches; branch++)
        {
            batch.Runs.Add(new AttentionBatch.Run(branch, 1, batch.BlockTables.Count));
            batch.BlockTables.AddRange([.. Enumerable.Range(0, Prompt / KvShape.PageTokens), Prompt / KvShape.PageTokens + branch]);
        }
        batch.Groups.Add(new AttentionBatch.Group(0, Branches, sharedKeys));
        return batch;
    }
}
