namespace Malrule.Inference;

/// <summary>
/// What a sequence starts from: a text (encoded with the tokenizer's special tokens), token ids, or a conversation
/// (rendered by the checkpoint's chat template and encoded without special tokens).
/// </summary>
public abstract record Prompt
{
    private Prompt() { }

    /// <summary>A prompt given as text.</summary>
    public sealed record FromText(string Text) : Prompt;

    /// <summary>A prompt given as token ids; needs no tokenizer.</summary>
    public sealed record FromTokenIds(IReadOnlyList<int> TokenIds) : Prompt;

    /// <summary>A prompt given as the turns of a conversation.</summary>
    public sealed record FromConversation(IReadOnlyList<ChatMessage> Messages) : Prompt
    {
        /// <summary>Whether the template opens the assistant's turn; vLLM's <c>add_generation_prompt</c>.</summary>
        public bool AddGenerationPrompt { get; init; } = true;

        /// <summary>
        /// More variables for the template, such as <c>enable_thinking</c>; vLLM's <c>chat_template_kwargs</c>. See
        /// <see cref="ChatTemplate.Render(IReadOnlyList{ChatMessage}, bool, IReadOnlyDictionary{string, object?}?)"/>.
        /// </summary>
        public IReadOnlyDictionary<string, object?>? Variables { get; init; }
    }

    /// <summary>A prompt given as text.</summary>
    public static implicit operator Prompt(string text) => new FromText(text);

    /// <summary>A prompt given as token ids.</summary>
    public static implicit operator Prompt(int[] tokenIds) => new FromTokenIds(tokenIds);
}
