using System.Text.Json;
using Malrule.Inference;

namespace Malrule.Cli.Batch;

/// <summary>The body of a request to /v1/completions.</summary>
internal sealed class CompletionRequest : SamplingFields
{
    private const int DefaultMaxTokens = 16;

    /// <summary>A text, a list of texts, a list of token ids, or a list of such lists.</summary>
    public JsonElement Prompt { get; init; }

    public bool? Echo { get; init; }
    public int? Logprobs { get; init; }
    public int? MaxTokens { get; init; }
    public bool? AddSpecialTokens { get; init; }

    /// <summary>Whether only the prompt is asked for: vLLM serves it by drawing a token and dropping it.</summary>
    public bool EchoesOnly => Echo == true && MaxTokens == 0;

    /// <summary>One request for each prompt.</summary>
    /// <exception cref="RequestException">A field cannot be served.</exception>
    public List<GenerationRequest> ToGenerationRequests(GenerationDefaults defaults, Tokenizer? tokenizer)
    {
        int? promptLogprobs = PromptLogprobs ?? (Echo == true ? Logprobs : null);
        SamplingParams sampling = ToSamplingParams(defaults, EchoesOnly ? 1 : MaxTokens ?? DefaultMaxTokens, Logprobs, promptLogprobs, tokenizer is not null);
        return [.. Prompts().Select(prompt => new GenerationRequest(
            prompt is Prompt.FromText { Text: var text } && AddSpecialTokens == false && tokenizer is not null ? tokenizer.Encode(text, addSpecialTokens: false) : prompt,
            sampling)
        {
            CacheSalt = CacheSalt,
        })];
    }

    private IEnumerable<Prompt> Prompts()
    {
        if (Prompt.ValueKind == JsonValueKind.String)
            return [Prompt.GetString()!];
        if (Prompt.ValueKind == JsonValueKind.Array && Prompt.GetArrayLength() > 0)
        {
            if (Prompt.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Number))
                return [TokenIds(Prompt, "prompt")];
            if (Prompt.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String))
                return Prompt.EnumerateArray().Select(item => (Prompt)item.GetString()!);
            if (Prompt.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Array))
                return Prompt.EnumerateArray().Select((item, i) => (Prompt)TokenIds(item, $"prompt[{i}]"));
        }
        throw new RequestException("prompt", "prompt must be a text, a list of texts, a list of token ids, or a list of such lists.");
    }

    /// <summary>A list of token ids.</summary>
    public static int[] TokenIds(JsonElement list, string field) => [.. list.EnumerateArray().Select((item, i) =>
        item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out int id) && id >= 0
            ? id
            : throw new RequestException(field, $"{field}[{i}] must be a token id; it is {item}."))];
}

/// <summary>The answer of /v1/completions.</summary>
internal sealed record CompletionResponse() : ResponseBody("text_completion")
{
    public required IReadOnlyList<CompletionChoice> Choices { get; init; }
    public required Usage Usage { get; init; }
}

/// <summary>One branch of one prompt; indices run over all branches of the first prompt, then of the second.</summary>
internal sealed record CompletionChoice
{
    public required int Index { get; init; }
    public required string Text { get; init; }
    public CompletionLogprobs? Logprobs { get; init; }
    public required string FinishReason { get; init; }
    public object? StopReason { get; init; }
    public IReadOnlyList<int>? TokenIds { get; init; }
    public IReadOnlyList<Dictionary<string, TokenDetail>?>? PromptLogprobs { get; init; }
    public IReadOnlyList<int>? PromptTokenIds { get; init; }
}

/// <summary>Logprobs in the older form: parallel lists over the tokens.</summary>
internal sealed record CompletionLogprobs
{
    public List<int> TextOffset { get; } = [];
    public List<float?> TokenLogprobs { get; } = [];
    public List<string> Tokens { get; } = [];
    public List<Dictionary<string, float>?> TopLogprobs { get; } = [];
}

/// <summary>A token's logprob as vLLM's prompt_logprobs give it.</summary>
internal sealed record TokenDetail(float Logprob, int Rank, string? DecodedToken);
