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
        "parallel_tool_calls", "include_reasoning", "length_penalty", "stream_options", "stream_interval", "verbosity",
    ];

    /// <summary>Known fields and the value, beside null, false, "" and empty lists or objects, that asks for nothing special.</summary>
    private static readonly Dictionary<string, string?> Refused = new()
    {
        ["stream"] = null, ["tools"] = null, ["tool_choice"] = "none", ["functions"] = null, ["function_call"] = "none", ["use_beam_search"] = null,
        ["best_of"] = "1", ["response_format"] = """{"type":"text"}""", ["structured_outputs"] = null, ["guided_json"] = null, ["guided_regex"] = null,
        ["guided_choice"] = null, ["guided_grammar"] = null, ["suffix"] = null, ["prompt_embeds"] = null, ["logprob_token_ids"] = null,
        ["truncate_prompt_tokens"] = null, ["truncation_side"] = null, ["spaces_between_special_tokens"] = "true", ["continue_final_message"] = null,
        ["chat_template"] = null, ["chat_template_kwargs"] = null, ["documents"] = null, ["reasoning_effort"] = null, ["thinking_token_budget"] = null,
        ["repetition_detection"] = null, ["vllm_xargs"] = null, ["kv_transfer_params"] = null, ["modalities"] = """["text"]""", ["audio"] = null,
        ["prediction"] = null, ["web_search_options"] = null, ["watermarking"] = null,
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
            if (!Refused.TryGetValue(name, out string? neutral))
                unknown.Add(name);
            else if (!IsNeutral(value, neutral))
                throw new RequestException(name, $"{name} is not supported; leave it out.");
        }
        return unknown;
    }

    private static bool IsNeutral(JsonElement value, string? neutral) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.Array when value.GetArrayLength() == 0 => true,
        JsonValueKind.Object when !value.EnumerateObject().Any() => true,
        JsonValueKind.String => value.GetString() is "" || value.GetString() == neutral,
        _ => neutral is not null && JsonElement.DeepEquals(value, JsonElement.Parse(neutral)),
    };
}
