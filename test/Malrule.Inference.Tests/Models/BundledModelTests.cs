using System.Numerics.Tensors;
using System.Text.Json;
using Malrule.Tests;

namespace Malrule.Inference.Tests.Models;

/// <summary>
/// The models that ship with Malrule against what Hugging Face's libraries gave for them (eng/train/make_goldens.py): prompts, token ids,
/// logprobs, greedy tokens, embeddings in fp32 on the dequantised weights; and how near fast mode stays on trained weights.
/// </summary>
public sealed class BundledModelTests
{
    private const int Greedy = 32;
    private const float ClearMargin = 1e-2f;
    private static readonly string LanguageModel = Path.Combine(TestPaths.Repository, "models", "malrule-llm-awq");
    private static readonly string Embedder = Path.Combine(TestPaths.Repository, "models", "malrule-embedder");

    [Theory]
    [InlineData("llm-tokenizer", "malrule-llm-awq")]
    [InlineData("embedder-tokenizer", "malrule-embedder")]
    public void Token_ids_and_texts_are_those_of_Hugging_Face(string golden, string model)
    {
        using JsonDocument json = Golden(golden);
        Tokenizer tokenizer = Tokenizer.Load(Path.Combine(TestPaths.Repository, "models", model, "tokenizer.json"));
        bool special = json.RootElement.GetProperty("add_special_tokens").GetBoolean();
        foreach (JsonElement text in json.RootElement.GetProperty("cases").EnumerateArray())
        {
            int[] ids = text.GetProperty("ids").Deserialize<int[]>()!;
            Assert.Equal(ids, tokenizer.Encode(text.GetProperty("text").GetString()!, special));
            Assert.Equal(text.GetProperty("decoded").GetString(), tokenizer.Decode(ids, skipSpecialTokens: false));
            Assert.Equal(text.GetProperty("decoded_skip_special").GetString(), tokenizer.Decode(ids));
        }
    }

    [Fact]
    public void Conversations_render_as_in_Hugging_Face()
    {
        using JsonDocument json = Golden("chat-template");
        ChatTemplate template = ChatTemplate.Load(LanguageModel)!;
        foreach (JsonElement dialogue in json.RootElement.GetProperty("cases").EnumerateArray())
            Assert.Equal(dialogue.GetProperty("rendered").GetString(), template.Render(Messages(dialogue)));
    }

    [Fact]
    public async Task Exact_mode_gives_the_prompts_logprobs_and_greedy_tokens_of_Hugging_Face()
    {
        using JsonDocument json = Golden("llm");
        JsonElement[] cases = [.. json.RootElement.GetProperty("cases").EnumerateArray()];
        await using LlmEngine engine = await Load(ComputeMode.Exact);
        var sampling = new SamplingParams { Temperature = 0, MaxTokens = Greedy, IgnoreEos = true, Logprobs = 8, PromptLogprobs = 0 };
        var outputs = await engine.ChatAsync([.. cases.Select(Messages)], sampling, TestContext.Current.CancellationToken);
        for (int i = 0; i < cases.Length; i++)
        {
            T[] List<T>(string name) => cases[i].GetProperty(name).Deserialize<T[]>()!;
            RequestOutput output = outputs[i];
            Assert.Null(output.Error);
            Assert.Equal(List<int>("prompt_token_ids"), output.PromptTokenIds);
            float[] prompt = List<float>("prompt_logprobs"); // the i-th belongs to token i + 1
            for (int k = 0; k < prompt.Length; k++)
                Assert.Equal(prompt[k], output.PromptLogprobs![k + 1]!.Token.Logprob, 1e-3f);
            float[] top = List<float>("last_top8_logprobs");
            for (int k = 0; k < top.Length; k++)
                Assert.Equal(top[k], output.Outputs[0].Logprobs![0].Top[k].Logprob, 1e-3f);
            int[] greedy = List<int>($"greedy_{Greedy}");
            float[] logprobs = List<float>("greedy_logprobs"), margins = List<float>("greedy_margins");
            for (int k = 0; k < Greedy && margins[k] > ClearMargin; k++)
            {
                Assert.Equal(greedy[k], output.Outputs[0].TokenIds[k]);
                Assert.Equal(logprobs[k], output.Outputs[0].Logprobs![k].Token.Logprob, 1e-3f);
            }
        }
    }

    [Fact]
    public async Task Fast_mode_stays_within_five_thousandths_of_a_nat()
    {
        using JsonDocument json = Golden("llm");
        int[] prompt = json.RootElement.GetProperty("cases").EnumerateArray()
            .Select(c => c.GetProperty("prompt_token_ids").Deserialize<int[]>()!).MaxBy(ids => ids.Length)!;
        float[][] exact = await Distributions(ComputeMode.Exact, prompt), fast = await Distributions(ComputeMode.Fast, prompt);
        double divergence = exact.Zip(fast, (p, q) => p.Zip(q, (a, b) => Math.Exp(a) * (a - b)).Sum()).Average();
        TestContext.Current.TestOutputHelper!.WriteLine($"mean KL divergence {divergence:0.00000} nats over {exact.Length} positions");
        Assert.InRange(divergence, 0, 0.005);
    }

    [Fact]
    public async Task Embeddings_are_those_of_Hugging_Face_and_fast_ones_point_the_same_way()
    {
        using JsonDocument json = Golden("embedder");
        CancellationToken stop = TestContext.Current.CancellationToken;
        await using TextEmbedder exact = await TextEmbedder.LoadAsync(Embedder, new EmbedderOptions { Device = "cpu", Mode = ComputeMode.Exact }, stop);
        await using TextEmbedder fast = await TextEmbedder.LoadAsync(Embedder, new EmbedderOptions { Device = "cpu", Mode = ComputeMode.Fast }, stop);
        foreach (JsonElement batch in json.RootElement.GetProperty("cases").EnumerateArray())
        {
            string[] texts = batch.GetProperty("texts").Deserialize<string[]>()!;
            float[][] expected = batch.GetProperty("mean_normalized").Deserialize<float[][]>()!;
            var actual = await exact.EmbedAsync(texts, stop);
            var near = await fast.EmbedAsync(texts, stop);
            for (int i = 0; i < texts.Length; i++)
            {
                for (int d = 0; d < expected[i].Length; d++)
                    Assert.Equal(expected[i][d], actual.Vectors[i][d], 1e-4f);
                Assert.InRange(expected[i].Select((value, d) => (double)value * near.Vectors[i][d]).Sum(), 0.999, 1.001);
            }
        }
    }

    [Fact]
    public async Task Fast_embeddings_find_the_same_first_25_names()
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        string[] names = [.. File.ReadLines(Path.Combine(TestPaths.Repository, "samples", "bank", "misconception_mapping.csv")).Skip(1)];
        async Task<int[][]> FirstOf(ComputeMode mode)
        {
            await using TextEmbedder embedder = await TextEmbedder.LoadAsync(Embedder, new EmbedderOptions { Device = "cpu", Mode = mode }, stop);
            EmbeddingMatrix vectors = (await embedder.EmbedAsync(names, stop)).Vectors;
            return [.. names.Select((_, i) => Enumerable.Range(0, names.Length).OrderByDescending(j => TensorPrimitives.Dot(vectors[i], vectors[j])).Take(25).ToArray())];
        }
        int[][] exact = await FirstOf(ComputeMode.Exact), fast = await FirstOf(ComputeMode.Fast);
        double overlap = exact.Zip(fast, (a, b) => a.Intersect(b).Count() / 25.0).Average();
        TestContext.Current.TestOutputHelper!.WriteLine($"mean overlap of the first 25 {overlap:0.0000} over {names.Length} names");
        Assert.InRange(overlap, 0.98, 1);
    }

    private static JsonDocument Golden(string name) =>
        JsonDocument.Parse(File.ReadAllBytes(TestPaths.Data("goldens", "bundled-models", name + ".json")));

    private static IReadOnlyList<ChatMessage> Messages(JsonElement dialogue) =>
        [.. dialogue.GetProperty("messages").EnumerateArray().Select(m => new ChatMessage(m.GetProperty("role").GetString()!, m.GetProperty("content").GetString()!))];

    private static Task<LlmEngine> Load(ComputeMode mode) => LlmEngine.LoadAsync(LanguageModel,
        new EngineOptions { Device = "cpu", Mode = mode, Memory = 512 << 20, MaxLogprobs = -1 }, TestContext.Current.CancellationToken);

    /// <summary>The full distribution before every prompt token but the first, [positions, vocabulary].</summary>
    private static async Task<float[][]> Distributions(ComputeMode mode, int[] prompt)
    {
        await using LlmEngine engine = await Load(mode);
        var sampling = new SamplingParams { MaxTokens = 1, Temperature = 0, PromptLogprobs = -1 };
        RequestOutput output = (await engine.GenerateAsync([prompt], sampling, TestContext.Current.CancellationToken))[0];
        return [.. output.PromptLogprobs!.Skip(1).Select(position =>
        {
            var row = new float[engine.Info.VocabSize];
            foreach (var entry in position!.Top)
                row[entry.TokenId] = entry.Logprob;
            return row;
        })];
    }
}
