namespace Malrule.Inference;

/// <summary>A checkpoint's chat template.</summary>
public sealed class ChatTemplate
{
    private ChatTemplate() { }

    /// <summary>The template of a model folder; null when the checkpoint has none.</summary>
    public static ChatTemplate? Load(string modelDirectory) => null;

    /// <summary>The text of a conversation as the model reads it.</summary>
    public string Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt = true, IReadOnlyDictionary<string, object?>? variables = null) => "";
}
