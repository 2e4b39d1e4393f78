using Malrule.Inference.Compute.Sampling;
using Malrule.Inference.Execution;

namespace Malrule.Inference.Tests.Compute.Sampling;

/// <summary>Batches of one draw for tests of the sampler.</summary>
internal static class Draws
{
    public static SamplingBatch One(
        ulong seed = 1, int position = 0, float temperature = 1, int topK = 0, float topP = 1, float minP = 0, int topLogprobs = -1) => new()
        {
            Draws = 1,
            LogitsRow = [0],
            Seed = [seed],
            Position = [position],
            Temperature = [temperature],
            TopK = [topK],
            TopP = [topP],
            MinP = [minP],
            RepetitionPenalty = [1],
            PresencePenalty = [0],
            FrequencyPenalty = [0],
            TopLogprobs = [topLogprobs],
            SeenStart = [0, 0],
            BiasStart = [0, 0],
            AllowedStart = [0, 0],
        };

    public static SamplingBatch Penalise(this SamplingBatch batch, float repetition, float frequency, float presence, params (int Token, int Count)[] seen)
    {
        (batch.RepetitionPenalty, batch.FrequencyPenalty, batch.PresencePenalty) = ([repetition], [frequency], [presence]);
        batch.SeenStart = [0, seen.Length];
        batch.SeenToken = [.. seen.Select(entry => entry.Token)];
        batch.SeenCount = [.. seen.Select(entry => entry.Count)];
        return batch;
    }

    public static SamplingBatch Bias(this SamplingBatch batch, params (int Token, float Value)[] biases)
    {
        batch.BiasStart = [0, biases.Length];
        batch.BiasToken = [.. biases.Select(entry => entry.Token)];
        batch.BiasValue = [.. biases.Select(entry => entry.Value)];
        return batch;
    }

    public static SamplingBatch Allow(this SamplingBatch batch, params int[] tokens)
    {
        (batch.AllowedStart, batch.AllowedToken) = ([0, tokens.Length], tokens);
        return batch;
    }

    public static SamplingResult Run(this SamplingBatch batch, params float[] logits)
    {
        var result = new SamplingResult();
        result.Reserve(batch, logits.Length);
        new TokenSampler(logits.Length).Draw(batch, 0, logits, result);
        return result;
    }

    public static double[] Distribution(this SamplingBatch batch, params float[] logits) =>
        new TokenSampler(logits.Length).Distribution(batch, 0, logits);

    /// <summary>Logits as a language model's look: a broad bell with a few high ones.</summary>
    public static float[] Row(int vocabulary, int seed, double spread = 2.5)
    {
        var random = new Random(seed);
        var row = new float[vocabulary];
        for (int i = 0; i < vocabulary; i++)
            row[i] = (float)(spread * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        return row;
    }
}
