namespace Malrule.Inference.Tests.Models;

/// <summary>Exact mode against the recorded outputs of Hugging Face transformers (fp32 on the dequantised weights).</summary>
public sealed class LanguageModelFixtureTests
{
    private const float Tolerance = 1e-3f;
    private const float ClearMargin = 1e-2f;

    public static TheoryData<string, string> All
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (string model in Fixture.LanguageModels)
                foreach (string device in (string[])["reference", "cpu"])
                    data.Add(model, device);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Exact_mode_gives_the_logprobs_and_greedy_tokens_of_Hugging_Face(string name, string device)
    {
        var fixture = Fixture.Load(name);
        if (device == "reference") // plain loops: the short prompts will do
            fixture = fixture with { Cases = [.. fixture.Cases.Where(c => c.PromptTokenIds.Length <= 40)] };
        var options = new EngineOptions { Device = device, Mode = ComputeMode.Exact, Memory = 512 << 20, MaxModelLength = 512 };
        await using var engine = await LlmEngine.LoadAsync(fixture.Directory, options, TestContext.Current.CancellationToken);
        var sampling = new SamplingParams { Temperature = 0, MaxTokens = 24, IgnoreEos = true, Logprobs = 8, PromptLogprobs = 0 };

        var outputs = await engine.GenerateAsync([.. fixture.Cases.Select(c => new Prompt.FromTokenIds(c.PromptTokenIds))], sampling, TestContext.Current.CancellationToken);

        for (int i = 0; i < fixture.Cases.Count; i++)
        {
            var (expected, output) = (fixture.Cases[i], outputs[i]);
            Assert.Null(output.Error);
            AssertPromptLogprobs(expected, output);
            var first = output.Outputs[0].Logprobs![0];
            for (int k = 0; k < 8; k++)
            {
                Assert.Equal(expected.LastTop8Logprobs[k], first.Top[k].Logprob, Tolerance);
                if (k < 7 && expected.LastTop8Logprobs[k] - expected.LastTop8Logprobs[k + 1] > ClearMargin && (k == 0 || expected.LastTop8Logprobs[k - 1] - expected.LastTop8Logprobs[k] > ClearMargin))
                    Assert.Equal(expected.LastTop8Ids[k], first.Top[k].TokenId);
            }
            for (int k = 0; k < 24 && expected.GreedyMargins[k] > ClearMargin; k++)
                Assert.Equal(expected.Greedy[k], output.Outputs[0].TokenIds[k]);
        }
    }

    private static void AssertPromptLogprobs(Fixture.Case expected, RequestOutput output)
    {
        Assert.Null(output.PromptLogprobs![0]);
        Assert.Equal(expected.PromptTokenIds.Length, output.PromptLogprobs.Count);
        float[] logprobs = [.. expected.PromptLogprobs.OfType<float>()]; // the i-th belongs to token i + 1
        for (int k = 1; k < expected.PromptTokenIds.Length; k++)
        {
            Assert.Equal(expected.PromptTokenIds[k], output.PromptLogprobs[k]!.Token.TokenId);
            Assert.Equal(logprobs[k - 1], output.PromptLogprobs[k]!.Token.Logprob, Tolerance);
        }
    }
}
