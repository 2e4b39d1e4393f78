namespace Malrule.Inference.Tests.Models;

/// <summary>
/// How far fast mode (8-bit activations) may stray from exact mode: the mean Kullback–Leibler divergence over the positions of the
/// longest prompt. The two of Qwen2 are deliberately ill-conditioned; a plain simulation of int8 in groups of 32 gives 0.062 and 0.054.
/// </summary>
public sealed class FastModeTests
{
    [Theory]
    [InlineData("qwen2-awq-tiny", 0.10)]
    [InlineData("qwen2-awq-outliers", 0.06)]
    [InlineData("qwen3-awq-tiny", 0.02)]
    [InlineData("qwen3-bf16-tiny", 0.02)]
    [InlineData("llama3-awq-tiny", 0.02)]
    [InlineData("llama3-bf16-tiny", 0.02)]
    [InlineData("llama-fp16-tiny", 0.02)]
    public async Task Fast_mode_stays_close_to_exact_mode(string name, double bound)
    {
        var fixture = Fixture.Load(name);
        int[] prompt = fixture.Cases.MaxBy(c => c.PromptTokenIds.Length)!.PromptTokenIds;
        float[][] exact = await Logprobs(fixture.Directory, prompt, ComputeMode.Exact), fast = await Logprobs(fixture.Directory, prompt, ComputeMode.Fast);
        double divergence = exact.Zip(fast, Divergence).Average();
        TestContext.Current.TestOutputHelper!.WriteLine($"{name}: mean KL divergence {divergence:0.0000} nats over {exact.Length} positions");
        Assert.InRange(divergence, 0, bound);
    }

    /// <summary>The full distribution before every prompt token but the first, [positions, vocabulary].</summary>
    private static async Task<float[][]> Logprobs(string directory, int[] prompt, ComputeMode mode)
    {
        var options = new EngineOptions { Device = "cpu", Mode = mode, Memory = 512 << 20, MaxModelLength = 512, MaxLogprobs = -1 };
        await using var engine = await LlmEngine.LoadAsync(directory, options, TestContext.Current.CancellationToken);
        var output = (await engine.GenerateAsync([prompt], new SamplingParams { MaxTokens = 1, Temperature = 0, PromptLogprobs = -1 }, TestContext.Current.CancellationToken))[0];
        return [.. output.PromptLogprobs!.Skip(1).Select(position =>
        {
            var row = new float[engine.Info.VocabSize];
            foreach (var entry in position!.Top)
                row[entry.TokenId] = entry.Logprob;
            return row;
        })];
    }

    private static double Divergence(float[] p, float[] q) => p.Zip(q, (a, b) => Math.Exp(a) * (a - b)).Sum();
}
