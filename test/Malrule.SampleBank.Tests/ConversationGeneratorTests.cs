using Malrule.Corpus;
using Malrule.Inference;

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

    [Fact]
    public void Wordings_held_out_never_appear_in_training()
    {
        var heldOut = new HashSet<string>();
        foreach (Construct construct in Curriculum.Constructs)
        {
            var random = new SeededRandom(6, construct.Id);
            for (int draw = 0; draw < 40; draw++)
                heldOut.Add(Skeleton(construct.Draw(random, Pool.Training).Stem(random, heldOut: true)));
        }
        var generator = new ConversationGenerator(3);
        var training = new HashSet<string>();
        for (int i = 0; i < 3000; i++)
            training.UnionWith(generator.Generate(i).Messages.Where(message => message.Content.Contains("Question: ", StringComparison.Ordinal)).Select(StemOf));
        Assert.Empty(training.Intersect(heldOut));
        Assert.True(training.Count > 7 * Curriculum.Constructs.Count, "not every wording was met: this test would see nothing");

        static string StemOf(ChatMessage message)
        {
            int from = message.Content.IndexOf("Question: ", StringComparison.Ordinal) + "Question: ".Length;
            return Skeleton(message.Content[from..message.Content.IndexOf("\nCorrect Answer: ", StringComparison.Ordinal)]);
        }

        // A wording without its numbers and signs.
        static string Skeleton(string stem) => string.Concat(stem.Where(c => char.IsLetter(c) || c == ' ')).Replace(" ", "", StringComparison.Ordinal);
    }

    [Fact]
    public void A_fifth_of_the_parameter_sets_is_for_banks_and_no_draw_for_training_meets_it()
    {
        Construct construct = Curriculum.Constructs[0];
        int banks = Enumerable.Range(0, 10_000).Count(i => Exercise.PoolOf(construct, $"({i}, {i * 7})") == Pool.Banks);
        Assert.InRange(banks, 1900, 2100);

        var random = new SeededRandom(8);
        HashSet<string> training = [.. Enumerable.Range(0, 2000).Select(_ => construct.Draw(random, Pool.Training).Parameters)];
        Assert.DoesNotContain(Enumerable.Range(0, 2000), _ => training.Contains(construct.Draw(random, Pool.Banks).Parameters));
    }
}
