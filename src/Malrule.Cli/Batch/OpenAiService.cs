using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Malrule.Inference;
using Malrule.Mining;

namespace Malrule.Cli.Batch;

/// <summary>
/// Answers OpenAI requests with one loaded model: a language model serves /v1/chat/completions and /v1/completions, an embedder
/// /v1/embeddings. Safe for concurrent callers.
/// </summary>
/// <param name="engine">The language model, or null.</param>
/// <param name="embedder">The embedder, or null.</param>
/// <param name="name">The model's name in answers.</param>
/// <param name="seed">Seed of requests that bring none: each derives its own from it and its number.</param>
/// <param name="created">The time in answers, Unix seconds.</param>
/// <param name="warn">Told of what is ignored, once for each thing.</param>
internal sealed class OpenAiService(LlmEngine? engine, TextEmbedder? embedder, string name, long seed, long created, Action<string> warn)
{
    private readonly HashSet<string> _warned = [];
    private readonly EmbeddingQueue? _embeddings = embedder is null ? null : new EmbeddingQueue(embedder);

    /// <summary>The answer to request <paramref name="number"/> of a batch.</summary>
    /// <exception cref="RequestException">The request is wrong or not for this model.</exception>
    public async Task<ResponseBody> RespondAsync(string url, JsonElement body, long number, CancellationToken cancellationToken) => url switch
    {
        "/v1/chat/completions" => await ChatAsync(Read(body, OpenAiJson.Default.ChatCompletionRequest), number, cancellationToken).ConfigureAwait(false),
        "/v1/completions" => await CompleteAsync(Read(body, OpenAiJson.Default.CompletionRequest), number, cancellationToken).ConfigureAwait(false),
        "/v1/embeddings" => await EmbedAsync(Read(body, OpenAiJson.Default.EmbeddingRequest), number, cancellationToken).ConfigureAwait(false),
        _ => throw new RequestException("url", $"url {url} is not served; it must be /v1/chat/completions, /v1/completions or /v1/embeddings.", 404),
    };

    private async Task<ResponseBody> ChatAsync(ChatCompletionRequest request, long number, CancellationToken cancellationToken)
    {
        LlmEngine model = Generator("/v1/chat/completions");
        Check(request.Model, request.Other);
        RequestOutput output = (await RunAsync(model, [request.ToGenerationRequest(model.GenerationDefaults)], number, cancellationToken).ConfigureAwait(false))[0];
        var names = new TokenNames(model.Tokenizer, request.ReturnTokensAsTokenIds == true);
        bool withIds = request.ReturnTokenIds == true;
        return new ChatCompletionResponse
        {
            Id = $"chatcmpl-{number}",
            Created = created,
            Model = name,
            Choices = [.. output.Outputs.Select(branch => new ChatChoice(branch.Index, new ChatAnswer("assistant", branch.Text),
                branch.Logprobs is null ? null : names.Chat(branch.Logprobs), Reason(branch), StopReason(branch), withIds ? branch.TokenIds : null))],
            Usage = new Usage(output.PromptTokenIds.Count, output.Outputs.Sum(branch => branch.TokenIds.Count)),
            PromptLogprobs = names.Prompt(output.PromptLogprobs),
            PromptTokenIds = withIds ? output.PromptTokenIds : null,
        };
    }

    private async Task<ResponseBody> CompleteAsync(CompletionRequest request, long number, CancellationToken cancellationToken)
    {
        LlmEngine model = Generator("/v1/completions");
        Check(request.Model, request.Other);
        RequestOutput[] outputs = await RunAsync(model, request.ToGenerationRequests(model.GenerationDefaults, model.Tokenizer), number, cancellationToken).ConfigureAwait(false);
        var names = new TokenNames(model.Tokenizer, request.ReturnTokensAsTokenIds == true);
        var choices = new List<CompletionChoice>();
        foreach (RequestOutput output in outputs)
            foreach (CompletionOutput branch in output.Outputs)
                choices.Add(Choice(request, model.Tokenizer, names, output, branch, choices.Count));
        return new CompletionResponse
        {
            Id = $"cmpl-{number}",
            Created = created,
            Model = name,
            Choices = choices,
            Usage = new Usage(outputs.Sum(output => (long)output.PromptTokenIds.Count),
                request.EchoesOnly ? 0 : outputs.Sum(output => output.Outputs.Sum(branch => (long)branch.TokenIds.Count))),
        };
    }

    private static CompletionChoice Choice(
        CompletionRequest request, Tokenizer? tokenizer, TokenNames names, RequestOutput output, CompletionOutput branch, int index)
    {
        // Without a tokenizer token ids are all there is to give.
        bool withIds = request.ReturnTokenIds == true || tokenizer is null;
        IEnumerable<int> tokenIds = request.EchoesOnly ? [] : branch.TokenIds;
        IEnumerable<PositionLogprobs?> positions = request.EchoesOnly ? [] : branch.Logprobs ?? [];
        string text = request.EchoesOnly ? "" : branch.Text;
        if (request.Echo == true)
        {
            tokenIds = output.PromptTokenIds.Concat(tokenIds);
            positions = (output.PromptLogprobs ?? []).Concat(positions);
            text = (output.Prompt ?? tokenizer?.Decode([.. output.PromptTokenIds]) ?? "") + text;
        }
        return new CompletionChoice
        {
            Index = index,
            Text = text,
            Logprobs = request.Logprobs is null && request.LogprobTokenIds is null ? null : names.Completion(tokenIds, positions),
            FinishReason = request.EchoesOnly ? "length" : Reason(branch),
            StopReason = request.EchoesOnly ? null : StopReason(branch),
            TokenIds = withIds ? request.EchoesOnly ? [] : branch.TokenIds : null,
            PromptLogprobs = names.Prompt(output.PromptLogprobs),
            PromptTokenIds = withIds ? output.PromptTokenIds : null,
        };
    }

    private async Task<ResponseBody> EmbedAsync(EmbeddingRequest request, long number, CancellationToken cancellationToken)
    {
        EmbeddingQueue queue = _embeddings ?? throw new RequestException("url", $"{name} is a language model and does not serve /v1/embeddings.");
        TextEmbedder model = queue.Embedder;
        Check(request.Model, request.Other);
        if (request.EncodingFormat is not (null or "float" or "base64"))
            throw new RequestException("encoding_format", $"encoding_format must be float or base64; it is {request.EncodingFormat}.");
        if (request.Dimensions is { } wanted && wanted != model.Info.Dimensions)
            throw new RequestException("dimensions", $"dimensions must be {model.Info.Dimensions}, as the model's, or left out; it is {wanted}.");
        List<int[]> inputs = [.. Inputs(request, model.Tokenizer)];
        float[][] vectors = await queue.EmbedAsync(inputs, cancellationToken).ConfigureAwait(false);
        return new EmbeddingResponse
        {
            Id = $"embd-{number}",
            Created = created,
            Model = name,
            Data = [.. vectors.Select((vector, i) => new EmbeddingItem(i,
                request.EncodingFormat == "base64" ? Convert.ToBase64String(MemoryMarshal.AsBytes(vector)) : vector))],
            Usage = new Usage(inputs.Sum(ids => (long)ids.Length), 0),
        };
    }

    /// <summary>Token ids of every input. Texts are encoded here, so that one too long is refused instead of cut.</summary>
    private static IEnumerable<int[]> Inputs(EmbeddingRequest request, Tokenizer? tokenizer)
    {
        int[] Encode(JsonElement text) => (tokenizer ?? throw new RequestException("input", "The checkpoint has no tokenizer.json, so input must be token ids."))
            .Encode(text.GetString()!, request.AddSpecialTokens ?? true);

        JsonElement input = request.Input;
        if (input.ValueKind == JsonValueKind.String)
            return [Encode(input)];
        if (input.ValueKind == JsonValueKind.Array && input.GetArrayLength() > 0)
        {
            if (input.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Number))
                return [CompletionRequest.TokenIds(input, "input")];
            if (input.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String))
                return input.EnumerateArray().Select(Encode);
            if (input.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Array))
                return input.EnumerateArray().Select((item, i) => CompletionRequest.TokenIds(item, $"input[{i}]"));
        }
        throw new RequestException("input", "input must be a text, a list of texts, a list of token ids, or a list of such lists.");
    }

    private async Task<RequestOutput[]> RunAsync(LlmEngine model, List<GenerationRequest> requests, long number, CancellationToken cancellationToken)
    {
        // A request's place decides its seed, not its arrival, so a batch gives the same answers every time.
        requests = [.. requests.Select((request, i) => request.Sampling.Seed is null or -1
            ? request with { Sampling = request.Sampling with { Seed = ItemSeed.Of(seed, FormattableString.Invariant($"{number}.{i}")) } } : request)];
        var outputs = new RequestOutput[requests.Count];
        await foreach (RequestOutput output in model.StreamAsync(requests, cancellationToken).ConfigureAwait(false))
            outputs[output.Index] = output;
        return outputs.FirstOrDefault(output => output.Error is not null) is { Error: { } error }
            ? throw (error is InvalidInputException ? new RequestException(null, error.Message) : new RequestException(null, error.Message, 500))
            : outputs;
    }

    private LlmEngine Generator(string url) => engine ?? throw new RequestException("url", $"{name} is an embedder and does not serve {url}.");

    private void Check(string? requested, Dictionary<string, JsonElement>? other)
    {
        if (requested is not null && requested != name)
            WarnOnce($"requests name the model \"{requested}\"; all are answered by {name}");
        foreach (string field in OtherFields.Unknown(other))
            WarnOnce($"the unknown field \"{field}\" is ignored");
    }

    private void WarnOnce(string message)
    {
        lock (_warned)
        {
            if (!_warned.Add(message))
                return;
        }
        warn(message);
    }

    private static T Read<T>(JsonElement body, JsonTypeInfo<T> type)
    {
        if (body.ValueKind != JsonValueKind.Object)
            throw new RequestException("body", "body must be an object.");
        try
        {
            return body.Deserialize(type)!;
        }
        catch (JsonException error)
        {
            string field = error.Path?.TrimStart('$', '.') is { Length: > 0 } path ? path : "body";
            throw new RequestException(field, error.InnerException is null && error.Message.Contains("uplicate", StringComparison.Ordinal)
                ? "A field stands twice in body." : $"{field} has a value of the wrong type.");
        }
    }

    private static string Reason(CompletionOutput branch) => branch.FinishReason switch
    {
        FinishReason.Stop => "stop",
        FinishReason.Length => "length",
        FinishReason.Abort => "abort",
        FinishReason.Repetition => "repetition",
        _ => "error",
    };

    private static object? StopReason(CompletionOutput branch) => branch.StopReason is { } reason ? reason.Text ?? (object?)reason.TokenId : null;
}
