using Malrule.Inference;
using Malrule.Mining.Questions;

namespace Malrule.Mining.Prompts;

/// <summary>The prompt of one distractor.</summary>
/// <param name="Distractor">What is asked about.</param>
/// <param name="Demonstrations">The questions that demonstrate the task, in their order.</param>
/// <param name="Messages">The conversation.</param>
/// <param name="Tokens">Its length as the model reads it.</param>
/// <param name="Dropped">Demonstrations that were left out to make room.</param>
internal sealed record MiningPrompt(Distractor Distractor, IReadOnlyList<Question> Demonstrations, IReadOnlyList<ChatMessage> Messages, int Tokens, int Dropped)
{
    /// <summary>Writes a prompt; where <paramref name="fit"/>, the first demonstration goes, then the next, until it has at most <paramref name="room"/> tokens.</summary>
    public static MiningPrompt Write(
        PromptBuilder builder, Distractor distractor, IReadOnlyList<Question> demonstrations, Func<IReadOnlyList<ChatMessage>, int> countTokens, int room, bool fit)
    {
        for (int dropped = 0; ; dropped++)
        {
            Question[] kept = [.. demonstrations.Skip(dropped)];
            IReadOnlyList<ChatMessage> messages = builder.Build(distractor, kept);
            int tokens = countTokens(messages);
            if (tokens <= room || kept.Length == 0 || !fit)
                return new MiningPrompt(distractor, kept, messages, tokens, dropped);
        }
    }
}
