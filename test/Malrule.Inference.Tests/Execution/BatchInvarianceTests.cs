using Malrule.Inference.Tests.Models;
using Malrule.Inference.Tests.VllmBehaviour;

namespace Malrule.Inference.Tests.Execution;

/// <summary>
/// A request's tokens and logprobs are bitwise the same alone, in a crowd, after preemption, with a warm prefix cache, cut into
/// chunks of any size and on any number of threads; in exact and in fast mode.
/// </summary>
[VllmBehaviour("tests/v1/determinism/test_batch_invariance.py")]
[VllmBehaviour("tests/v1/sample/test_logprobs.py: chunking and preemption")]
public sealed class BatchInvarianceTests
{
    private static readonly EngineOptions Alone = new() { Device = "cpu", Memory = 512 << 20, MaxModelLength = 512, Threads = 1, MaxNumBatchedTokens = 1024 };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The request under test: a prompt of 150 tokens, three seeded branches, logprobs of outputs and prompt.</summary>
    private static GenerationRequest Subject { get; } = new(Ids(150, 7),
        new SamplingParams { N = 3, Temperature = 0.8, TopP = 0.95, Seed = 11, MaxTokens = 40, IgnoreEos = true, Logprobs = 3, RepetitionPenalty = 1.1 });

    private static Prompt Ids(int length, int salt) => (int[])[.. Enumerable.Range(0, length).Select(i => (i * 37 + salt * 101 + i * i % 61) % 300)];

    /// <summary>Other requests of many lengths; some start as the subject does.</summary>
    private static IEnumerable<GenerationRequest> Crowd => Enumerable.Range(0, 24).Select(i => new GenerationRequest(
        i % 3 == 0 ? Ids(40 + 17 * i % 100, 7) : Ids(5 + 23 * i % 170, i),
        new SamplingParams { N = 1 + i % 4, Temperature = 1, Seed = i, MaxTokens = 5 + i, IgnoreEos = true }));

    private static Task<LlmEngine> Load(EngineOptions options) => LlmEngine.LoadAsync(Fixture.Load("qwen2-awq-tiny").Directory, options, Cancel);

    private static async Task<string> RunSubject(LlmEngine engine, IEnumerable<GenerationRequest>? before = null, IEnumerable<GenerationRequest>? after = null)
    {
        var requests = (before ?? []).Append(Subject).Concat(after ?? []).ToList();
        string? result = null;
        await foreach (var output in engine.StreamAsync(requests, Cancel))
        {
            Assert.Null(output.Error);
            if (ReferenceEquals(requests[output.Index], Subject))
                result = Fingerprint(output);
        }
        return result!;
    }

    /// <summary>Every bit of a result: ids, logprobs and their ranks.</summary>
    private static string Fingerprint(RequestOutput output) => string.Join('\n', output.Outputs.Select(branch =>
        string.Join(' ', branch.TokenIds) + " | " + BitConverter.DoubleToInt64Bits(branch.CumulativeLogprob) + " | " +
        Bits(branch.Logprobs)).Prepend(Bits(output.PromptLogprobs)));

    private static string Bits(IEnumerable<PositionLogprobs?>? positions) => string.Join(' ', (positions ?? []).SelectMany(position => position?.Top.Prepend(position.Token) ?? [])
        .Select(entry => $"{entry.TokenId}:{BitConverter.SingleToInt32Bits(entry.Logprob):x}:{entry.Rank}"));

    private static async Task AssertSameAsAlone(ComputeMode mode, Func<EngineOptions, EngineOptions> change, IEnumerable<GenerationRequest>? before = null, IEnumerable<GenerationRequest>? after = null)
    {
        string expected, actual;
        await using (var engine = await Load(Alone with { Mode = mode }))
            expected = await RunSubject(engine);
        await using (var engine = await Load(change(Alone with { Mode = mode })))
            actual = await RunSubject(engine, before, after);
        Assert.Equal(expected, actual);
    }

    [Theory]
    [InlineData(ComputeMode.Exact)]
    [InlineData(ComputeMode.Fast)]
    public Task In_a_crowd(ComputeMode mode) => AssertSameAsAlone(mode, options => options, Crowd.Take(12), Crowd.Skip(12));

    /// <summary>What a request may ask for beside the subject's: every filter and penalty, biases, bans, structured outputs, prompt logprobs.</summary>
    private static IEnumerable<GenerationRequest> Demanding
    {
        get
        {
            Prompt text = Ids(230, 3);
            var sampling = new SamplingParams { N = 2, Temperature = 0.9, Seed = 21, MaxTokens = 24, Logprobs = 2 };
            yield return Subject;
            yield return new GenerationRequest(text, sampling with
            {
                TopK = 40,
                TopP = 0.9,
                MinP = 0.02,
                PresencePenalty = 0.6,
                FrequencyPenalty = 0.4,
                RepetitionPenalty = 1.2,
                LogitBias = new Dictionary<int, float> { [65] = 2, [290] = -3 },
                BadWords = ["and"],
                MinTokens = 10,
                PromptLogprobs = 1,
                Stop = ["zzzz"],
            });
            yield return new GenerationRequest(text, sampling with { StructuredOutputs = new StructuredOutputs { Regex = @"Rule \d{1,2}: [a-z ]{8,60}\." } });
            yield return new GenerationRequest(text, sampling with { StructuredOutputs = new StructuredOutputs { Choice = ["adds the tops", "adds both", "multiplies the tops", "subtracts"] }, PresencePenalty = 1 });
            yield return new GenerationRequest(text, sampling with { N = 1, Temperature = 0, FrequencyPenalty = 1, Logprobs = 3, LogprobTokenIds = [5, 66, 7] });
        }
    }

    /// <summary>
    /// Each alone on one thread; then all of them among sixty others, twice over, cut into odd chunks, on more threads, with too few pages for
    /// all: in the second round, behind a warm prefix cache.
    /// </summary>
    [Theory]
    [InlineData("qwen2-awq-tiny", ComputeMode.Fast, 3)]
    [InlineData("qwen3-awq-tiny", ComputeMode.Fast, 8)]
    [InlineData("qwen3-bf16-tiny", ComputeMode.Exact, 2)]
    [InlineData("llama3-awq-tiny", ComputeMode.Fast, 2)]
    [InlineData("llama-fp16-tiny", ComputeMode.Exact, 8)]
    public async Task Whatever_is_asked_for_in_a_crowd_of_every_trouble_whatever_the_architecture(string model, ComputeMode mode, int threads)
    {
        GenerationRequest[] subjects = [.. Demanding];
        string[] expected = new string[subjects.Length];
        string directory;
        await using (var engine = await TextFixture.LoadAsync(Alone with { Mode = mode }, model: model))
        {
            directory = engine.Info.ModelDirectory;
            for (int i = 0; i < subjects.Length; i++)
                expected[i] = (await RunAll(engine, [subjects[i]]))[0];
        }
        var troubled = Alone with { Mode = mode, MaxNumBatchedTokens = 37, Threads = threads };
        var ledger = (await LlmEngine.PlanAsync(directory, troubled, Cancel)).Memory;
        troubled = troubled with { Memory = ledger.Weights + ledger.Workspace + 60.5 * ledger.BytesPerPage };
        List<GenerationRequest> crowd = [.. Crowd, .. Crowd, .. Crowd.Take(12)], all = [.. crowd];
        for (int i = 0; i < subjects.Length; i++)
            all.Insert(13 * i, subjects[i]);
        await using (var engine = await LlmEngine.LoadAsync(directory, troubled, Cancel))
        {
            for (int round = 0; round < 2; round++)
            {
                string[] results = await RunAll(engine, all);
                for (int i = 0; i < subjects.Length; i++)
                    Assert.Equal(expected[i], results[13 * i]);
            }
            Assert.True(engine.Statistics.Preemptions > 0);
            Assert.True(engine.Statistics.CachedPromptTokens > 0);
        }
    }

    private static async Task<string[]> RunAll(LlmEngine engine, List<GenerationRequest> requests)
    {
        var results = new string[requests.Count];
        await foreach (var output in engine.StreamAsync(requests, Cancel))
        {
            Assert.Null(output.Error);
            results[output.Index] = Fingerprint(output);
        }
        return results;
    }

    [Theory]
    [InlineData(ComputeMode.Exact, 2)]
    [InlineData(ComputeMode.Exact, 8)]
    [InlineData(ComputeMode.Fast, 2)]
    [InlineData(ComputeMode.Fast, 8)]
    public Task With_more_threads(ComputeMode mode, int threads) => AssertSameAsAlone(mode, options => options with { Threads = threads }, Crowd.Take(5));

    [Theory]
    [InlineData(ComputeMode.Exact, 1)]
    [InlineData(ComputeMode.Exact, 13)]
    [InlineData(ComputeMode.Exact, 64)]
    [InlineData(ComputeMode.Fast, 1)]
    [InlineData(ComputeMode.Fast, 13)]
    [InlineData(ComputeMode.Fast, 64)]
    public Task Chunked_at_any_size(ComputeMode mode, int budget) => AssertSameAsAlone(mode, options => options with { MaxNumBatchedTokens = budget });

    /// <summary>Chunks that begin and end anywhere in a block of keys.</summary>
    [Theory]
    [InlineData(50)]
    [InlineData(139)]
    public Task In_a_crowd_cut_into_chunks_of_odd_sizes(int budget) =>
        AssertSameAsAlone(ComputeMode.Exact, options => options with { MaxNumBatchedTokens = budget }, Crowd.Take(12), Crowd.Skip(12));

    [Theory]
    [InlineData(ComputeMode.Exact)]
    [InlineData(ComputeMode.Fast)]
    public async Task With_a_warm_or_absent_prefix_cache(ComputeMode mode)
    {
        await using var engine = await Load(Alone with { Mode = mode });
        string cold = await RunSubject(engine);
        Assert.Equal(cold, await RunSubject(engine));
        Assert.True(engine.Statistics.CachedPromptTokens >= 144);
        await AssertSameAsAlone(mode, options => options with { EnablePrefixCaching = false });
    }

    [Theory]
    [InlineData(ComputeMode.Exact)]
    [InlineData(ComputeMode.Fast)]
    public async Task After_preemption(ComputeMode mode)
    {
        string expected;
        await using (var engine = await Load(Alone with { Mode = mode }))
            expected = await RunSubject(engine);
        long weights;
        await using (var engine = await Load(Alone with { Mode = mode }))
            weights = engine.Info.Memory.Weights + engine.Info.Memory.Workspace;
        // Room for 400 tokens: the crowd's branches push the subject out and it is computed again.
        long pageBytes = 16L * 2 * 4 * 2 * 64 * (mode == ComputeMode.Exact ? 4 : 2);
        await using (var engine = await Load(Alone with { Mode = mode, Memory = weights + 25.5 * pageBytes, MaxModelLength = 256 }))
        {
            Assert.Equal(expected, await RunSubject(engine, Crowd.Take(6), Crowd.Skip(6)));
            Assert.True(engine.Statistics.Preemptions > 0);
        }
    }

    [Theory]
    [InlineData(ComputeMode.Exact)]
    [InlineData(ComputeMode.Fast)]
    public async Task Branches_equal_single_requests_with_their_seeds(ComputeMode mode)
    {
        await using var engine = await Load(Alone with { Mode = mode });
        var single = Subject.Sampling with { N = 1 };
        var requests = Enumerable.Range(0, 3).Select(i => Subject with { Sampling = single with { Seed = 11 + i } }).Prepend(Subject).ToList();
        var outputs = new RequestOutput[4];
        await foreach (var output in engine.StreamAsync(requests, Cancel))
            outputs[output.Index] = output;
        for (int i = 0; i < 3; i++)
            Assert.Equal(Fingerprint(outputs[0] with { Outputs = [outputs[0].Outputs[i]] }), Fingerprint(outputs[1 + i]));
        Assert.Equal(3, outputs[0].Outputs.Select(branch => string.Join(' ', branch.TokenIds)).Distinct().Count());
    }
}
