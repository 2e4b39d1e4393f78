using Malrule.Mining.Questions;

namespace Malrule.SampleBank;

/// <summary>
/// Makes banks of questions whose wrong options follow known mal-rules. Parameters come from the pool that training never uses, no two
/// questions share theirs, and a label is given only where no other rule of the construct leads to the same option. Three in ten
/// misconceptions, drawn by the seed and spread over the constructs, never label a question to learn from.
/// </summary>
public static class SampleBankGenerator
{
    private const double TestShare = 1.0 / 3, KeptOutShare = 0.07, UnseenShare = 0.3;
    private const int SeenRulesLeft = 2; // in each construct

    private enum Part
    {
        Train,
        Test,
        KeptOut,
    }

    /// <summary>The bank of these options.</summary>
    /// <exception cref="Inference.InvalidInputException">An option is outside its range.</exception>
    public static GeneratedBank Generate(SampleBankOptions options)
    {
        options.Validate();
        var random = new SeededRandom(options.Seed);
        HashSet<MalRule> unseen = DrawUnseen(random);
        MalRule[] keptOut = [.. Curriculum.Rules.Where(rule => rule.IsKeptOut)];

        int testCount = (int)Math.Round(options.Questions * TestShare), keptOutCount = (int)Math.Round(options.Questions * KeptOutShare);
        var train = new QuestionDealer(random, rule => !rule.IsKeptOut || options.LabelKeptOut, rule => !unseen.Contains(rule));
        var test = new QuestionDealer(random, rule => !rule.IsKeptOut, _ => true);
        var drafts = new List<(Part Part, Question Question)>();
        var taken = new HashSet<string>();
        foreach (Construct construct in InTurn(random, options.Questions - testCount - keptOutCount))
            drafts.Add((Part.Train, train.Deal(construct, taken, heldOutWording: false)));
        bool heldOut = options.Wordings == StemWordings.HeldOut;
        foreach (Construct construct in InTurn(random, testCount))
            drafts.Add((Part.Test, test.Deal(construct, taken, heldOut)));
        for (int i = 0; i < keptOutCount; i++)
        {
            MalRule rule = keptOut[i % keptOut.Length];
            var dealer = new QuestionDealer(random, other => !other.IsKeptOut || other == rule, other => other == rule);
            drafts.Add((Part.KeptOut, dealer.Deal(rule.Construct, taken, heldOut)));
        }

        random.Shuffle(drafts);
        for (int id = 0; id < drafts.Count; id++)
            drafts[id] = (drafts[id].Part, drafts[id].Question with { Id = id });
        return new GeneratedBank
        {
            Catalogue = new MisconceptionCatalogue([.. Curriculum.Rules.Select(rule => new Misconception(rule.Id, rule.Name))]),
            Train = Of(Part.Train),
            Test = Of(Part.Test),
            KeptOut = Of(Part.KeptOut),
            UnseenIds = [.. unseen.Select(rule => rule.Id).Order()],
            KeptOutIds = [.. keptOut.Select(rule => rule.Id)],
        };

        Question[] Of(Part part) => [.. drafts.Where(draft => draft.Part == part).Select(draft => draft.Question)];
    }

    private static HashSet<MalRule> DrawUnseen(SeededRandom random)
    {
        int wanted = (int)Math.Round(Curriculum.Rules.Count * UnseenShare);
        var unseen = new HashSet<MalRule>();
        while (unseen.Count < wanted)
        {
            foreach (Construct construct in InTurn(random, Curriculum.Constructs.Count))
            {
                MalRule[] seen = [.. construct.Rules.Where(rule => !rule.IsKeptOut && !unseen.Contains(rule))];
                if (unseen.Count < wanted && seen.Length > SeenRulesLeft)
                    unseen.Add(random.Pick(seen));
            }
        }
        return unseen;
    }

    /// <summary>The constructs in random order, again and again, so that each comes as often as any other, give or take one.</summary>
    private static IEnumerable<Construct> InTurn(SeededRandom random, int count)
    {
        Construct[] order = [.. Curriculum.Constructs];
        for (int i = 0; i < count; i++)
        {
            if (i % order.Length == 0)
                random.Shuffle(order);
            yield return order[i % order.Length];
        }
    }
}
