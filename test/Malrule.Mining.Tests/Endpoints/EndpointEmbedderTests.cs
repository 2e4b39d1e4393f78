using System.Text.Json.Nodes;
using Malrule.Inference;
using Malrule.Mining.Embeddings;
using Malrule.Mining.Endpoints;
using Malrule.Tests;

namespace Malrule.Mining.Tests.Endpoints;

public sealed class EndpointEmbedderTests
{
    private static readonly string[] Texts = [.. Enumerable.Range(0, 70).Select(i => $"text number {i}")];

    private static async Task<EmbeddingBatch> EmbedAsync(OpenAiServer server, EndpointOptions? options = null)
    {
        await using IEmbedder embedder = await EndpointEmbedder.LoadAsync(options ?? EndpointGeneratorTests.To(server) with { Retries = 2 }, "m", TestContext.Current.CancellationToken);
        return await embedder.EmbedAsync(Texts, TestContext.Current.CancellationToken);
    }

    private static async Task<float[]> RightVectorsAsync()
    {
        await using var server = new OpenAiServer();
        return (await EmbedAsync(server)).Vectors.Values.ToArray();
    }

    [Fact]
    public async Task Rows_are_those_of_the_texts_whatever_the_order_of_the_answer()
    {
        await using var server = new OpenAiServer();
        EmbeddingBatch batch = await EmbedAsync(server);
        Assert.Equal((70, 24, 350L), (batch.Vectors.Count, batch.Vectors.Dimensions, batch.Tokens));
        Assert.Equal([32, 32, 6], server.Requests.Select(request => request.Input.Length).OrderDescending());
        await using IEmbedder embedder = await EndpointEmbedder.LoadAsync(EndpointGeneratorTests.To(server), "m", TestContext.Current.CancellationToken);
        EmbeddingBatch one = await embedder.EmbedAsync([Texts[40]], TestContext.Current.CancellationToken);
        Assert.Equal(one.Vectors[0].ToArray(), batch.Vectors[40].ToArray());
    }

    [Fact]
    public async Task A_server_that_takes_few_texts_at_once_gets_them_in_halves()
    {
        await using var server = new OpenAiServer(request => request.Body.Count > 0 && request.Input.Length > 5 ? OpenAiServer.Error(413, "batch size 32 > maximum allowed batch size 5") : null);
        Assert.Equal(await RightVectorsAsync(), (await EmbedAsync(server)).Vectors.Values.ToArray());
    }

    [Fact]
    public async Task A_text_that_a_server_refuses_is_named()
    {
        await using var server = new OpenAiServer(request => request.Body.Count > 0 && request.Input.Contains("text number 40") ? OpenAiServer.Error(400, "too long") : null);
        MalruleException error = await Assert.ThrowsAsync<MalruleException>(() => EmbedAsync(server));
        Assert.StartsWith("Texts could not be embedded: \"text number 40\": ", error.Message, StringComparison.Ordinal);
        Assert.Contains("answered 400: too long. What was generated is kept", error.Message, StringComparison.Ordinal);
    }

    private static OpenAiServer.Answer Faulty(string fault, OpenAiServer.Request request) => fault switch
    {
        "count" => new(200, """{"data":[{"index":0,"embedding":[1,2]}]}"""),
        "dimension" => OpenAiServer.Embeddings(request, (index, vector) => [.. vector[..(index == 3 ? 23 : 24)].Select(value => JsonValue.Create(value))]),
        "nan" => FirstValue("NaN", request),
        "infinite" => FirstValue("1e999", request),
        "zero" => OpenAiServer.Embeddings(request, (_, vector) => [.. vector.Select(_ => JsonValue.Create(0))]),
        "index" => OpenAiServer.Embeddings(request) with { Body = OpenAiServer.Embeddings(request).Body.Replace("\"index\":1,", "\"index\":0,", StringComparison.Ordinal) },
        "null" => new(200, """{"data":[null]}"""),
        "base64" => OpenAiServer.Embeddings(request) with { Body = """{"data":[{"index":0,"embedding":"AACAPw=="}]}""" },
        _ => OpenAiServer.Error(503, "loading"),
    };

    private static OpenAiServer.Answer FirstValue(string value, OpenAiServer.Request request)
    {
        OpenAiServer.Answer marked = OpenAiServer.Embeddings(request, (_, vector) => [JsonValue.Create(4711), .. vector[1..].Select(other => JsonValue.Create(other))]);
        return marked with { Body = marked.Body.Replace("4711", value, StringComparison.Ordinal) };
    }

    [Theory]
    [InlineData("count", "1 embeddings to ")]
    [InlineData("dimension", "an embedding of 23 dimensions where others have 24")]
    [InlineData("nan", "not the JSON expected")]
    [InlineData("infinite", "not finite")]
    [InlineData("zero", "0 throughout")]
    [InlineData("index", "indexes are not those of the texts")]
    [InlineData("null", "without embeddings")]
    [InlineData("base64", "not the JSON expected")]
    [InlineData("503", "answered 503: loading")]
    public async Task Wrong_vectors_are_asked_for_again_and_never_used(string fault, string said)
    {
        await using var always = new OpenAiServer(request => request.Body.Count == 0 ? null : Faulty(fault, request));
        Assert.Contains(said, (await Assert.ThrowsAsync<MalruleException>(() => EmbedAsync(always))).Message, StringComparison.Ordinal);

        int requests = 0;
        await using var twice = new OpenAiServer(request => request.Body.Count == 0 || Interlocked.Increment(ref requests) > 2 ? null : Faulty(fault, request));
        Assert.Equal(await RightVectorsAsync(), (await EmbedAsync(twice)).Vectors.Values.ToArray());
    }
}
