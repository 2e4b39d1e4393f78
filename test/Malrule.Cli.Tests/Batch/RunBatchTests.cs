using System.Text.Json;
using Malrule.Cli.Batch;
using Malrule.Inference;
using Malrule.Tests;

namespace Malrule.Cli.Tests.Batch;

/// <summary>run-batch from its input file to its output file, on tiny checkpoints.</summary>
public sealed class RunBatchTests(TinyModels models) : IDisposable
{
    private readonly string _folder = TestPaths.TemporaryFolder();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Completions_of_token_ids_need_no_tokenizer()
    {
        JsonElement body = (await RunAsync(models.TokenIdsOnly, Line("a", "/v1/completions",
            """{"prompt": [1, 2, 3], "max_tokens": 5, "n": 2, "seed": 3, "logprobs": 2, "return_token_ids": true, "ignore_eos": true}"""))).Body(0);

        Assert.Equal("text_completion", body.GetProperty("object").GetString());
        JsonElement[] choices = [.. body.GetProperty("choices").EnumerateArray()];
        Assert.Equal([0, 1], choices.Select(choice => choice.GetProperty("index").GetInt32()));
        Assert.All(choices, choice =>
        {
            Assert.Equal([1, 2, 3], choice.GetProperty("prompt_token_ids").EnumerateArray().Select(id => id.GetInt32()));
            int[] ids = [.. choice.GetProperty("token_ids").EnumerateArray().Select(id => id.GetInt32())];
            Assert.Equal(5, ids.Length);
            JsonElement logprobs = choice.GetProperty("logprobs");
            Assert.Equal(ids.Select(id => $"token_id:{id}"), logprobs.GetProperty("tokens").EnumerateArray().Select(token => token.GetString()));
            Assert.All(logprobs.GetProperty("top_logprobs").EnumerateArray(), top => Assert.InRange(top.EnumerateObject().Count(), 2, 3));
            Assert.Equal("length", choice.GetProperty("finish_reason").GetString());
        });
        Assert.Equal((3, 10, 13), (Usage(body, "prompt_tokens"), Usage(body, "completion_tokens"), Usage(body, "total_tokens")));
    }

    [Fact]
    public async Task A_list_of_prompts_gives_choices_counted_through()
    {
        JsonElement body = (await RunAsync(models.TokenIdsOnly, Line("a", "/v1/completions", """{"prompt": [[1, 2], [3]], "n": 2, "max_tokens": 1}"""))).Body(0);
        Assert.Equal([0, 1, 2, 3], body.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("index").GetInt32()));
        Assert.Equal([2, 2, 1, 1], body.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("prompt_token_ids").GetArrayLength()));
    }

    [Fact]
    public async Task Echo_without_output_scores_the_prompt()
    {
        JsonElement choice = (await RunAsync(models.Chat, Line("a", "/v1/completions", """{"prompt": "one two", "echo": true, "max_tokens": 0, "logprobs": 1}"""))).Body(0).GetProperty("choices")[0];
        Assert.Equal("one two", choice.GetProperty("text").GetString());
        JsonElement logprobs = choice.GetProperty("logprobs");
        Assert.Equal("one two", string.Concat(logprobs.GetProperty("tokens").EnumerateArray().Select(token => token.GetString())));
        Assert.Equal(JsonValueKind.Null, logprobs.GetProperty("token_logprobs")[0].ValueKind);
        Assert.All(logprobs.GetProperty("token_logprobs").EnumerateArray().Skip(1), logprob => Assert.True(logprob.GetDouble() < 0));
    }

    [Fact]
    public async Task Prompt_logprobs_are_given_by_token_id_with_rank_and_text()
    {
        JsonElement positions = (await RunAsync(models.Chat, Line("a", "/v1/completions", """{"prompt": "one two", "max_tokens": 1, "prompt_logprobs": 1}"""))).Body(0)
            .GetProperty("choices")[0].GetProperty("prompt_logprobs");
        Assert.Equal(JsonValueKind.Null, positions[0].ValueKind);
        Assert.All(positions.EnumerateArray().Skip(1), position => Assert.Contains(position.EnumerateObject(), token =>
            int.TryParse(token.Name, out _) && token.Value.GetProperty("rank").GetInt32() == 1 && token.Value.GetProperty("decoded_token").GetString() is not null));
    }

    [Fact]
    public async Task Chat_answers_hold_a_message_logprobs_and_token_ids_where_asked_for()
    {
        JsonElement body = (await RunAsync(models.Chat, Line("a", "/v1/chat/completions",
            """{"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": [{"type": "text", "text": "hi"}]}], "max_completion_tokens": 4, "logprobs": true, "top_logprobs": 3, "return_token_ids": true, "ignore_eos": true}"""))).Body(0);
        Assert.Equal("chat.completion", body.GetProperty("object").GetString());
        JsonElement choice = body.GetProperty("choices")[0];
        Assert.Equal("assistant", choice.GetProperty("message").GetProperty("role").GetString());
        Assert.Equal(4, choice.GetProperty("token_ids").GetArrayLength());
        JsonElement content = choice.GetProperty("logprobs").GetProperty("content");
        Assert.Equal(4, content.GetArrayLength());
        Assert.All(content.EnumerateArray(), position => Assert.Equal(3, position.GetProperty("top_logprobs").GetArrayLength()));
        Assert.True(body.GetProperty("prompt_token_ids").GetArrayLength() > 4);
    }

    [Fact]
    public async Task Answers_stand_in_the_order_of_the_input_and_are_the_same_every_time()
    {
        string[] lines = [.. Enumerable.Range(0, 16).Select(i => Line($"r{i}", "/v1/completions", $$"""{"prompt": [{{i + 1}}], "max_tokens": {{16 - i}}, "ignore_eos": true}"""))];
        Result first = await RunAsync(models.TokenIdsOnly, lines), second = await RunAsync(models.TokenIdsOnly, lines);
        Assert.Equal(Enumerable.Range(0, 16).Select(i => $"r{i}"), first.Lines.Select(line => line.GetProperty("custom_id").GetString()));
        Assert.Equal(first.Lines.Select(Tokens), second.Lines.Select(Tokens));
        Assert.True(first.Lines.Select(Tokens).Distinct().Count() > 12);

        static string Tokens(JsonElement line) => line.GetProperty("response").GetProperty("body").GetProperty("choices")[0].GetProperty("token_ids").GetRawText();
    }

    [Fact]
    public async Task Unset_fields_come_from_generation_config()
    {
        string greedy = models.Copy(models.TokenIdsOnly);
        File.WriteAllText(Path.Combine(greedy, "generation_config.json"), """{"temperature": 0, "max_new_tokens": 2, "eos_token_id": 1023}""");
        const string unset = """{"prompt": [5, 6], "max_tokens": 8, "ignore_eos": true}""", set = """{"prompt": [5, 6], "max_tokens": 8, "temperature": 1.5, "seed": 9, "ignore_eos": true}""";
        Result result = await RunAsync(greedy, Line("a", "/v1/completions", unset), Line("b", "/v1/completions", unset), Line("c", "/v1/completions", set));
        string[] tokens = [.. Enumerable.Range(0, 3).Select(i => result.Body(i).GetProperty("choices")[0].GetProperty("token_ids").GetRawText())];
        Assert.Equal(tokens[0], tokens[1]);
        Assert.NotEqual(tokens[0], tokens[2]);
        Assert.Equal(2, result.Body(0).GetProperty("choices")[0].GetProperty("token_ids").GetArrayLength());
        Assert.Contains("temperature 0,", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Embeddings_take_texts_and_token_ids()
    {
        Result result = await RunAsync(models.Embedder,
            Line("a", "/v1/embeddings", """{"input": ["one", "one two"]}"""),
            Line("b", "/v1/embeddings", """{"input": "one two", "encoding_format": "base64"}"""),
            Line("c", "/v1/embeddings", """{"input": [[2, 7, 3], [2, 3]]}"""),
            Line("d", "/v1/chat/completions", """{"messages": [{"role": "user", "content": "hi"}]}"""));
        JsonElement list = result.Body(0).GetProperty("data"), one = result.Body(1).GetProperty("data")[0];
        float[] vector = [.. list[1].GetProperty("embedding").EnumerateArray().Select(value => value.GetSingle())];
        Assert.Equal(128, vector.Length);
        Assert.Equal(1, vector.Sum(value => value * value), 1e-4);
        Assert.Equal(vector, System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(one.GetProperty("embedding").GetBytesFromBase64()).ToArray());
        Assert.Equal([0, 1], result.Body(2).GetProperty("data").EnumerateArray().Select(item => item.GetProperty("index").GetInt32()));
        Assert.Equal(5, Usage(result.Body(2), "prompt_tokens"));
        Assert.Contains("does not serve", result.Problem(3), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Embeddings_of_many_lines_are_those_of_each_line_alone()
    {
        string[] lines = [.. Enumerable.Range(0, 40).Select(i => Line($"r{i}", "/v1/embeddings", $$"""{"input": [[2, {{i + 4}}, 3], [{{i + 5}}, 2, {{i + 6}}, 3]]}"""))];
        Result together = await RunAsync(models.Embedder, lines);
        foreach (int i in (int[])[0, 7, 39])
            Assert.Equal(Vectors((await RunAsync(models.Embedder, lines[i])).Body(0)), Vectors(together.Body(i)));
        Assert.Equal(40, Enumerable.Range(0, 40).Select(i => Vectors(together.Body(i))).Distinct().Count());

        static string Vectors(JsonElement body) => body.GetProperty("data").GetRawText();
    }

    [Fact]
    public async Task A_line_that_cannot_be_embedded_fails_alone()
    {
        string damaged = models.Copy(models.Embedder);
        SetNotANumber(Path.Combine(damaged, "model.safetensors"), "embeddings.word_embeddings.weight", row: 9);
        string[] inputs = ["[2, 7, 3]", "[2, 9, 3]", "[2, 99999, 3]", "[]", $"[{string.Join(',', Enumerable.Repeat(5, 9000))}]", "[2, 8, 3]"];
        Result result = await RunAsync(damaged, [.. inputs.Select((input, i) => Line($"r{i}", "/v1/embeddings", $$"""{"input": {{input}}}"""))], exitCode: 1);
        Assert.Equal([200, 500, 400, 400, 400, 200], result.Lines.Select(line => line.GetProperty("response").GetProperty("status_code").GetInt32()));
        Assert.Contains("not finite", result.Problem(1), StringComparison.Ordinal);
        Assert.Contains("99999", result.Problem(2), StringComparison.Ordinal);
        Assert.Contains("9000", result.Problem(4), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pooling_can_be_overridden()
    {
        string line = Line("a", "/v1/embeddings", """{"input": "one two one"}""");
        Result byCheckpoint = await RunAsync(models.Embedder, line), mean = await RunAsync(models.Embedder, [line], "--pooling", "mean"), cls = await RunAsync(models.Embedder, [line], "--pooling", "cls");
        Assert.Equal(Vector(byCheckpoint), Vector(cls)); // BGE pools the first token
        Assert.NotEqual(Vector(byCheckpoint), Vector(mean));

        static string Vector(Result result) => result.Body(0).GetProperty("data")[0].GetProperty("embedding").GetRawText();
    }

    [Fact]
    public async Task A_bad_line_fails_alone()
    {
        Result result = await RunAsync(models.Chat,
            "not json",
            """{"custom_id": "twice", "custom_id": "twice"}""",
            """{"custom_id": "get", "method": "GET", "url": "/v1/completions", "body": {}}""",
            """{"method": "POST", "url": "/v1/completions", "body": {"prompt": "x"}}""",
            Line("url", "/v1/nothing", "{}"),
            Line("type", "/v1/completions", """{"prompt": "x", "temperature": "hot"}"""),
            Line("range", "/v1/completions", """{"prompt": "x", "temperature": 3}"""),
            Line("vocabulary", "/v1/completions", """{"prompt": [99999]}"""),
            Line("empty", "/v1/completions", """{"prompt": []}"""),
            Line("stream", "/v1/completions", """{"prompt": "x", "stream": true}"""),
            Line("tools", "/v1/chat/completions", """{"messages": [{"role": "user", "content": "x"}], "tools": [{"type": "function"}]}"""),
            Line("image", "/v1/chat/completions", """{"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]}"""),
            Line("embedding", "/v1/embeddings", """{"input": "x"}"""),
            Line("good", "/v1/completions", """{"prompt": "x", "max_tokens": 1, "stream": false, "best_of": 1, "response_format": {"type": "text"}, "user": "u", "colour": "red"}"""));

        string[] expected =
        [
            "Line 1 is not JSON", "Line 2 is not JSON", "method must be POST; it is GET", "custom_id must be a string", "/v1/nothing is not served",
            "temperature has a value of the wrong type", "temperature must be from 0 to 2", "99999", "prompt must be", "stream is not supported",
            "tools is not supported", "image_url", "does not serve /v1/embeddings",
        ];
        Assert.All(expected.Index(), item => Assert.Contains(item.Item, result.Problem(item.Index), StringComparison.Ordinal));
        Assert.Equal("type", result.Lines[5].GetProperty("custom_id").GetString());
        Assert.Equal("temperature", result.Lines[5].GetProperty("error").GetProperty("param").GetString());
        Assert.Equal(404, result.Lines[4].GetProperty("response").GetProperty("status_code").GetInt32());
        Assert.Equal(1, Usage(result.Body(13), "completion_tokens"));
        Assert.Contains("\"colour\" is ignored", result.Error, StringComparison.Ordinal);
        Assert.Contains("14 requests, 13 failed", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Structured_outputs_and_their_older_names_shape_the_text()
    {
        Result result = await RunAsync(models.Chat,
            Line("choice", "/v1/completions", """{"prompt": "x", "n": 3, "max_tokens": 30, "structured_outputs": {"choice": ["one", "two"]}}"""),
            Line("guided", "/v1/completions", """{"prompt": "x", "max_tokens": 30, "guided_choice": ["one", "two"]}"""),
            Line("regex", "/v1/chat/completions", """{"messages": [{"role": "user", "content": "x"}], "max_tokens": 30, "structured_outputs": {"regex": "\\d{3}"}}"""),
            Line("guided", "/v1/chat/completions", """{"messages": [{"role": "user", "content": "x"}], "max_tokens": 30, "guided_regex": "[ab]{4}"}"""),
            Line("json", "/v1/completions", """{"prompt": "x", "structured_outputs": {"json": {"type": "object"}}}"""),
            Line("format", "/v1/completions", """{"prompt": "x", "response_format": {"type": "json_object"}}"""),
            Line("both", "/v1/completions", """{"prompt": "x", "structured_outputs": {"choice": ["a"]}, "guided_regex": "b"}"""));
        Assert.All(result.Body(0).GetProperty("choices").EnumerateArray(), choice => Assert.Contains(choice.GetProperty("text").GetString(), (string[])["one", "two"]));
        Assert.Contains(result.Body(1).GetProperty("choices")[0].GetProperty("text").GetString(), (string[])["one", "two"]);
        Assert.Matches("^[0-9]{3}$", result.Body(2).GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        Assert.Matches("^[ab]{4}$", result.Body(3).GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        Assert.Contains("structured_outputs.json is not supported (no schema", result.Problem(4), StringComparison.Ordinal);
        Assert.Contains("response_format is not supported (no schema", result.Problem(5), StringComparison.Ordinal);
        Assert.Contains("either choice or regex", result.Problem(6), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_field_of_vllms_sampling_reaches_the_engine()
    {
        Result result = await RunAsync(models.TokenIdsOnly,
            Line("named", "/v1/completions", """{"prompt": [1, 2, 3], "max_tokens": 2, "logprob_token_ids": [5, 9, 7]}"""),
            Line("cut", "/v1/completions", """{"prompt": [1, 2, 3, 4], "max_tokens": 1, "truncate_prompt_tokens": 2}"""),
            Line("again", "/v1/completions", """{"prompt": [1], "max_tokens": 50, "allowed_token_ids": [6], "repetition_detection": {"max_pattern_size": 2, "min_count": 4}}"""));
        foreach (JsonElement top in result.Body(0).GetProperty("choices")[0].GetProperty("logprobs").GetProperty("top_logprobs").EnumerateArray())
            Assert.All((string[])["token_id:5", "token_id:9", "token_id:7"], name => Assert.True(top.TryGetProperty(name, out _)));
        Assert.Equal([3, 4], result.Body(1).GetProperty("choices")[0].GetProperty("prompt_token_ids").EnumerateArray().Select(id => id.GetInt32()));
        Assert.Equal("repetition", result.Body(2).GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.Equal(4, Usage(result.Body(2), "completion_tokens"));
    }

    [Fact]
    public async Task Blank_lines_a_byte_order_mark_and_carriage_returns_are_no_requests()
    {
        Result result = await RunAsync(models.TokenIdsOnly, $"\uFEFF{Line("a", "/v1/completions", """{"prompt": [1], "max_tokens": 1}""")}\r", "", "  ");
        Assert.Equal("a", Assert.Single(result.Lines).GetProperty("custom_id").GetString());
        Assert.Equal(200, result.Lines[0].GetProperty("response").GetProperty("status_code").GetInt32());
    }

    [Fact]
    public async Task An_absent_input_is_refused_and_leaves_no_output()
    {
        string output = Path.Combine(_folder, "out.jsonl");
        await Tool.RefusesAsync(["run-batch", "-i", Path.Combine(_folder, "absent.jsonl"), "-o", output, "--model", models.TokenIdsOnly, "--memory", "200MB"], "absent.jsonl", "does not exist");
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public async Task An_interrupted_batch_goes_on_and_its_output_is_the_same()
    {
        string input = Path.Combine(_folder, "in.jsonl"), whole = Path.Combine(_folder, "whole.jsonl"), output = Path.Combine(_folder, "out.jsonl");
        File.WriteAllLines(input, [.. Enumerable.Range(0, 12).Select(i => Line($"{i}", "/v1/completions", $$"""{"prompt": [{{i}}, 2, 3], "max_tokens": {{(i == 4 ? 0 : 6)}}, "temperature": 1}"""))]);
        var said = new List<string>();
        await using LlmEngine engine = await LlmEngine.LoadAsync(models.TokenIdsOnly, new EngineOptions { Memory = 200e6 }, TestContext.Current.CancellationToken);
        await RunnerOf("one").RunAsync(input, whole, _ => { }, CancellationToken.None);

        using var interrupted = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunnerOf("one").RunAsync(input, output, progress =>
        {
            if (progress.Done == 5)
                interrupted.Cancel();
        }, interrupted.Token));
        string partial = Assert.Single(Directory.GetFiles(_folder, "*.partial"));
        Assert.InRange(File.ReadAllLines(partial).Length, 5, 11);
        File.AppendAllText(partial, "{\"id\":\"malr"); // torn by a crash
        Assert.Empty(said);

        await RunnerOf("one").RunAsync(input, output, _ => { }, CancellationToken.None);
        Assert.Contains("requests already", Assert.Single(said), StringComparison.Ordinal);
        Assert.Equal(File.ReadAllText(whole), File.ReadAllText(output));
        Assert.False(File.Exists(partial));

        File.WriteAllText(partial, "{\"id\":\"malrule-1\"}\n"); // not an answer
        BatchProgress counted = await RunnerOf("one").RunAsync(input, output, _ => { }, CancellationToken.None);
        Assert.Equal(new BatchProgress(12, 1, 0, 12), counted);
        Assert.Equal(File.ReadAllText(whole), File.ReadAllText(output));

        File.WriteAllText(partial, File.ReadAllText(whole));
        await RunnerOf("another").RunAsync(input, output, _ => { }, CancellationToken.None);
        Assert.Single(said); // the answers of one batch are nothing to another
        Assert.True(File.Exists(partial));

        BatchRunner RunnerOf(string identity) => new(new OpenAiService(engine, null, "tiny", seed: 0, created: 1, _ => { }), window: 4, identity, said.Add);
    }

    private Task<Result> RunAsync(string model, params string[] lines) => RunAsync(model, lines, exitCode: 0);

    private Task<Result> RunAsync(string model, string[] lines, params string[] options) => RunAsync(model, lines, exitCode: 0, options);

    private async Task<Result> RunAsync(string model, string[] lines, int exitCode, params string[] options)
    {
        string input = Path.Combine(_folder, "in.jsonl"), output = Path.Combine(_folder, "out.jsonl");
        File.WriteAllText(input, string.Join('\n', lines));
        Tool run = await Tool.RunAsync(["run-batch", "-i", input, "-o", output, "--model", model, "--memory", "200MB", .. options]);
        Assert.True(run.ExitCode == exitCode, run.Error);
        Assert.Empty(Directory.GetFiles(_folder, "*.partial"));
        return new Result([.. File.ReadAllLines(output).Select(line => JsonElement.Parse(line))], run.Error);
    }

    /// <summary>Damages a row of an fp32 tensor.</summary>
    private static void SetNotANumber(string safetensors, string tensor, int row)
    {
        byte[] file = File.ReadAllBytes(safetensors);
        int header = BitConverter.ToInt32(file, 0);
        JsonElement entry = JsonElement.Parse(file.AsSpan(8, header)).GetProperty(tensor);
        int columns = entry.GetProperty("shape")[1].GetInt32(), start = 8 + header + entry.GetProperty("data_offsets")[0].GetInt32();
        System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(file.AsSpan(start + 4 * columns * row, 4 * columns)).Fill(float.NaN);
        File.WriteAllBytes(safetensors, file);
    }

    private static string Line(string id, string url, string body) => $$"""{"custom_id": "{{id}}", "method": "POST", "url": "{{url}}", "body": {{body}}}""";

    private static int Usage(JsonElement body, string field) => body.GetProperty("usage").GetProperty(field).GetInt32();

    private sealed record Result(JsonElement[] Lines, string Error)
    {
        public JsonElement Body(int line)
        {
            Assert.True(Lines[line].GetProperty("error").ValueKind == JsonValueKind.Null, Lines[line].GetRawText());
            return Lines[line].GetProperty("response").GetProperty("body");
        }

        public string Problem(int line) => Lines[line].GetProperty("error").GetProperty("message").GetString()!;
    }
}
