using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Malrule.Inference;

namespace Malrule.Cli.Batch;

/// <summary>
/// The fields that chat completions and completions share, named and defaulted as vLLM's server has them. A field the request leaves
/// unset is taken from the checkpoint's generation_config.json, else from OpenAI's defaults.
/// </summary>
internal abstract class SamplingFields
{
    public string? Model { get; init; }
    public int? N { get; init; }
    public double? Temperature { get; init; }
    public double? TopP { get; init; }
    public int? TopK { get; init; }
    public double? MinP { get; init; }
    public double? PresencePenalty { get; init; }
    public double? FrequencyPenalty { get; init; }
    public double? RepetitionPenalty { get; init; }
    public long? Seed { get; init; }

    /// <summary>A string or a list of them.</summary>
    public JsonElement Stop { get; init; }

    public int[]? StopTokenIds { get; init; }
    public bool? IgnoreEos { get; init; }
    public int? MinTokens { get; init; }
    public bool? SkipSpecialTokens { get; init; }
    public bool? IncludeStopStrInOutput { get; init; }
    public Dictionary<string, float>? LogitBias { get; init; }
    public int[]? AllowedTokenIds { get; init; }
    public string[]? BadWords { get; init; }
    public int? PromptLogprobs { get; init; }
    public int[]? LogprobTokenIds { get; init; }
    public bool? SpacesBetweenSpecialTokens { get; init; }
    public int? TruncatePromptTokens { get; init; }
    public RepetitionDetection? RepetitionDetection { get; init; }
    public StructuredFields? StructuredOutputs { get; init; }

    /// <summary>The older name of structured_outputs.choice, and of its regex.</summary>
    public string[]? GuidedChoice { get; init; }
    public string? GuidedRegex { get; init; }
    public string? CacheSalt { get; init; }
    public bool? ReturnTokenIds { get; init; }
    public bool? ReturnTokensAsTokenIds { get; init; }

    /// <summary>Fields that stand in the request and nowhere above; <see cref="OtherFields"/> judges them.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Other { get; set; }

    /// <summary>The parameters that the engine gets.</summary>
    /// <param name="defaults">What generation_config.json recommends; its max_new_tokens caps a longer wish, as vLLM's server does.</param>
    /// <param name="maxTokens">max_tokens as the endpoint understands it; null: as many as fit.</param>
    /// <param name="logprobs">Logprobs for each output position.</param>
    /// <param name="promptLogprobs">Logprobs for each prompt position.</param>
    /// <param name="detokenize">Whether there is a tokenizer.</param>
    protected SamplingParams ToSamplingParams(GenerationDefaults defaults, int? maxTokens, int? logprobs, int? promptLogprobs, bool detokenize)
    {
        SamplingParams recommended = defaults.ToSamplingParams(maxTokens);
        return recommended with
        {
            N = N ?? 1,
            Temperature = Temperature ?? recommended.Temperature,
            TopP = TopP ?? recommended.TopP,
            TopK = TopK ?? recommended.TopK,
            MinP = MinP ?? recommended.MinP,
            RepetitionPenalty = RepetitionPenalty ?? recommended.RepetitionPenalty,
            PresencePenalty = PresencePenalty ?? 0,
            FrequencyPenalty = FrequencyPenalty ?? 0,
            Seed = Seed,
            Stop = StringOrList("stop", Stop),
            StopTokenIds = StopTokenIds ?? [],
            IgnoreEos = IgnoreEos ?? false,
            MinTokens = MinTokens ?? 0,
            Logprobs = logprobs,
            PromptLogprobs = promptLogprobs,
            Detokenize = detokenize,
            SkipSpecialTokens = SkipSpecialTokens ?? true,
            IncludeStopStrInOutput = IncludeStopStrInOutput ?? false,
            LogitBias = LogitBias?.ToDictionary(bias => TokenId(bias.Key), bias => bias.Value),
            AllowedTokenIds = AllowedTokenIds,
            BadWords = BadWords ?? [],
            LogprobTokenIds = LogprobTokenIds,
            SpacesBetweenSpecialTokens = SpacesBetweenSpecialTokens ?? true,
            TruncatePromptTokens = TruncatePromptTokens,
            RepetitionDetection = RepetitionDetection,
            StructuredOutputs = Structured(),
        };
    }

    private StructuredOutputs? Structured()
    {
        OtherFields.RefuseAll("structured_outputs.", StructuredOutputs?.Other, "no schema or grammar is enforced; it takes a choice or a regex");
        string[]? choice = StructuredOutputs?.Choice ?? GuidedChoice;
        string? regex = StructuredOutputs?.Regex ?? GuidedRegex;
        return choice is null && regex is null ? null : new StructuredOutputs { Choice = choice, Regex = regex };
    }

    private static string[] StringOrList(string field, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null => [],
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Array when value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) =>
            [.. value.EnumerateArray().Select(item => item.GetString()!)],
        _ => throw new RequestException(field, $"{field} must be a string or a list of strings."),
    };

    private static int TokenId(string key) => int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out int id)
        ? id
        : throw new RequestException("logit_bias", $"logit_bias must have token ids as its keys; \"{key}\" is not one.");
}

/// <summary>The body of structured_outputs.</summary>
internal sealed class StructuredFields
{
    public string[]? Choice { get; init; }
    public string? Regex { get; init; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Other { get; set; }
}
