using System.Text;
using Malrule.Inference;
using Malrule.Mining.Questions;

namespace Malrule.Mining.Rankings.Reranking;

/// <summary>
/// The conversation that asks for a letter. What all windows of a distractor share comes first, and before it what all distractors of its question
/// do, so that a prefix cache computes either once; the lettered names come last.
/// </summary>
internal sealed class RerankPrompt(RerankOptions options, MisconceptionCatalogue catalogue)
{
    public const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    public IReadOnlyList<ChatMessage> Build(Distractor distractor, IReadOnlyList<int?> window)
    {
        Question question = distractor.Question;
        var text = new StringBuilder();
        if (options.IncludeTopic)
            text.Append("Subject: ").Append(question.SubjectName.Trim()).Append("\nConstruct: ").Append(question.ConstructName.Trim()).Append('\n');
        text.Append("Question: ").Append(question.Stem.Trim())
            .Append("\nCorrect Answer: ").Append(question.KeyText.Trim())
            .Append("\nIncorrect Answer: ").Append(distractor.Text.Trim())
            .Append("\n\nWhich misconception leads to the incorrect answer?");
        for (int i = 0; i < window.Count; i++)
            text.Append('\n').Append(Letters[i]).Append(". ").Append(window[i] is { } id ? catalogue[id].CleanName : options.NoneOfThese);
        return [new ChatMessage("system", options.Instruction), new ChatMessage("user", text.ToString())];
    }
}
