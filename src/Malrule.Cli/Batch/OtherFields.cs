using System.Text.Json;

namespace Malrule.Cli.Batch;

/// <summary>
/// Fields of a request that no endpoint here computes with. A known one that would change the answer is refused, so that nobody gets
/// an answer to another question than he asked; one without effect on a batch is accepted; an unknown one is reported.
/// </summary>
internal static class OtherFields
{
    private static readonly HashSet<string> WithoutEffect =
    [
        "user", "metadata", "store", "service_tier", "request_id", "session_id", "priority", "cache_salt", "safety_identifier", "prompt_cache_key",
        "parallel_tool_calls", "include_reasoning", "length_penalty", "stream_options", "stream_interval", "verbosity", "spaces_between_special_tokens",
    ];

    private static readonly HashSet<string> Refused =
    [
        "stream", "tools", "tool_choice", "functions", "function_call", "use_beam_search", "best_of", "response_format", "structured_outputs",
        "guided_json", "guided_regex", "guided_choice", "guided_grammar", "suffix", "prompt_embeds", "logprob_token_ids", "truncate_prompt_tokens",
        "truncation_side", "continue_final_message", "chat_template", "chat_template_kwargs", "documents",
        "reasoning_effort", "thinking_token_budget", "repetition_detection", "vllm_xargs", "kv_transfer_params", "modalities", "audio", "prediction",
        "web_search_options", "watermarking",
    ];

    /// <summary>What a refused field may hold, beside null, false, "" and empty lists or objects, because it asks for nothing special.</summary>
    private static readonly Dictionary<string, string> Neutral = new()
    {
        ["tool_choice"] = "\"none\"",
        ["function_call"] = "\"none\"",
        ["best_of"] = "1",
        ["response_format"] = """{"type":"text"}""",
        ["modalities"] = """["text"]""",
    };

    /// <summary>Returns the names that mean nothing to Malrule.</summary>
    /// <exception cref="RequestException">A field asks for something that is not done.</exception>
    public static IEnumerable<string> Unknown(Dictionary<string, JsonElement>? fields)
    {
        var unknown = new List<string>();
        foreach ((string name, JsonElement value) in fields ?? [])
        {
            if (WithoutEffect.Contains(name))
                continue;
            if (!Refused.Contains(name))
                unknown.Add(name);
            else if (!IsEmpty(value) && !(Neutral.TryGetValue(name, out string? neutral) && JsonElement.DeepEquals(value, JsonElement.Parse(neutral))))
                throw new RequestException(name, $"{name} is not supported; leave it out.");
        }
        return unknown;
    }

    private static bool IsEmpty(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        JsonValueKind.String => value.GetString() == "",
        _ => false,
    };
}
