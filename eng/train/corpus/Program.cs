using System.CommandLine;
using System.Text.Json;
using Malrule.Corpus;
using Malrule.Inference;
using Malrule.Mining.Demonstrations;
using Malrule.Mining.Prompts;
using Malrule.Mining.Questions;
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
        WriteMessages(writer, conversation.Messages, conversation.Unlearnable);
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

var questions = new Option<int>("--questions") { Description = "Questions of the bank.", DefaultValueFactory = _ => 600 };
var heldOut = new Option<bool>("--held-out") { Description = "Stems in wordings that are in no training data." };
var labelKeptOut = new Option<bool>("--label-kept-out") { Description = "Demonstrations may show kept-out misconceptions." };
var shots = new Option<int>("--shots") { Description = "Demonstration questions in a prompt.", DefaultValueFactory = _ => 3 };
var prompts = new Command("prompts", "The prompts of a bank's questions to mine, with the right answers: data to evaluate on, not to train on.")
{
    seed, questions, heldOut, labelKeptOut, shots,
};
prompts.SetAction(arguments =>
{
    GeneratedBank bank = SampleBankGenerator.Generate(new SampleBankOptions
    {
        Seed = arguments.GetValue(seed),
        Questions = arguments.GetValue(questions),
        Wordings = arguments.GetValue(heldOut) ? StemWordings.HeldOut : StemWordings.Train,
        LabelKeptOut = arguments.GetValue(labelKeptOut),
    });
    var selector = new DemonstrationSelector(bank.Train, new DemonstrationOptions { Shots = arguments.GetValue(shots) }, seed: 1);
    var builder = new PromptBuilder(new PromptOptions(), bank.Catalogue);
    Distractor[] wanted = [.. bank.Test.Concat(bank.KeptOut).SelectMany(question => question.LabelledDistractors)];
    IReadOnlyList<ChatMessage>[] messages = [.. wanted.Select(distractor => builder.Build(distractor, selector.Select(distractor)))];
    using Stream output = Console.OpenStandardOutput();
    JsonLines.Write(output, 0, wanted.Length, (writer, index) =>
    {
        int misconception = wanted[index].MisconceptionId!.Value;
        writer.WriteStartObject();
        writer.WriteString("id", wanted[index].Id);
        writer.WriteNumber("misconception", misconception);
        writer.WriteString("group", bank.KeptOutIds.Contains(misconception) ? "kept-out" : bank.UnseenIds.Contains(misconception) ? "unseen" : "seen");
        WriteMessages(writer, messages[index], unlearnable: null);
        writer.WriteEndObject();
    });
});

return new RootCommand("Training data for Malrule's small models.") { conversations, pairs, prompts, catalogue }.Parse(args).Invoke();

void WriteMessages(Utf8JsonWriter writer, IReadOnlyList<ChatMessage> messages, IReadOnlySet<int>? unlearnable)
{
    writer.WriteStartArray("messages");
    for (int turn = 0; turn < messages.Count; turn++)
    {
        writer.WriteStartObject();
        writer.WriteString("role", messages[turn].Role);
        writer.WriteString("content", messages[turn].Content);
        if (unlearnable?.Contains(turn) is true)
            writer.WriteBoolean("train", false);
        writer.WriteEndObject();
    }
    writer.WriteEndArray();
}

void Print(ParseResult arguments, Action<Utf8JsonWriter, long> write)
{
    using Stream output = new BufferedStream(Console.OpenStandardOutput(), 1 << 20);
    JsonLines.Write(output, arguments.GetValue(start), arguments.GetValue(count), write);
}
