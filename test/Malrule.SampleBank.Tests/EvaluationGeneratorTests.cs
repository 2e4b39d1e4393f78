using Malrule.Corpus;

namespace Malrule.SampleBank.Tests;

public sealed class EvaluationGeneratorTests
{
    [Fact]
    public void A_kept_out_misconception_is_named_in_the_prompt_only_where_the_set_says_so()
    {
        var unseen = new EvaluationGenerator(1, EvaluationSet.KeptOut);
        var shown = new EvaluationGenerator(1, EvaluationSet.KeptOutShown);
        for (int i = 0; i < 200; i++)
        {
            EvaluationPrompt without = unseen.Generate(i), with = shown.Generate(i);
            Assert.True(without.Gold.IsKeptOut && with.Gold.IsKeptOut);
            Assert.DoesNotContain(without.Messages, message => message.Content == without.Gold.Name);
            Assert.Contains(with.Messages, message => message.Role == "assistant" && message.Content == with.Gold.Name);
        }
    }

    [Fact]
    public void The_question_under_test_is_in_no_training_conversation()
    {
        var training = new ConversationGenerator(1);
        var trained = Enumerable.Range(0, 3000).SelectMany(i => training.Generate(i).Messages).Select(message => Question(message.Content)).ToHashSet();
        foreach (EvaluationSet set in Enum.GetValues<EvaluationSet>())
        {
            var generator = new EvaluationGenerator(1, set);
            for (int i = 0; i < 200; i++)
                Assert.DoesNotContain(Question(generator.Generate(i).Messages[^1].Content), trained);
        }

        static string Question(string turn) => turn.Split("\nIncorrect Answer")[0];
    }
}
