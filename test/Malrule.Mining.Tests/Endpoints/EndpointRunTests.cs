using System.Collections.Concurrent;
using Malrule.Inference;
using Malrule.Mining.Generations;
using Malrule.Mining.Results;
using Malrule.Mining.Tests.Scripts;
using Malrule.Tests;

namespace Malrule.Mining.Tests.Endpoints;

/// <summary>Whole runs whose models are servers.</summary>
public sealed class EndpointRunTests
{
    private const string KeyVariable = "MALRULE_TEST_RUN_KEY", Key = "sk-run-secret-4711";

    private readonly string _data = Path.Combine(TestPaths.TemporaryFolder(), "data");
    private readonly string _output = Path.Combine(TestPaths.TemporaryFolder(), "run");

    public EndpointRunTests()
    {
        ScriptedBank.Write(_data, questions: 12);
        Environment.SetEnvironmentVariable(KeyVariable, Key);
    }

    private MiningOptions Options(OpenAiServer server) => ScriptedBank.Options(_data, _output) with
    {
        Model = "m",
        Embedder = "m",
        Endpoint = EndpointGeneratorTests.To(server) with { ApiKeyVariable = KeyVariable, PromptPrice = 1, GeneratedPrice = 2, Retries = 1 },
        EmbedderEndpoint = EndpointGeneratorTests.To(server) with { PromptPrice = 0.5 },
    };

    private static Task<MiningResult> RunAsync(MiningOptions options, IProgress<MiningProgress>? progress = null) =>
        MiningRun.RunAsync(options, progress, TestContext.Current.CancellationToken);

    [Fact]
    public async Task A_run_on_servers_ranks_counts_what_it_costs_and_keeps_the_key_to_itself()
    {
        await using var server = new OpenAiServer();
        var said = new Said();
        MiningResult result = await RunAsync(Options(server), said);

        Assert.All(result.Mined, item => Assert.Equal(4, item.Inferred.Count));
        Assert.All(result.Mined, item => Assert.NotEmpty(item.Candidates));
        RunCounts counts = result.Manifest.Counts!;
        int items = result.Mined.Count;
        Assert.Equal((100L * items, 12L * items), (counts.PromptTokens, counts.GeneratedTokens));
        Assert.Equal((counts.PromptTokens + 2.0 * counts.GeneratedTokens + 0.5 * counts.EmbeddedTokens) / 1e6, counts.Cost);
        Assert.Equal(new RunEndpoint(server.Url, "m", null), result.Manifest.Options.Endpoint);
        Assert.Equal(["catalogue", "labelled", "questions"], result.Manifest.Inputs.Keys);
        Assert.Equal(4096, result.Manifest.ServedLength);

        Assert.Contains(said.Notes, note => note.Contains("requests of about (guessed by characters, set right by the first answer) ", StringComparison.Ordinal) && note.Contains("about ", StringComparison.Ordinal));
        Assert.Contains(said.Notes, note => note.StartsWith("At the prices given that costs at most ", StringComparison.Ordinal));
        Assert.Contains(said.Notes, note => note.StartsWith("The servers cost ", StringComparison.Ordinal));
        Assert.Contains(said.Steps, step => step is { Stage: MiningStage.Generating, PromptTokensPerSecond: not null, GeneratedTokensPerSecond: not null, PrefixHitRate: null });
        Assert.Equal(items, server.Requests.Count(request => request.Path.EndsWith("/chat/completions", StringComparison.Ordinal))); // the trial's answer is used
        Assert.All(server.Requests, request => Assert.Equal(request.Path.EndsWith("/chat/completions", StringComparison.Ordinal), request.Headers.ContainsKey("authorization")));
        Assert.All(Directory.GetFiles(_output), file => Assert.DoesNotContain(Key, File.ReadAllText(file), StringComparison.Ordinal));
        Assert.DoesNotContain(Key, string.Join('\n', said.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_that_fails_is_told_of_and_asked_again_alone_when_the_run_is_given_again()
    {
        bool mended = false;
        await using var server = new OpenAiServer(request => !mended && request.Body.ContainsKey("messages") && request.LastTurn.Contains("wrong 3B", StringComparison.Ordinal) ? OpenAiServer.Error(500, "cosmic ray") : null);
        MiningResult first = await RunAsync(Options(server));
        Assert.Equal(1, first.Manifest.Counts!.FailedRequests);
        Assert.Contains("answered 500: cosmic ray (2 attempts)", GenerationFile.Read(Path.Combine(_output, "generations.jsonl"))["3_B"].Error, StringComparison.Ordinal);
        Assert.Contains("cosmic ray", File.ReadAllText(Path.Combine(_output, "report.html")), StringComparison.Ordinal);

        mended = true;
        server.Requests.Clear();
        MiningResult second = await RunAsync(Options(server));
        Assert.Equal(0, second.Manifest.Counts!.FailedRequests);
        Assert.Contains("wrong 3B", Assert.Single(server.Requests, request => request.Body.ContainsKey("messages")).LastTurn, StringComparison.Ordinal);

        string whole = _output + "-whole";
        await RunAsync(Options(server) with { Output = whole });
        Assert.Equal(MiningRunTests.Contents(whole), MiningRunTests.Contents(_output));
    }

    [Fact]
    public async Task Samples_that_came_before_a_request_failed_are_kept_and_only_the_rest_is_asked_for()
    {
        // Samples come one at a time; those of 3_B after the second do not.
        bool mended = false;
        await using var server = new OpenAiServer(request => !request.Body.ContainsKey("messages") ? null
            : !mended && request.N <= 2 && request.LastTurn.Contains("wrong 3B", StringComparison.Ordinal) ? OpenAiServer.Error(500, "cosmic ray") : OpenAiServer.Chat(request, 1));
        MiningResult first = await RunAsync(Options(server));
        Assert.Equal(1, first.Manifest.Counts!.FailedRequests);
        Generation line = GenerationFile.Read(Path.Combine(_output, "generations.jsonl"))["3_B"];
        Assert.Equal((2, 200, 6), (line.Texts.Count, line.PromptTokens, line.GeneratedTokens));
        Assert.Contains("cosmic ray", line.Error, StringComparison.Ordinal);
        MinedDistractor halfway = first.Mined.Single(item => item.Error is not null);
        Assert.Equal(2, halfway.Inferred.Count);
        Assert.NotEmpty(halfway.Candidates);

        mended = true;
        server.Requests.Clear();
        Assert.Equal(0, (await RunAsync(Options(server))).Manifest.Counts!.FailedRequests);
        Assert.Equal([(2, line.Seed + 2), (1, line.Seed + 3)], server.Requests.Where(request => request.Body.ContainsKey("messages")).Select(request => (request.N, (long?)request.Seed)));

        string whole = _output + "-whole";
        await RunAsync(Options(server) with { Output = whole });
        Assert.Equal(MiningRunTests.Contents(whole), MiningRunTests.Contents(_output));
    }

    [Fact]
    public async Task A_run_that_lost_its_server_goes_on_and_asks_nothing_twice()
    {
        var answered = new ConcurrentDictionary<string, int>();
        bool gone = true;
        await using var server = new OpenAiServer(request =>
        {
            if (!request.Body.ContainsKey("messages"))
                return null;
            if (gone && answered.Count >= 7)
                return OpenAiServer.Error(503, "gone");
            answered.AddOrUpdate(request.LastTurn, 1, (_, count) => count + 1);
            return null;
        });
        MalruleException error = await Assert.ThrowsAsync<MalruleException>(() => RunAsync(Options(server) with { Endpoint = Options(server).Endpoint! with { Concurrency = 3 } }));
        Assert.Contains("requests in a row failed", error.Message, StringComparison.Ordinal);

        gone = false;
        string[] kept = [.. GenerationFile.Read(Path.Combine(_output, "generations.jsonl")).Values.Where(line => line.Error is null).Select(line => line.Id)];
        Assert.InRange(kept.Length, 1, 9);
        answered.Clear();
        MiningResult result = await RunAsync(Options(server));
        Assert.Equal(0, result.Manifest.Counts!.FailedRequests);
        Assert.Equal(result.Mined.Count - kept.Length, answered.Count);
        Assert.All(answered, asked => Assert.Equal(1, asked.Value));
        string whole = _output + "-whole";
        await RunAsync(Options(server) with { Output = whole });
        Assert.Equal(MiningRunTests.Contents(whole), MiningRunTests.Contents(_output));
    }

    [Fact]
    public async Task A_run_of_another_server_or_model_is_another_run()
    {
        await using var server = new OpenAiServer();
        await RunAsync(Options(server));
        Assert.Contains("options.endpoint.model is \"other\", there it is \"m\"", (await Assert.ThrowsAsync<InvalidInputException>(() => RunAsync(Options(server) with { Model = "other" }))).Message, StringComparison.Ordinal);
        await RunAsync(Options(server) with { Endpoint = Options(server).Endpoint! with { Concurrency = 1, Retries = 9, PromptPrice = 3 } });
    }

    private sealed class Said : IProgress<MiningProgress>
    {
        public List<MiningProgress> Steps { get; } = [];

        public IEnumerable<string> Notes => Steps.Select(step => step.Note).OfType<string>();

        public void Report(MiningProgress value) => Steps.Add(value);
    }
}
