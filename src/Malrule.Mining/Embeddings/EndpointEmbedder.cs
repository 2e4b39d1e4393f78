using System.Text.Json.Nodes;
using Malrule.Inference;
using Malrule.Mining.Endpoints;

namespace Malrule.Mining.Embeddings;

/// <summary>
/// Embeds on an OpenAI-compatible server, so many texts a request and several requests at once. Where a server refuses a request, its texts are
/// asked for in halves, so that a limit on their number costs time only and a text that it cannot embed is named.
/// </summary>
internal sealed class EndpointEmbedder : IEmbedder
{
    private const int TextsOfRequest = 32, ShownText = 80;

    private readonly OpenAiClient _client;
    private readonly string _model;
    private int _dimensions;
    private long _tokens;

    private EndpointEmbedder(OpenAiClient client, string model, IReadOnlyList<string> description) =>
        (_client, _model, Description) = (client, model, description);

    public string KernelPath => OpenAiClient.KernelPath;

    public IReadOnlyList<string> Description { get; }

    /// <summary>Known by the model's name only: a server does not say.</summary>
    public (string Query, string Document) Prefixes => LocalEmbedder.PrefixesOf(_model.Contains("nomic-embed-text", StringComparison.OrdinalIgnoreCase));

    public static async Task<IEmbedder> LoadAsync(EndpointOptions options, string model, CancellationToken cancellationToken)
    {
        var client = new OpenAiClient(options);
        try
        {
            IReadOnlyList<ModelEntry>? listed = await client.ListModelsAsync(cancellationToken).ConfigureAwait(false);
            return new EndpointEmbedder(
                client, model, [$"Embedder {model} at {client.Address}: pooling and the longest text are the server's own.", .. client.Warnings(model, listed)]);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    public async Task<EmbeddingBatch> EmbedAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        long before = Volatile.Read(ref _tokens);
        float[][][] parts;
        try
        {
            parts = await Task.WhenAll(texts.Chunk(TextsOfRequest).Select(chunk => EmbedPartAsync(chunk, cancellationToken))).ConfigureAwait(false);
        }
        catch (RequestFailedException failure)
        {
            throw new MalruleException($"Texts could not be embedded: {failure.Message}. What was generated is kept; the same command goes on from there.", failure);
        }
        float[] values = [.. parts.SelectMany(part => part).SelectMany(row => row)];
        return new EmbeddingBatch(new EmbeddingMatrix(values, texts.Count, texts.Count == 0 ? 0 : values.Length / texts.Count), Volatile.Read(ref _tokens) - before, 0);
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<float[][]> EmbedPartAsync(string[] texts, CancellationToken cancellationToken)
    {
        try
        {
            var body = new JsonObject { ["model"] = _model, ["input"] = new JsonArray([.. texts.Select(text => JsonValue.Create(text))]), ["encoding_format"] = "float" };
            EmbeddingAnswer answer = await _client.PostAsync("embeddings", body, OpenAiJson.Wire.EmbeddingAnswer, read => WrongWith(read, texts.Length), cancellationToken).ConfigureAwait(false);
            Interlocked.Add(ref _tokens, answer.Usage?.PromptTokens ?? 0);
            return [.. answer.Data!.Index().OrderBy(row => row.Item.Index ?? row.Index).Select(row => row.Item.Embedding!)];
        }
        catch (RequestFailedException refusal) when (refusal.IsRefused && texts.Length > 1)
        {
            int half = texts.Length / 2;
            return [.. await EmbedPartAsync(texts[..half], cancellationToken).ConfigureAwait(false), .. await EmbedPartAsync(texts[half..], cancellationToken).ConfigureAwait(false)];
        }
        catch (RequestFailedException refusal) when (refusal.IsRefused)
        {
            string text = texts[0].ReplaceLineEndings(" ");
            throw new RequestFailedException($"\"{(text.Length <= ShownText ? text : text[..ShownText] + "…")}\": {refusal.Message}", inner: refusal);
        }
    }

    /// <summary>Every text must have one row, and all rows of a run one length and finite values, not all of them 0.</summary>
    private string? WrongWith(EmbeddingAnswer answer, int texts)
    {
        if (answer.Data is not { } rows || rows.Any(row => row?.Embedding is null))
            return "without embeddings";
        if (rows.Count != texts)
            return FormattableString.Invariant($"{rows.Count} embeddings to {texts} texts");
        if (rows.Index().Select(row => row.Item.Index ?? row.Index).Order().Index().Any(place => place.Item != place.Index))
            return "embeddings whose indexes are not those of the texts";
        int expected = Interlocked.CompareExchange(ref _dimensions, rows[0].Embedding!.Length, 0);
        expected = expected == 0 ? rows[0].Embedding!.Length : expected;
        if (rows.FirstOrDefault(row => row.Embedding!.Length != expected || expected == 0) is { } other)
            return FormattableString.Invariant($"an embedding of {other.Embedding!.Length} dimensions where others have {expected}");
        return rows.Any(row => !row.Embedding!.All(float.IsFinite) || row.Embedding!.All(value => value == 0)) ? "an embedding that is not finite, or 0 throughout" : null;
    }
}
