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
        "user", "metadata", "store", "service_tier", "request_id", "session_id", "priority", "safety_identifier", "prompt_cache_key",
        "parallel_tool_calls", "include_reasoning", "length_penalty", "stream_options", "stream_interval", "flat_logprobs", "verbosity",
    ];

    /// <summary>Fields that are refused, with the reason where there is more to say than that they are not supported.</summary>
    private static readonly Dictionary<string, string> Refused = new()
    {
        ["stream"] = "a file of requests gets whole answers",
        ["tools"] = NoTools,
        ["tool_choice"] = NoTools,
        ["functions"] = NoTools,
        ["function_call"] = NoTools,
        ["use_beam_search"] = "vLLM's engine has dropped it too; n samples take its place",
        ["best_of"] = "vLLM's engine has dropped it too; ask for n samples with logprobs",
        ["response_format"] = NoSchemas,
        ["guided_json"] = NoSchemas,
        ["guided_grammar"] = NoSchemas,
        ["suffix"] = "",
        ["prompt_embeds"] = "",
        ["truncation_side"] = "truncate_prompt_tokens keeps a prompt's end",
        ["continue_final_message"] = "",
        ["chat_template"] = "the checkpoint's own template is used",
        ["documents"] = "",
        ["reasoning_effort"] = NoReasoning,
        ["thinking_token_budget"] = NoReasoning,
        ["vllm_xargs"] = NoPlugins,
        ["kv_transfer_params"] = "there is one engine and nowhere to transfer to",
        ["modalities"] = TextOnly,
        ["audio"] = TextOnly,
        ["prediction"] = "",
        ["web_search_options"] = "",
        ["watermarking"] = "",
    };

    private const string NoTools = "the engine writes text and calls no tools";
    private const string NoSchemas = "no schema or grammar is enforced; structured_outputs takes a choice or a regex";
    private const string NoReasoning = "the engine does not tell reasoning from answer";
    private const string NoPlugins = "there are no custom logits processors to pass it to";
    private const string TextOnly = "the engine writes text only";

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
            if (!Refused.TryGetValue(name, out string? reason))
                unknown.Add(name);
            else if (!IsEmpty(value) && !(Neutral.TryGetValue(name, out string? neutral) && JsonElement.DeepEquals(value, JsonElement.Parse(neutral))))
                throw new RequestException(name, $"{name} is not supported{(reason.Length > 0 ? $" ({reason})" : "")}; leave it out.");
        }
        return unknown;
    }

    /// <summary>Refuses every field that asks for something.</summary>
    /// <exception cref="RequestException">There is one.</exception>
    public static void RefuseAll(string prefix, Dictionary<string, JsonElement>? fields, string reason)
    {
        foreach ((string name, JsonElement value) in fields ?? [])
            if (!IsEmpty(value))
                throw new RequestException(prefix + name, $"{prefix}{name} is not supported ({reason}); leave it out.");
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
