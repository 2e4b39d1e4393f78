using System.Text.Json;
using Malrule.Inference;
using Malrule.Mining.Demonstrations;
using Malrule.Mining.Prompts;
using Malrule.Mining.Questions;
using Malrule.Tests;
using static Malrule.Mining.Tests.Questions.Banks;

namespace Malrule.Mining.Tests.Prompts;

public sealed class PromptBuilderTests
{
    private static readonly MisconceptionCatalogue Catalogue = new([new(0, " Adds\ntops "), new(1, "Adds bottoms"), new(2, "adds Tops")]);

    private static readonly Question Demonstration = Question(7, " Add ", "Fractions", " 1/2 + 1/3? ", 0, null, 1);

    private static readonly Question Target = Question(8, "Add", "Fractions", "1/4 + 1/5?", 2, 1);

    private static string Render(IEnumerable<ChatMessage> turns) => string.Join('\n', turns.Select(turn => $"<{turn.Role}>{turn.Content}"));

    [Fact]
    public void Compact_layout_shows_each_question_once_and_the_distractor_last()
    {
        IReadOnlyList<ChatMessage> turns = new PromptBuilder(new PromptOptions { Instruction = "Explain." }, Catalogue).Build(Target.Distractors.First(), [Demonstration]);
        Assert.Equal(
            """
            <system>Explain.
            <user>Subject: Fractions
            Construct: Add
            Question: 1/2 + 1/3?
            Correct Answer: key 7
            Incorrect Answer: wrong 7B
            <assistant>Adds tops
            <user>Incorrect Answer: wrong 7D
            <assistant>Adds bottoms
            <user>Subject: Fractions
            Construct: Add
            Question: 1/4 + 1/5?
            Correct Answer: key 8
            Incorrect Answer: wrong 8B
            """, Render(turns));
    }

    [Fact]
    public void Default_prompts_of_one_question_differ_after_everything_they_share()
    {
        var builder = new PromptBuilder(new PromptOptions(), Catalogue);
        string[] prompts = [.. Target.Distractors.Select(distractor => Render(builder.Build(distractor, [Demonstration])))];
        Assert.All(prompts, prompt => Assert.StartsWith(prompts[0][..^"wrong 8B".Length], prompt, StringComparison.Ordinal));
        Assert.All(prompts.Zip("BCD"), pair => Assert.EndsWith($"\nIncorrect Answer: wrong 8{pair.Second}", pair.First, StringComparison.Ordinal));
    }

    [Fact]
    public void Tutorial_prompts_equal_the_golden_conversations()
    {
        QuestionBank bank = Eedi();
        Dictionary<int, Question> questions = bank.Questions.ToDictionary(question => question.Id);
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(TestPaths.Shared("goldens", "tutorial", "golden.json")));
        using JsonDocument conversations = JsonDocument.Parse(File.ReadAllText(TestPaths.Shared("goldens", "tutorial", "conversations.json")));
        Dictionary<string, Question[]> demonstrations = golden.RootElement.GetProperty("items").EnumerateArray().ToDictionary(
            item => item.GetProperty("id").GetString()!,
            item => item.GetProperty("context_question_ids").EnumerateArray().Select(id => questions[id.GetInt32()]).ToArray());
        var builder = new PromptBuilder(PromptOptions.Tutorial, bank.Catalogue);

        int compared = 0;
        foreach (JsonElement conversation in conversations.RootElement.EnumerateArray())
        {
            string id = conversation.GetProperty("id").GetString()!;
            ChatMessage[] expected = [.. conversation.GetProperty("messages").EnumerateArray()
                .Select(turn => new ChatMessage(turn.GetProperty("role").GetString()!, turn.GetProperty("content").GetString()!))];
            Distractor distractor = bank.Distractors.Single(candidate => candidate.Id == id);
            Assert.Equal(expected, builder.Build(distractor, demonstrations[id]));
            compared++;
        }
        Assert.Equal(40, compared);
        Assert.Equal(demonstrations.Keys, bank.Sample(100, 3).Distractors.Select(distractor => distractor.Id));
    }

    [Fact]
    public void A_label_is_shown_when_a_demonstration_bears_its_name_up_to_case_and_spaces()
    {
        var builder = new PromptBuilder(new PromptOptions(), Catalogue);
        Assert.True(builder.ShowsLabel(new Distractor(Target, 'B'), [Demonstration]));
        Assert.True(builder.ShowsLabel(new Distractor(Target, 'C'), [Demonstration]));
        Assert.False(builder.ShowsLabel(new Distractor(Target, 'D'), [Demonstration]));
        Assert.False(builder.ShowsLabel(new Distractor(Target, 'B'), [Question(1, "", "", "", 1)]));
    }

    [Fact]
    public void On_Eedi_the_tutorial_shows_the_label_in_about_half_of_the_prompts()
    {
        QuestionBank bank = Eedi();
        var selector = new DemonstrationSelector(bank.Labelled, DemonstrationOptions.Tutorial, seed: 1);
        var builder = new PromptBuilder(PromptOptions.Tutorial, bank.Catalogue);
        int shown = bank.Distractors.Count(distractor => builder.ShowsLabel(distractor, selector.Select(distractor)));
        Assert.InRange(shown / 4370.0, 0.475, 0.500); // 0.487 in the published study
    }
}
