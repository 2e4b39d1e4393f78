using System.Runtime.InteropServices;
using System.Text.Json;
using Malrule.Inference;
using Malrule.Mining.Evaluation;
using Malrule.Mining.Questions;
using Malrule.Mining.Rankings;
using Malrule.Tests;

namespace Malrule.Mining.Tests.Rankings;

/// <summary>The tutorial's ranking of 227 distractors × 10 samples over 2,587 names, computed by its own Python from the same vectors.</summary>
public sealed class TutorialGoldenTests
{
    [Fact]
    public void Tutorial_fusion_reproduces_every_list_point_and_score_of_the_golden()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(TestPaths.Shared("goldens", "tutorial", "golden.json")));
        Dictionary<string, float[]> tensors = ReadSafetensors(TestPaths.Shared("goldens", "tutorial", "embeddings.safetensors"));
        JsonElement items = golden.RootElement.GetProperty("items");
        const int dimensions = 96, samples = 10;
        int count = tensors["catalogue"].Length / dimensions;
        var embeddings = new EmbeddingMatrix(tensors["catalogue"], count, dimensions);
        var catalogue = new MisconceptionCatalogue([.. Enumerable.Range(0, count).Select(id => new Misconception(id, ""))]);
        var fusion = new RankFusion(catalogue, FusionOptions.Tutorial);
        var firstSample = new RankFusion(catalogue, FusionOptions.Tutorial with { Depth = 25 });
        Assert.Equal(227, items.GetArrayLength());

        double[] norms = CosineSimilarity.Norms(embeddings);
        var precisions = new double[items.GetArrayLength()];
        Parallel.For(0, precisions.Length, item =>
        {
            JsonElement expected = items[item];
            var votes = new Vote[samples];
            for (int sample = 0; sample < samples; sample++)
            {
                var scores = new double[count];
                CosineSimilarity.Scores(tensors["samples"].AsSpan((item * samples + sample) * dimensions, dimensions), embeddings, norms, scores);
                votes[sample] = new Vote(scores);
            }
            IReadOnlyList<Candidate> fused = fusion.Fuse(votes);
            Assert.Equal(Ints(expected, "borda_top25"), fused.Select(candidate => candidate.MisconceptionId));
            Assert.Equal(Ints(expected, "borda_points_top25"), fused.Select(candidate => (int)candidate.Score));
            Assert.Equal(Ints(expected, "first_sample_top25"), firstSample.Fuse([votes[0]]).Select(candidate => candidate.MisconceptionId));
            precisions[item] = AveragePrecision.At(fused, expected.GetProperty("gold").GetInt32());
            Assert.Equal(expected.GetProperty("ap25").GetDouble(), precisions[item]);
        });
        Assert.Equal(golden.RootElement.GetProperty("map25").GetDouble(), precisions.Sum() / precisions.Length, 1e-15);
    }

    private static IEnumerable<int> Ints(JsonElement item, string name) => item.GetProperty(name).EnumerateArray().Select(value => value.GetInt32());

    private static Dictionary<string, float[]> ReadSafetensors(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int header = (int)BitConverter.ToInt64(bytes);
        using JsonDocument names = JsonDocument.Parse(bytes.AsMemory(8, header));
        return names.RootElement.EnumerateObject().ToDictionary(tensor => tensor.Name, tensor =>
        {
            int[] offsets = [.. tensor.Value.GetProperty("data_offsets").EnumerateArray().Select(value => value.GetInt32())];
            return MemoryMarshal.Cast<byte, float>(bytes.AsSpan(8 + header + offsets[0], offsets[1] - offsets[0])).ToArray();
        });
    }
}
