using BenchmarkDotNet.Attributes;
using Malrule.Benchmarks.Checkpoints;
using Malrule.Inference;
using Malrule.Mining.Questions;
using Malrule.Mining.Rankings;

namespace Malrule.Benchmarks.Kernels;

/// <summary>The 25 nearest of 2,587 names for a thousand texts, with vectors as long as bge-small's and nomic-embed-text's.</summary>
public class CosineBench
{
    private const int Names = 2587, Texts = 1000;
    private CosineIndex _index = null!;
    private EmbeddingMatrix _texts = null!;

    [Params(384, 768)]
    public int Dimensions { get; set; }

    [GlobalSetup]
    public void Load()
    {
        var catalogue = new MisconceptionCatalogue([.. Enumerable.Range(0, Names).Select(id => new Misconception(id, $"name {id}"))]);
        _index = new CosineIndex(catalogue, Random(Names, stream: 1));
        _texts = Random(Texts, stream: 2);
    }

    [Benchmark]
    public int Top25() => _index.Top(_texts).Count;

    private EmbeddingMatrix Random(int count, int stream)
    {
        float[] values = new float[count * Dimensions];
        new Noise(1, stream).Fill<float>(values, Noise.Table(0, 1, value => value));
        return new EmbeddingMatrix(values, count, Dimensions);
    }
}
