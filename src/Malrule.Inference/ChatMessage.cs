namespace Malrule.Inference;

/// <summary>One turn of a conversation.</summary>
/// <param name="Role"><c>system</c>, <c>user</c>, <c>assistant</c> or <c>tool</c>, as the chat template knows it.</param>
/// <param name="Content">The turn's text.</param>
public sealed record ChatMessage(string Role, string Content);
