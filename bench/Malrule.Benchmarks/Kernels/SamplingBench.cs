using BenchmarkDotNet.Attributes;
using Malrule.Inference;
using Malrule.Inference.Compute;
using Malrule.Inference.Execution;

namespace Malrule.Benchmarks.Kernels;

/// <summary>Ten draws over the logits of Qwen2.5's vocabulary: a flat row, as random weights give, and one with fifty likely tokens, as a trained model gives.</summary>
public class SamplingBench
{
    private const int Vocabulary = 151_936, Draws = 10;

    private readonly SamplingResult _result = new();
    private Backend _backend = null!;
    private Tensor _logits = null!;
    private SamplingBatch _temperature = null!;
    private SamplingBatch _topP = null!;
    private SamplingBatch _topKTopP = null!;
    private SamplingBatch _logprobs = null!;

    [Params(false, true)]
    public bool Peaked { get; set; }

    [GlobalSetup]
    public void Load()
    {
        _backend = Backends.Create(new EngineOptions());
        _logits = _backend.Allocate(Draws, Vocabulary);
        Fill();
        _temperature = Batch(topK: 0, topP: 1, logprobs: -1);
        _topP = Batch(topK: 0, topP: 0.8f, logprobs: -1);
        _topKTopP = Batch(topK: 20, topP: 0.8f, logprobs: -1);
        _logprobs = Batch(topK: 0, topP: 1, logprobs: 20);
    }

    [Benchmark(Baseline = true)]
    public void Temperature() => _backend.Sample(_logits, _temperature, _result);

    [Benchmark]
    public void Top_p() => _backend.Sample(_logits, _topP, _result);

    [Benchmark]
    public void Top_k_and_top_p() => _backend.Sample(_logits, _topKTopP, _result);

    [Benchmark]
    public void Twenty_logprobs() => _backend.Sample(_logits, _logprobs, _result);

    [GlobalCleanup]
    public void Free()
    {
        _logits.Dispose();
        _backend.Dispose();
    }

    private unsafe void Fill()
    {
        var random = new Random(1);
        var tensor = (Inference.Compute.Cpu.CpuTensor)_logits;
        for (int row = 0; row < Draws; row++)
        {
            for (int token = 0; token < Vocabulary; token++)
                tensor.Row(row)[token] = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
            for (int likely = 0; Peaked && likely < 50; likely++)
                tensor.Row(row)[random.Next(Vocabulary)] = 18 - 0.2f * likely;
        }
    }

    private static SamplingBatch Batch(int topK, float topP, int logprobs)
    {
        var batch = new SamplingBatch
        {
            Draws = Draws,
            LogitsRow = [.. Enumerable.Range(0, Draws)],
            Seed = [.. Enumerable.Range(0, Draws).Select(i => (ulong)i)],
            Position = new int[Draws],
            Temperature = new float[Draws],
            TopK = new int[Draws],
            TopP = new float[Draws],
            MinP = new float[Draws],
            RepetitionPenalty = new float[Draws],
            PresencePenalty = new float[Draws],
            FrequencyPenalty = new float[Draws],
            TopLogprobs = new int[Draws],
        };
        batch.Temperature.AsSpan().Fill(0.7f);
        batch.TopK.AsSpan().Fill(topK);
        batch.TopP.AsSpan().Fill(topP);
        batch.RepetitionPenalty.AsSpan().Fill(1);
        batch.TopLogprobs.AsSpan().Fill(logprobs);
        return batch;
    }
}
