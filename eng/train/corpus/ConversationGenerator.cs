using Malrule.Inference;
using Malrule.Mining.Prompts;
using Malrule.Mining.Questions;
using Malrule.SampleBank;

namespace Malrule.Corpus;

/// <summary>A training conversation: the default preset's prompt and the answer.</summary>
/// <param name="Messages">All turns; the last is the answer.</param>
/// <param name="Unlearnable">Places of assistant turns that nothing before them tells: the first use of a name that only this conversation has.</param>
internal sealed record Conversation(IReadOnlyList<ChatMessage> Messages, IReadOnlySet<int> Unlearnable);

/// <summary>
/// Conversations as <c>malrule mine --preset default</c> sends them, with their answers. Each is a function of (seed, index) alone.
/// Parameters come from the training pool, stems from the training wordings, and no kept-out mal-rule takes part.
/// </summary>
internal sealed class ConversationGenerator(long seed, int? demonstrations = null)
{
    private const int FirstInventedId = 10_000;
    private static readonly int[] DemonstrationWeights = [10, 9, 14, 36, 13, 9, 9]; // of 0 to 6; the miner's default is 3
    private static readonly PromptOptions Prompts = new();

    /// <summary>The conversation at this place of the corpus.</summary>
    public Conversation Generate(long index)
    {
        var random = new SeededRandom(seed, index);
        while (true)
        {
            if (Draw(random) is { } conversation)
                return conversation;
        }
    }

    private Conversation? Draw(SeededRandom random)
    {
        Construct construct = random.Pick(Curriculum.Constructs);
        var writer = new QuestionWriter(random);
        var dialect = new Dialect(random);
        InventedProcedure[] invented = dialect.Invents ? Invent(random, construct, writer) : [];

        // The rule that the last turn may ask for is shown more often than the others, as a bank shows the rules of a construct many times over.
        int focus = random.Int(0, construct.Rules.Count - 1);
        int count = demonstrations ?? random.Weighted(DemonstrationWeights);
        var labelled = new HashSet<MalRule>(construct.Rules.Where(rule => !rule.IsKeptOut && random.Chance(0.75)));
        var shown = new List<WrittenQuestion>();
        for (int i = 0; i < count; i++)
        {
            Construct topic = random.Chance(0.92) ? construct : Neighbour(random, construct);
            WrittenQuestion? question = writer.Write(topic, topic == construct ? invented : [], topic == construct && random.Chance(0.5) ? focus : null);
            if (question is null)
                return null;
            question.KeepLabels(cause => cause is InventedProcedure || topic != construct || labelled.Contains((MalRule)cause));
            if (question.Causes.Any(cause => cause is not null))
                shown.Add(question);
        }
        if (writer.Write(construct, invented, focus) is not { } target)
            return null;
        return ChooseTarget(random, target, shown, dialect) is { } letter ? Assemble(shown, target, letter, dialect) : null;
    }

    /// <summary>The option asked for: mostly, where there is one, a local name that a demonstration has shown; any other otherwise; null: none can be told.</summary>
    private static int? ChooseTarget(SeededRandom random, WrittenQuestion target, List<WrittenQuestion> shown, Dialect dialect)
    {
        var demonstrated = shown.SelectMany(question => question.Causes).ToHashSet();
        int[] wrong = [.. Enumerable.Range(0, 4).Where(i => target.Causes[i] is not null)];
        int[] copied = [.. wrong.Where(i => demonstrated.Contains(target.Causes[i]) && (target.Causes[i] is InventedProcedure || dialect.NameOf((MalRule)target.Causes[i]!).IsLocal))];
        if (copied.Length > 0 && random.Chance(0.7))
            return random.Pick(copied);
        int[] others = [.. wrong.Where(i => target.Causes[i] is MalRule || demonstrated.Contains(target.Causes[i]))];
        return others.Length > 0 ? random.Pick(others) : null;
    }

    private static Conversation Assemble(List<WrittenQuestion> shown, WrittenQuestion target, int letter, Dialect dialect)
    {
        var names = new Dictionary<int, Misconception>();
        var ids = new Dictionary<object, int>();
        var unlearnable = new HashSet<int>();
        var told = new HashSet<object>();
        int turn = 2; // the system's turn and the first user's stand before the first answer
        var demonstrations = new List<Question>();
        foreach (WrittenQuestion question in shown)
        {
            demonstrations.Add(question.ToQuestion(demonstrations.Count, IdOf));
            foreach (object cause in question.Causes.OfType<object>())
            {
                if (IsLocal(cause) && told.Add(cause))
                    unlearnable.Add(turn);
                turn += 2;
            }
        }
        object wanted = target.Causes[letter]!;
        string answer = wanted is MalRule rule && IsLocal(rule) && !told.Contains(rule) ? rule.Name : NameOf(wanted);
        Question asked = target.ToQuestion(demonstrations.Count, IdOf);
        var builder = new PromptBuilder(Prompts, new MisconceptionCatalogue([.. names.Values]));
        IReadOnlyList<ChatMessage> prompt = builder.Build(new Distractor(asked, Question.Letters[letter]), demonstrations);
        return new Conversation([.. prompt, new ChatMessage("assistant", answer)], unlearnable);

        int IdOf(object cause)
        {
            if (!ids.TryGetValue(cause, out int id))
            {
                ids.Add(cause, id = cause is MalRule known ? known.Id : FirstInventedId + ids.Count);
                names.Add(id, new Misconception(id, NameOf(cause)));
            }
            return id;
        }

        bool IsLocal(object cause) => cause is not MalRule known || dialect.NameOf(known).IsLocal;
        string NameOf(object cause) => cause is MalRule known ? dialect.NameOf(known).Name : ((InventedProcedure)cause).Name;
    }

    private static InventedProcedure[] Invent(SeededRandom random, Construct construct, QuestionWriter writer)
    {
        var procedures = new List<InventedProcedure>();
        int wanted = random.Int(1, 3);
        for (int attempt = 0; attempt < 12 && procedures.Count < wanted; attempt++)
        {
            Exercise example = construct.Draw(random, Pool.Training);
            if (InventedProcedure.Draw(random, example) is { } procedure && writer.Suits(procedure, construct))
                procedures.Add(procedure);
        }
        return [.. procedures];
    }

    /// <summary>Another construct nearby in teaching order: what a search by similarity brings beside the construct's own questions.</summary>
    private static Construct Neighbour(SeededRandom random, Construct construct)
    {
        int place = construct.Id + random.SignedInt(1, 3);
        return Curriculum.Constructs[Math.Clamp(place, 0, Curriculum.Constructs.Count - 1)];
    }
}
