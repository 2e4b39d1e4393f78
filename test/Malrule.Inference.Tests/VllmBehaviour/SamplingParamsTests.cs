namespace Malrule.Inference.Tests.VllmBehaviour;

[VllmBehaviour("vllm/sampling_params.py: defaults and checks")]
public sealed class SamplingParamsTests
{
    [Fact]
    public void Defaults_are_vllms()
    {
        var sampling = new SamplingParams();
        Assert.Equal((1, 1.0, 0, 1.0, 0.0, 0.0, 0.0, 1.0), (sampling.N, sampling.Temperature, sampling.TopK, sampling.TopP, sampling.MinP,
            sampling.PresencePenalty, sampling.FrequencyPenalty, sampling.RepetitionPenalty));
        Assert.Equal((null, 16, 0, false, true, true, true, false), (sampling.Seed, sampling.MaxTokens, sampling.MinTokens, sampling.IgnoreEos,
            sampling.Detokenize, sampling.SkipSpecialTokens, sampling.SpacesBetweenSpecialTokens, sampling.IncludeStopStrInOutput));
        Assert.Equal((null, null, null), (sampling.Logprobs, sampling.PromptLogprobs, sampling.LogprobTokenIds));
        Assert.Equal((null, null, null), (sampling.LogitBias, sampling.AllowedTokenIds, sampling.StructuredOutputs));
        Assert.Empty(sampling.Stop.Concat(sampling.BadWords));
        sampling.Validate();
    }

    public static TheoryData<string, SamplingParams> OutOfRange { get; } = new()
    {
        { "n", new() { N = 0 } },
        { "n", new() { N = 16385 } },
        { "n", new() { N = 2, Temperature = 0 } },
        { "temperature", new() { Temperature = -0.1 } },
        { "temperature", new() { Temperature = 2.1 } },
        { "top_p", new() { TopP = 0 } },
        { "top_p", new() { TopP = 1.1 } },
        { "top_k", new() { TopK = -2 } },
        { "min_p", new() { MinP = -0.1 } },
        { "min_p", new() { MinP = 1.1 } },
        { "presence_penalty", new() { PresencePenalty = 2.1 } },
        { "frequency_penalty", new() { FrequencyPenalty = -2.1 } },
        { "repetition_penalty", new() { RepetitionPenalty = 0 } },
        { "max_tokens", new() { MaxTokens = 0 } },
        { "min_tokens", new() { MinTokens = -1 } },
        { "min_tokens", new() { MinTokens = 17 } },
        { "logprobs", new() { Logprobs = -2 } },
        { "prompt_logprobs", new() { PromptLogprobs = -2 } },
        { "logprob_token_ids", new() { LogprobTokenIds = [] } },
        { "logprob_token_ids", new() { LogprobTokenIds = [.. Enumerable.Range(0, 129)] } },
        { "logprobs", new() { LogprobTokenIds = [1, 2], Logprobs = 3 } },
        { "stop", new() { Stop = ["a", ""] } },
        { "stop", new() { Stop = ["a"], Detokenize = false } },
        { "bad_words", new() { BadWords = [""] } },
        { "allowed_token_ids", new() { AllowedTokenIds = [] } },
        { "logit_bias", new() { LogitBias = new Dictionary<int, float> { [3] = float.NaN } } },
        { "truncate_prompt_tokens", new() { TruncatePromptTokens = 0 } },
        { "stream_interval", new() { StreamInterval = 0 } },
        { "output_kind", new() { OutputKind = (OutputKind)7 } },
        { "repetition_detection.max_pattern_size", new() { RepetitionDetection = new() { MaxPatternSize = -1 } } },
        { "repetition_detection.min_pattern_size", new() { RepetitionDetection = new() { MaxPatternSize = 2, MinPatternSize = 3, MinCount = 2 } } },
        { "repetition_detection.min_count", new() { RepetitionDetection = new() { MaxPatternSize = 2, MinCount = 1 } } },
    };

    [Theory, MemberData(nameof(OutOfRange), DisableDiscoveryEnumeration = true)]
    public void A_value_out_of_range_is_refused_by_field(string field, SamplingParams sampling) =>
        Assert.StartsWith(field, Assert.Throws<InvalidInputException>(sampling.Validate).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    [VllmBehaviour("tests/samplers/test_non_finite_params.py")]
    public void A_value_that_is_not_finite_is_refused(double value)
    {
        foreach (SamplingParams sampling in (SamplingParams[])[new() { Temperature = value }, new() { TopP = value }, new() { MinP = value }, new() { PresencePenalty = value },
            new() { FrequencyPenalty = value }, new() { RepetitionPenalty = value }])
        {
            Assert.Throws<InvalidInputException>(sampling.Validate);
        }
    }

    [Theory]
    [InlineData(new[] { 7, 7, 7 }, 1, 0, 3, true)]
    [InlineData(new[] { 8, 7, 7 }, 1, 0, 3, false)]
    [InlineData(new[] { 1, 2, 1, 2, 1, 2 }, 2, 0, 3, true)]
    [InlineData(new[] { 9, 1, 2, 3, 1, 2, 3 }, 3, 0, 2, true)]
    [InlineData(new[] { 9, 1, 2, 3, 1, 2, 3 }, 2, 0, 2, false)]
    [InlineData(new[] { 7, 7, 7, 7 }, 3, 2, 2, true)]
    [InlineData(new[] { 7, 7, 7 }, 3, 2, 2, false)]
    [InlineData(new[] { 7, 7, 7 }, 0, 0, 0, false)]
    [InlineData(new[] { 7 }, int.MaxValue, 0, int.MaxValue, false)]
    [VllmBehaviour("tests/v1/core/test_repetition_detection.py")]
    public void A_pattern_counts_where_it_stands_often_enough_at_the_end(int[] tokens, int longest, int shortest, int count, bool expected) =>
        Assert.Equal(expected, new RepetitionDetection { MaxPatternSize = longest, MinPatternSize = shortest, MinCount = count }.Ends(tokens));
}
