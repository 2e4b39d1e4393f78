using System.Text.Json;
using Malrule.Inference.Tests.Verification;
using Malrule.Tests;

namespace Malrule.Inference.Tests.Models;

/// <summary>Exact embeddings against the recorded outputs of Hugging Face transformers in fp32.</summary>
public sealed class EncoderFixtureTests
{
    [Theory]
    [InlineData("bert-tiny", "reference", Pooling.Cls)]
    [InlineData("bert-tiny", "reference", Pooling.Mean)]
    [InlineData("bert-tiny", "cpu", Pooling.Cls)]
    [InlineData("bert-tiny", "cpu", Pooling.Mean)]
    [InlineData("nomic-bert-tiny", "reference", Pooling.Cls)]
    [InlineData("nomic-bert-tiny", "reference", Pooling.Mean)]
    [InlineData("nomic-bert-tiny", "cpu", Pooling.Cls)]
    [InlineData("nomic-bert-tiny", "cpu", Pooling.Mean)]
    public async Task Exact_embeddings_equal_those_of_Hugging_Face(string name, string device, Pooling pooling)
    {
        string directory = TestPaths.Data("fixtures", name);
        using var json = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(directory, "expected.json"), TestContext.Current.CancellationToken));
        await using var embedder = await TextEmbedder.LoadAsync(directory,
            new EmbedderOptions { Device = device, Mode = ComputeMode.Exact, Pooling = pooling, MaxBatchedTokens = 64 }, TestContext.Current.CancellationToken);
        foreach (var batch in json.RootElement.GetProperty("cases").EnumerateArray())
        {
            int[][] ids = batch.GetProperty("token_ids").Deserialize<int[][]>()!;
            float[][] expected = batch.GetProperty(pooling == Pooling.Cls ? "cls_normalized" : "mean_normalized").Deserialize<float[][]>()!;
            var actual = await embedder.EmbedAsync(ids, TestContext.Current.CancellationToken);
            for (int i = 0; i < ids.Length; i++)
                for (int d = 0; d < embedder.Info.Dimensions; d++)
                    Assert.Equal(expected[i][d], actual.Vectors[i][d], 1e-4f);
        }
    }

    /// <summary>What modules.json does not normalise stays as long as it is; the mean over one token is that token's state.</summary>
    [Fact]
    public async Task Without_normalisation_the_mean_of_one_token_is_its_state()
    {
        var copy = CheckpointCopy.OfFixture("bert-tiny");
        File.WriteAllText(copy.PathOf("modules.json"), """[{"type": "sentence_transformers.models.Transformer", "path": ""}]""");
        var vectors = new List<float[]>();
        foreach (var pooling in (Pooling[])[Pooling.Cls, Pooling.Mean])
        {
            await using var embedder = await TextEmbedder.LoadAsync(
                copy.Directory, new EmbedderOptions { Mode = ComputeMode.Exact, Pooling = pooling }, TestContext.Current.CancellationToken);
            vectors.Add((await embedder.EmbedAsync([[7]], TestContext.Current.CancellationToken)).Vectors[0].ToArray());
        }
        Assert.Equal(vectors[0], vectors[1]);
        Assert.NotInRange(vectors[0].Sum(value => value * value), 0.99f, 1.01f);
    }

    [Theory, InlineData("bert-tiny"), InlineData("nomic-bert-tiny")]
    public async Task A_limit_beyond_the_models_own_takes_no_memory(string name)
    {
        await using var embedder = await TextEmbedder.LoadAsync(TestPaths.Data("fixtures", name), new EmbedderOptions { MaxTokens = int.MaxValue }, TestContext.Current.CancellationToken);
        Assert.InRange(embedder.Info.MaxTokens, 1, 8192);
        Assert.Equal(1, (await embedder.EmbedAsync([[5, 6, 7]], TestContext.Current.CancellationToken)).Vectors.Count);
    }
}
