using Malrule.Corpus;

namespace Malrule.SampleBank.Tests;

public sealed class ConversationGeneratorTests
{
    [Fact]
    public void A_conversation_depends_on_seed_and_place_alone()
    {
        Conversation first = new ConversationGenerator(7).Generate(1234);
        Assert.Equal(first.Messages, new ConversationGenerator(7).Generate(1234).Messages);
        Assert.NotEqual(first.Messages, new ConversationGenerator(8).Generate(1234).Messages);
    }

    [Fact]
    public void Kept_out_misconceptions_never_appear_in_training()
    {
        string[] keptOut = [.. Curriculum.Rules.Where(rule => rule.IsKeptOut).SelectMany(rule => rule.Paraphrases.Append(rule.Name))];
        Assert.NotEmpty(keptOut);
        var conversations = new ConversationGenerator(1);
        var pairs = new PairGenerator(1);
        for (int i = 0; i < 5000; i++)
        {
            Assert.DoesNotContain(conversations.Generate(i).Messages, message => keptOut.Contains(message.Content));
            Assert.False(Curriculum.Rules[pairs.Generate(i).Id].IsKeptOut);
        }
    }

    [Fact]
    public void A_name_of_this_conversation_only_is_an_answer_only_after_a_demonstration()
    {
        string[] known = [.. Curriculum.Rules.SelectMany(rule => rule.Paraphrases.Append(rule.Name))];
        var generator = new ConversationGenerator(2);
        int copied = 0;
        for (int i = 0; i < 3000; i++)
        {
            Conversation conversation = generator.Generate(i);
            var told = new HashSet<string>();
            for (int turn = 0; turn < conversation.Messages.Count; turn++)
            {
                (string role, string content) = conversation.Messages[turn];
                if (role != "assistant")
                    continue;
                if (!conversation.Unlearnable.Contains(turn) && !known.Contains(content))
                {
                    Assert.Contains(content, told);
                    copied++;
                }
                told.Add(content);
            }
        }
        Assert.True(copied > 300, $"only {copied} answers copy a demonstrated name");
    }
}
