using System.Text;
using Malrule.Inference.Tokenization;
using Malrule.Inference.Tokenization.Jinja;

namespace Malrule.Inference;

/// <summary>
/// A checkpoint's chat template: the Jinja program that writes a conversation as the text its model was trained on. It is interpreted in
/// a sandbox (no access to anything but its variables; steps, output and nesting bounded) with the environment that transformers gives it.
/// Immutable; safe for concurrent use.
/// </summary>
public sealed class ChatTemplate
{
    private readonly Template _template;
    private readonly IReadOnlyDictionary<string, object?> _specialTokens;

    private ChatTemplate(Template template, IReadOnlyDictionary<string, object?> specialTokens) =>
        (_template, _specialTokens) = (template, specialTokens);

    /// <summary>
    /// Reads the template of a checkpoint: <c>chat_template.jinja</c>, else the <c>chat_template</c> of <c>tokenizer_config.json</c> (a string,
    /// or a list of named ones of which <c>default</c> is taken), with the special tokens named in that file.
    /// </summary>
    /// <returns>Null where the checkpoint has no template.</returns>
    /// <exception cref="InvalidInputException">A file is damaged, or the template is not one that Malrule can interpret; the message names file and line.</exception>
    public static ChatTemplate? Load(string modelDirectory)
    {
        string configPath = Path.Combine(modelDirectory, "tokenizer_config.json"), jinjaPath = Path.Combine(modelDirectory, "chat_template.jinja");
        Dictionary<string, object?> specialTokens = [];
        string? text = null;
        if (File.Exists(configPath))
            text = JsonPlace.ReadFile(configPath, config =>
            {
                AddSpecialTokens(config, specialTokens);
                return ConfiguredTemplate(config["chat_template"]);
            });
        string source = $"{configPath}, chat_template";
        if (File.Exists(jinjaPath))
            (text, source) = (ReadText(jinjaPath), jinjaPath);
        return text is null ? null : new ChatTemplate(new Template(text, source), specialTokens);
    }

    /// <summary>Parses a template.</summary>
    /// <param name="template">The Jinja text.</param>
    /// <param name="bosToken">The template's <c>bos_token</c>; null: undefined.</param>
    /// <param name="eosToken">The template's <c>eos_token</c>; null: undefined.</param>
    /// <exception cref="InvalidInputException">It is no template that Malrule can interpret; the message names the line.</exception>
    public static ChatTemplate Parse(string template, string? bosToken = null, string? eosToken = null)
    {
        var specialTokens = new Dictionary<string, object?>();
        if (bosToken is not null)
            specialTokens["bos_token"] = bosToken;
        if (eosToken is not null)
            specialTokens["eos_token"] = eosToken;
        return new ChatTemplate(new Template(template, "The chat template"), specialTokens);
    }

    /// <summary>Writes a conversation as the prompt's text.</summary>
    /// <param name="messages">The turns.</param>
    /// <param name="addGenerationPrompt">Whether the text ends with the opening of the assistant's turn.</param>
    /// <param name="variables">
    /// More variables for the template, such as <c>enable_thinking</c>: text, numbers, booleans, lists, string-keyed mappings or
    /// <see cref="System.Text.Json.JsonElement"/>. <c>tools</c> and <c>documents</c> are none unless given; <c>messages</c> takes the place of
    /// <paramref name="messages"/>, for turns with more to them than role and content.
    /// </param>
    /// <exception cref="InvalidInputException">The template refuses the conversation (its <c>raise_exception</c>) or fails; the message names the line.</exception>
    public string Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt = true, IReadOnlyDictionary<string, object?>? variables = null)
    {
        ArgumentNullException.ThrowIfNull(messages);
        IEnumerable<object?> turns = messages.Select(message => new Dictionary<string, object?> { ["role"] = message.Role, ["content"] = message.Content });
        return Render(turns, addGenerationPrompt, variables, TimeProvider.System);
    }

    /// <summary>The same for messages with more members than role and content: anything <see cref="Values.From(object?, int)"/> takes.</summary>
    internal string Render(object messages, bool addGenerationPrompt, IReadOnlyDictionary<string, object?>? variables, TimeProvider clock)
    {
        var all = new Dictionary<string, object?>(_specialTokens)
        {
            ["messages"] = Values.From(messages),
            ["add_generation_prompt"] = addGenerationPrompt,
            ["tools"] = null,
            ["documents"] = null,
        };
        foreach ((string name, object? value) in variables ?? new Dictionary<string, object?>())
            all[name] = Values.From(value);
        return _template.Render(all, clock);
    }

    private static string? ConfiguredTemplate(JsonPlace place)
    {
        if (place.Value.ValueKind != System.Text.Json.JsonValueKind.Array)
            return place.StringOrNull();
        var named = place.Items().Select(item => (Name: item["name"].String(), Text: item["template"].String())).ToList();
        return named.Find(item => item.Name == "default").Text
            ?? throw place.Error($"has no template named default among {string.Join(", ", named.Select(item => item.Name))}.");
    }

    /// <summary>A special token is written as a string or as an object with its content.</summary>
    private static void AddSpecialTokens(JsonPlace config, Dictionary<string, object?> specialTokens)
    {
        foreach (string name in (string[])["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"])
        {
            JsonPlace place = config[name];
            if (!place.IsNull)
                specialTokens[name] = place.Value.ValueKind == System.Text.Json.JsonValueKind.Object ? place["content"].String() : place.String();
        }
    }

    private static string ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            throw new InvalidInputException($"{path} cannot be read: {e.Message}", e);
        }
    }
}
