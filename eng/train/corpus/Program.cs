using System.CommandLine;
using Malrule.Corpus;
using Malrule.Inference;
using Malrule.SampleBank;

// Training data for the small models as JSON Lines on standard output; README.md beside this file has the formats.
var seed = new Option<long>("--seed") { Description = "Every line is a function of the seed and its place.", DefaultValueFactory = _ => 1 };
var count = new Option<long>("--count") { Description = "Lines to write.", Required = true };
var start = new Option<long>("--start") { Description = "Place of the first line." };
var demonstrations = new Option<int?>("--demonstrations") { Description = "Demonstration questions in every conversation; without it, 0 to 6." };

var conversations = new Command("conversations", "Prompts of the default preset with their answers.") { seed, count, start, demonstrations };
conversations.SetAction(arguments =>
{
    var generator = new ConversationGenerator(arguments.GetValue(seed), arguments.GetValue(demonstrations));
    Print(arguments, (writer, index) =>
    {
        Conversation conversation = generator.Generate(index);
        writer.WriteStartObject();
        writer.WriteStartArray("messages");
        for (int turn = 0; turn < conversation.Messages.Count; turn++)
        {
            ChatMessage message = conversation.Messages[turn];
            writer.WriteStartObject();
            writer.WriteString("role", message.Role);
            writer.WriteString("content", message.Content);
            if (conversation.Unlearnable.Contains(turn))
                writer.WriteBoolean("train", false);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    });
});

var pairs = new Command("pairs", "Pairs of texts that mean the same misconception.") { seed, count, start };
pairs.SetAction(arguments =>
{
    var generator = new PairGenerator(arguments.GetValue(seed));
    Print(arguments, (writer, index) =>
    {
        ParaphrasePair pair = generator.Generate(index);
        writer.WriteStartObject();
        writer.WriteString("anchor", pair.Anchor);
        writer.WriteString("positive", pair.Positive);
        writer.WriteNumber("id", pair.Id);
        writer.WriteEndObject();
    });
});

var set = new Option<EvaluationSet>("--set") { Description = "What the prompts are made from." };
var evaluation = new Command("evaluation", "Prompts that no training conversation holds, with the misconception behind each.") { seed, count, start, set };
evaluation.SetAction(arguments =>
{
    var generator = new EvaluationGenerator(arguments.GetValue(seed), arguments.GetValue(set));
    Print(arguments, (writer, index) =>
    {
        EvaluationPrompt prompt = generator.Generate(index);
        writer.WriteStartObject();
        writer.WriteStartArray("messages");
        foreach (ChatMessage message in prompt.Messages)
        {
            writer.WriteStartObject();
            writer.WriteString("role", message.Role);
            writer.WriteString("content", message.Content);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteNumber("id", prompt.Gold.Id);
        writer.WriteBoolean("shown", prompt.IsShown);
        writer.WriteEndObject();
    });
});

var catalogue = new Command("catalogue", "The misconceptions, kept-out ones marked.");
catalogue.SetAction(_ =>
{
    using Stream output = Console.OpenStandardOutput();
    JsonLines.Write(output, 0, Curriculum.Rules.Count, (writer, index) =>
    {
        MalRule rule = Curriculum.Rules[(int)index];
        writer.WriteStartObject();
        writer.WriteNumber("id", rule.Id);
        writer.WriteString("name", rule.Name);
        writer.WriteString("construct", rule.Construct.Name);
        writer.WriteBoolean("kept_out", rule.IsKeptOut);
        writer.WriteStartArray("paraphrases");
        foreach (string paraphrase in rule.Paraphrases)
            writer.WriteStringValue(paraphrase);
        writer.WriteEndArray();
        writer.WriteEndObject();
    });
});

return new RootCommand("Training data for Malrule's small models.") { conversations, pairs, evaluation, catalogue }.Parse(args).Invoke();

void Print(ParseResult arguments, Action<System.Text.Json.Utf8JsonWriter, long> write)
{
    using Stream output = new BufferedStream(Console.OpenStandardOutput(), 1 << 20);
    JsonLines.Write(output, arguments.GetValue(start), arguments.GetValue(count), write);
}
