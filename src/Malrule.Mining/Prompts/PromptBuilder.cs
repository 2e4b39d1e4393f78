using Malrule.Inference;
using Malrule.Mining.Questions;

namespace Malrule.Mining.Prompts;

/// <summary>Writes the conversation that asks for a distractor's misconception, its demonstrations first. Safe for concurrent use.</summary>
public sealed class PromptBuilder(PromptOptions options, MisconceptionCatalogue catalogue)
{
    /// <summary>The turns of a prompt; the last is the user's and ends with the distractor.</summary>
    /// <param name="distractor">What to explain.</param>
    /// <param name="demonstrations">Labelled questions in the order in which they stand; distractors without a label are left out.</param>
    public IReadOnlyList<ChatMessage> Build(Distractor distractor, IReadOnlyList<Question> demonstrations)
    {
        var turns = new List<ChatMessage>();
        if (options.Instruction is not null)
            turns.Add(new ChatMessage("system", options.Instruction));
        foreach (Question demonstration in demonstrations)
            Show(turns, demonstration, [.. demonstration.LabelledDistractors]);
        Show(turns, distractor.Question, [distractor], isTarget: true);
        return turns;
    }

    /// <summary>Whether a demonstration gives the distractor's own label away, by name: then a right answer may be a copied one.</summary>
    public bool ShowsLabel(Distractor distractor, IReadOnlyList<Question> demonstrations) =>
        distractor.MisconceptionId is { } label && demonstrations
            .SelectMany(demonstration => demonstration.LabelledDistractors)
            .Any(shown => catalogue[shown.MisconceptionId!.Value].CleanName.Equals(catalogue[label].CleanName, StringComparison.OrdinalIgnoreCase));

    private void Show(List<ChatMessage> turns, Question question, Distractor[] distractors, bool isTarget = false)
    {
        string opening = (options.IncludeTopic ? $"Subject: {question.SubjectName.Trim()}\nConstruct: {question.ConstructName.Trim()}\n" : "")
            + "Question: " + question.Stem.Trim();
        string key = "Correct Answer: " + question.KeyText.Trim();
        for (int i = 0; i < distractors.Length; i++)
        {
            string distractor = "Incorrect Answer: " + distractors[i].Text.Trim();
            if (options.Layout == PromptLayout.Dialogue)
            {
                User(opening);
                Assistant("Provide me with the correct answer for a baseline.");
                User(key);
                Assistant("Now provide the incorrect answer and I will anaylze the difference to infer the misconception.");
                User(distractor);
                if (!isTarget)
                    Assistant("Misconception for incorrect answer: " + NameOf(distractors[i]));
            }
            else
            {
                User(i == 0 ? $"{opening}\n{key}\n{distractor}" : distractor);
                if (!isTarget)
                    Assistant(NameOf(distractors[i]));
            }
        }

        void User(string text) => turns.Add(new ChatMessage("user", text));
        void Assistant(string text) => turns.Add(new ChatMessage("assistant", text));
    }

    private string NameOf(Distractor distractor)
    {
        Misconception misconception = catalogue[distractor.MisconceptionId!.Value];
        return options.CleanNames ? misconception.CleanName : misconception.Name;
    }
}
