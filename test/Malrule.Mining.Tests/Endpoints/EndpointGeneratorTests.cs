using System.Collections.Concurrent;
using System.Diagnostics;
using Malrule.Inference;
using Malrule.Mining.Endpoints;
using Malrule.Mining.Generations;
using Malrule.Tests;

namespace Malrule.Mining.Tests.Endpoints;

public sealed class EndpointGeneratorTests
{
    private static readonly SamplingParams Sampling = new() { N = 10, Temperature = 0.7, MaxTokens = 64, Stop = ["\n"], Seed = 1000 };

    internal static EndpointOptions To(OpenAiServer server) => new() { Url = server.Url, RetryDelay = TimeSpan.FromMilliseconds(1) };

    private static async Task<GeneratorOutput[]> AskAsync(EndpointOptions options, int requests = 1, SamplingParams? sampling = null)
    {
        await using IGenerator generator = await EndpointGenerator.LoadAsync(options, "m", null, TestContext.Current.CancellationToken);
        GenerationRequest[] asked = [.. Enumerable.Range(0, requests).Select(i => new GenerationRequest(new Prompt.FromConversation([new ChatMessage("user", $"question {i}")]), sampling ?? Sampling))];
        var outputs = new List<GeneratorOutput>();
        await foreach (GeneratorOutput output in generator.StreamAsync(asked, TestContext.Current.CancellationToken))
            outputs.Add(output);
        return [.. outputs.OrderBy(output => output.Index)];
    }

    private static async Task<GeneratorOutput[]> WellBehavedAsync(int requests = 1)
    {
        await using var server = new OpenAiServer();
        return await AskAsync(To(server), requests);
    }

    private static void AssertSame(GeneratorOutput[] expected, GeneratorOutput[] actual)
    {
        Assert.All(actual, output => Assert.Null(output.Error));
        Assert.Equal(expected.Select(output => output.Texts), actual.Select(output => output.Texts));
    }

    [Fact]
    public async Task A_request_says_what_is_asked_and_nothing_that_a_server_need_not_know()
    {
        await using var server = new OpenAiServer();
        GeneratorOutput[] outputs = await AskAsync(To(server));
        Assert.Equal(10, outputs[0].Texts.Count);
        Assert.True(outputs[0].Texts.Distinct().Count() > 1);
        Assert.Equal((100, 30), (outputs[0].PromptTokens, outputs[0].GeneratedTokens));
        Assert.All(outputs[0].FinishReasons, reason => Assert.Equal("stop", reason));
        Assert.Equal("""{"model":"m","messages":[{"role":"user","content":"question 0"}],"n":10,"temperature":0.7,"max_tokens":64,"seed":1000,"stop":["\n"]}""", Assert.Single(server.Requests).Body.ToJsonString());
        Assert.Equal("/v1/chat/completions", server.Requests.First().Path);
        Assert.DoesNotContain("authorization", server.Requests.First().Headers.Keys);
    }

    [Fact]
    public void Every_field_that_is_not_sent_is_refused_by_name_or_of_no_effect()
    {
        string[] known = ["N", "Temperature", "TopK", "TopP", "MinP", "PresencePenalty", "FrequencyPenalty", "RepetitionPenalty", "Seed", "Stop", "MaxTokens", "SkipSpecialTokens",
            "OutputKind", "StreamInterval"];
        (string Field, SamplingParams Sampling)[] refused =
        [
            ("stop_token_ids", Sampling with { StopTokenIds = [1] }), ("ignore_eos", Sampling with { IgnoreEos = true }), ("min_tokens", Sampling with { MinTokens = 1 }),
            ("logprobs", Sampling with { Logprobs = 0 }), ("logprob_token_ids", Sampling with { LogprobTokenIds = [1] }), ("prompt_logprobs", Sampling with { PromptLogprobs = 0 }),
            ("detokenize", Sampling with { Detokenize = false }), ("spaces_between_special_tokens", Sampling with { SpacesBetweenSpecialTokens = false }),
            ("include_stop_str_in_output", Sampling with { IncludeStopStrInOutput = true }), ("logit_bias", Sampling with { LogitBias = new Dictionary<int, float> { [1] = 1 } }),
            ("allowed_token_ids", Sampling with { AllowedTokenIds = [1] }), ("bad_words", Sampling with { BadWords = ["x"] }),
            ("structured_outputs", Sampling with { StructuredOutputs = new StructuredOutputs { Choice = ["x"] } }), ("repetition_detection", Sampling with { RepetitionDetection = new RepetitionDetection() }),
            ("truncate_prompt_tokens", Sampling with { TruncatePromptTokens = 1 }), ("skip_reading_prefix_cache", Sampling with { SkipReadingPrefixCache = true }),
        ];
        Assert.All(refused, one => Assert.StartsWith(one.Field + " ", Assert.Throws<InvalidInputException>(() => EndpointGenerator.Check(one.Sampling)).Message, StringComparison.Ordinal));
        EndpointGenerator.Check(Sampling);
        IEnumerable<string> all = typeof(SamplingParams).GetProperties().Where(property => property.CanWrite).Select(property => property.Name);
        Assert.Equal(known.Length + refused.Length, all.Count());
        Assert.Superset(known.ToHashSet(), all.ToHashSet());
    }

    [Fact]
    public async Task Extra_fields_are_added_and_replaced_and_with_null_removed()
    {
        await using var server = new OpenAiServer();
        await AskAsync(To(server) with { ExtraBody = """{"max_tokens":null,"max_completion_tokens":64,"temperature":1,"chat_template_kwargs":{"enable_thinking":false}}""" });
        string body = Assert.Single(server.Requests).Body.ToJsonString();
        Assert.DoesNotContain("max_tokens", body, StringComparison.Ordinal);
        Assert.EndsWith("""
            "max_completion_tokens":64,"temperature":1,"chat_template_kwargs":{"enable_thinking":false}}
            """, body, StringComparison.Ordinal);
    }

    // Long enough for a good answer of a busy machine. Where one comes too late all the same, it is asked for again.
    private static EndpointOptions To(OpenAiServer server, string fault) => To(server) with { Timeout = TimeSpan.FromSeconds(fault == "slow" ? 1 : 60) };

    private static void AssertAsked(int times, string fault, OpenAiServer server) =>
        Assert.InRange(server.Requests.Count, times, fault == "slow" ? int.MaxValue : times);

    public static TheoryData<string> Faults => ["500", "torn", "slow", "no json", "no choices", "no message", "closed", "html 502"];

    private static OpenAiServer.Answer Faulty(string fault, OpenAiServer.Request request) => fault switch
    {
        "500" => OpenAiServer.Error(500, "out of memory"),
        "torn" => OpenAiServer.Chat(request) with { Sent = 100 },
        "slow" => OpenAiServer.Chat(request) with { Delay = TimeSpan.FromSeconds(30) },
        "no json" => new(200, "<html>"),
        "no choices" => new(200, """{"choices":[]}"""),
        "no message" => new(200, """{"choices":[{"index":0}]}"""),
        "closed" => new(200, "") { Headers = [("Content-Length", "10")] },
        _ => new(502, "<html>\r\nBad gateway</html>"),
    };

    [Theory, MemberData(nameof(Faults))]
    public async Task A_failure_that_may_pass_is_tried_again(string fault)
    {
        var failed = new ConcurrentDictionary<string, int>();
        await using var server = new OpenAiServer(request => request.Body.Count == 0 || failed.AddOrUpdate(request.LastTurn, 1, (_, count) => count + 1) > 2 ? null : Faulty(fault, request));
        AssertSame(await WellBehavedAsync(3), await AskAsync(To(server, fault), 3));
        AssertAsked(9, fault, server);
    }

    [Theory, MemberData(nameof(Faults))]
    public async Task A_failure_that_does_not_pass_fails_its_request_alone(string fault)
    {
        await using var server = new OpenAiServer(request => request.Body.Count > 0 && request.LastTurn == "question 1" ? Faulty(fault, request) : null);
        GeneratorOutput[] outputs = await AskAsync(To(server, fault) with { Retries = 2 }, 3);
        Assert.Contains("/v1/chat/completions", outputs[1].Error, StringComparison.Ordinal);
        Assert.EndsWith("(3 attempts)", outputs[1].Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', outputs[1].Error!);
        Assert.Empty(outputs[1].Texts);
        Assert.Equal([10, 10], [outputs[0].Texts.Count, outputs[2].Texts.Count]);
        AssertAsked(5, fault, server);
    }

    [Fact]
    public async Task Rate_limits_are_waited_for_as_the_server_asks()
    {
        int refused = 0;
        await using var server = new OpenAiServer(request => request.Body.Count > 0 && Interlocked.Increment(ref refused) == 1
            ? OpenAiServer.Error(429, "slow down") with { Headers = [("Retry-After", "1")] } : null);
        long start = Stopwatch.GetTimestamp();
        AssertSame(await WellBehavedAsync(2), await AskAsync(To(server) with { Concurrency = 1 }, 2));
        Assert.True(Stopwatch.GetElapsedTime(start).TotalSeconds > 0.9);
        Assert.Equal(3, server.Requests.Count);
    }

    [Fact]
    public async Task A_server_that_asks_to_come_back_in_an_hour_is_not_waited_for()
    {
        await using var server = new OpenAiServer(request => request.Body.Count == 0 ? null : OpenAiServer.Error(429, "quota") with { Headers = [("Retry-After", "3600")] });
        Assert.Contains("asks to come back in 60 minutes", (await AskAsync(To(server)))[0].Error, StringComparison.Ordinal);
    }

    [Theory, InlineData(1), InlineData(3), InlineData(9)]
    public async Task Fewer_samples_than_asked_for_are_followed_by_the_rest_with_their_own_seeds(int most)
    {
        await using var server = new OpenAiServer(request => request.Body.Count == 0 ? null : OpenAiServer.Chat(request, Math.Min(most, request.N)));
        GeneratorOutput[] outputs = await AskAsync(To(server) with { Concurrency = 1 });
        AssertSame(await WellBehavedAsync(), outputs);
        Assert.Equal(Enumerable.Range(0, (9 + most) / most).Select(i => (10 - i * most, 1000L + i * most)), server.Requests.Select(request => (request.N, request.Seed)));
        Assert.Equal(100 * server.Requests.Count, outputs[0].PromptTokens);
    }

    [Theory, InlineData(500, "answered 500: cosmic ray (2 attempts)"), InlineData(400, "answered 400: cosmic ray"), InlineData(401, "answered 401: cosmic ray")]
    public async Task A_request_that_fails_midway_hands_on_the_samples_it_had(int status, string expected)
    {
        await using var server = new OpenAiServer(request => request.Body.Count == 0 ? null
            : request.N == 10 ? OpenAiServer.Chat(request, 4) : OpenAiServer.Error(status, "cosmic ray"));
        GeneratorOutput output = Assert.Single(await AskAsync(To(server) with { Concurrency = 1, Retries = 1 }));
        Assert.Contains(expected, output.Error, StringComparison.Ordinal);
        Assert.Equal((await WellBehavedAsync())[0].Texts.Take(4), output.Texts);
        Assert.Equal((4, 100, 12), (output.FinishReasons.Count, output.PromptTokens, output.GeneratedTokens));
    }

    [Theory, InlineData(1), InlineData(4)]
    public async Task A_server_that_refuses_so_many_samples_at_once_is_asked_for_fewer_from_then_on(int most)
    {
        await using var server = new OpenAiServer(request => request.Body.Count > 0 && request.N > most ? OpenAiServer.Error(400, $"n must be at most {most}") : null);
        AssertSame(await WellBehavedAsync(4), await AskAsync(To(server) with { Concurrency = 1 }, 4));
        Assert.True(server.Requests.Count(request => request.N > most) <= 3, "it learned nothing");
    }

    [Fact]
    public async Task A_refused_request_fails_alone_with_what_the_server_said()
    {
        await using var server = new OpenAiServer(request => request.Body.Count > 0 && request.LastTurn == "question 1" ? new(400, """{"object":"error","message":"maximum context length is 4096 tokens"}""") : null);
        GeneratorOutput[] outputs = await AskAsync(To(server), 3);
        Assert.EndsWith("answered 400: maximum context length is 4096 tokens", outputs[1].Error, StringComparison.Ordinal);
        Assert.Null(outputs[0].Error ?? outputs[2].Error);
    }

    [Fact]
    public async Task A_huge_answer_is_not_read()
    {
        await using var server = new OpenAiServer(request => request.Body.Count == 0 ? null : OpenAiServer.Chat(request) with { Headers = [("Content-Length", "9000000000")] });
        Assert.EndsWith("answered more than 64 MiB", (await AskAsync(To(server)))[0].Error, StringComparison.Ordinal);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task A_refused_key_ends_the_run_at_once_and_is_never_shown()
    {
        const string variable = "MALRULE_TEST_KEY_401", key = "sk-very-secret-17";
        Environment.SetEnvironmentVariable(variable, key);
        await using var server = new OpenAiServer(request => request.Headers["authorization"] == $"Bearer {key}" ? OpenAiServer.Error(401, $"Incorrect API key provided: {key}.") : null);
        InvalidInputException error = await Assert.ThrowsAsync<InvalidInputException>(() => AskAsync(To(server) with { ApiKeyVariable = variable }));
        Assert.EndsWith($"answered 401: Incorrect API key provided: ***. Check the key in {variable}.", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(key, error.ToString(), StringComparison.Ordinal);

        await using var open = new OpenAiServer(_ => new OpenAiServer.Answer(401, "{}"));
        Assert.Contains("--api-key-env", (await Assert.ThrowsAsync<InvalidInputException>(() => AskAsync(To(open)))).Message, StringComparison.Ordinal);
    }

    [Theory, InlineData(301), InlineData(307)]
    public async Task The_key_does_not_follow_a_redirect(int status)
    {
        const string variable = "MALRULE_TEST_KEY_REDIRECT";
        Environment.SetEnvironmentVariable(variable, "sk-secret");
        await using var other = new OpenAiServer();
        await using var server = new OpenAiServer(request => request.Body.Count == 0 ? null : new OpenAiServer.Answer(status, "") { Headers = [("Location", $"{other.Url}/chat/completions?token=sk-secret")] });
        InvalidInputException error = await Assert.ThrowsAsync<InvalidInputException>(() => AskAsync(To(server) with { ApiKeyVariable = variable }));
        Assert.Contains($"redirects to {other.Url[..^3]}. ", error.Message, StringComparison.Ordinal);
        Assert.Empty(other.Requests);
    }

    [Theory]
    [InlineData(404, "model_not_found", "Check the model's name")]
    [InlineData(402, "", "Pay or change the account")]
    [InlineData(403, "", "--api-key-env")]
    [InlineData(429, "insufficient_quota", "quota is used up")]
    public async Task What_no_request_can_get_past_ends_the_run(int status, string code, string advice)
    {
        await using var server = new OpenAiServer(request => request.Body.Count == 0 ? null : OpenAiServer.Error(status, "No.", code));
        Assert.Contains(advice, (await Assert.ThrowsAnyAsync<MalruleException>(() => AskAsync(To(server) with { Concurrency = 1 }, 5))).Message, StringComparison.Ordinal);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task A_server_that_is_gone_ends_the_run_after_so_many_failures_in_a_row()
    {
        await using var server = new OpenAiServer(request => request.Body.Count == 0 ? null : OpenAiServer.Error(503, "starting"));
        MalruleException error = await Assert.ThrowsAsync<MalruleException>(() => AskAsync(To(server) with { Concurrency = 2, Retries = 1 }, 100));
        Assert.StartsWith("4 requests in a row failed, the last: ", error.Message, StringComparison.Ordinal);
        Assert.InRange(server.Requests.Count, 8, 12);
    }

    [Fact]
    public async Task Nobody_at_the_address_is_said_so_before_anything_is_asked()
    {
        var options = new EndpointOptions { Url = "http://127.0.0.1:9", RetryDelay = TimeSpan.Zero, Retries = 1 };
        Assert.Contains("http://127.0.0.1:9/v1/models gave no whole answer", (await Assert.ThrowsAsync<MalruleException>(() => AskAsync(options))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_without_a_list_of_models_is_used_all_the_same()
    {
        await using var server = new OpenAiServer(request => request.Body.Count == 0 ? new OpenAiServer.Answer(404, "Not found") : null);
        AssertSame(await WellBehavedAsync(), await AskAsync(To(server)));
    }

    [Fact]
    public async Task Cancelling_hands_on_what_is_answered_and_asks_no_more()
    {
        await using var server = new OpenAiServer(request => request.Body.Count == 0 || request.LastTurn == "question 0" ? null : OpenAiServer.Chat(request) with { Delay = TimeSpan.FromSeconds(30) });
        await using IGenerator generator = await EndpointGenerator.LoadAsync(To(server) with { Concurrency = 2 }, "m", null, TestContext.Current.CancellationToken);
        using var stop = new CancellationTokenSource();
        GenerationRequest[] asked = [.. Enumerable.Range(0, 9).Select(i => new GenerationRequest(new Prompt.FromConversation([new ChatMessage("user", $"question {i}")]), Sampling))];
        var outputs = new List<GeneratorOutput>();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (GeneratorOutput output in generator.StreamAsync(asked, stop.Token))
            {
                outputs.Add(output);
                await stop.CancelAsync();
            }
        });
        Assert.Equal(0, Assert.Single(outputs).Index);
        Assert.InRange(server.Requests.Count, 1, 3);
    }

    [Fact]
    public async Task Cancelling_hands_on_the_samples_of_a_request_that_is_under_way()
    {
        var asked = new TaskCompletionSource();
        await using var server = new OpenAiServer(request =>
        {
            if (request.Body.Count == 0 || request.N == 10)
                return request.Body.Count == 0 ? null : OpenAiServer.Chat(request, 7);
            asked.TrySetResult();
            return OpenAiServer.Chat(request) with { Delay = TimeSpan.FromSeconds(30) };
        });
        await using IGenerator generator = await EndpointGenerator.LoadAsync(To(server), "m", null, TestContext.Current.CancellationToken);
        using var stop = new CancellationTokenSource();
        Task stopping = asked.Task.ContinueWith(_ => stop.CancelAsync(), TaskScheduler.Default).Unwrap();
        var outputs = new List<GeneratorOutput>();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (GeneratorOutput output in generator.StreamAsync([new GenerationRequest(new Prompt.FromConversation([new ChatMessage("user", "question 0")]), Sampling)], stop.Token))
                outputs.Add(output);
        });
        await stopping;
        Assert.Equal(7, Assert.Single(outputs).Texts.Count);
        Assert.Equal("The run was stopped.", outputs[0].Error);
    }

    [Theory]
    [InlineData("localhost:8000/v1", "http:// or https://")]
    [InlineData("ftp://host/v1", "http:// or https://")]
    [InlineData("https://user:hunter2@host/v1", "https://host/v1 must have no user name")]
    [InlineData("https://host/v1?key=hunter2", "query")]
    public void An_address_that_is_none_or_holds_a_secret_is_refused_without_repeating_it(string url, string expected)
    {
        InvalidInputException error = Assert.Throws<InvalidInputException>(new EndpointOptions { Url = url }.Validate);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error.Message, StringComparison.Ordinal);
    }

    [Theory, InlineData("[1]"), InlineData("{"), InlineData("""{"n":3}"""), InlineData("""{"a":1,"a":2}""")]
    public void An_extra_body_that_is_no_object_or_sets_what_malrule_sets_is_refused(string body) =>
        Assert.StartsWith("The extra body", Assert.Throws<InvalidInputException>(new EndpointOptions { Url = "http://h", ExtraBody = body }.Validate).Message, StringComparison.Ordinal);

    [Fact]
    public void A_key_that_is_not_there_or_is_none_is_refused_without_showing_it()
    {
        var options = new EndpointOptions { Url = "https://host", ApiKeyVariable = "MALRULE_TEST_NO_KEY" };
        Assert.Contains("MALRULE_TEST_NO_KEY, which should hold the key of https://host/v1, is not set", Assert.Throws<InvalidInputException>(options.ReadKey).Message, StringComparison.Ordinal);
        Environment.SetEnvironmentVariable("MALRULE_TEST_BAD_KEY", "sk\nsecret");
        InvalidInputException error = Assert.Throws<InvalidInputException>((options with { ApiKeyVariable = "MALRULE_TEST_BAD_KEY" }).ReadKey);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }
}
