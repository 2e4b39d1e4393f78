using Malrule.Inference;
using Malrule.Mining.Prompts;
using Malrule.Mining.Questions;
using Malrule.SampleBank;

namespace Malrule.Corpus;

/// <summary>What an evaluation prompt is made from.</summary>
internal enum EvaluationSet
{
    /// <summary>The banks' parameters in training wordings; rules the models know.</summary>
    Parameters,

    /// <summary>The same with the question under test in a wording held out of training.</summary>
    Wordings,

    /// <summary>A kept-out rule that no demonstration shows.</summary>
    KeptOut,

    /// <summary>A kept-out rule that a demonstration names.</summary>
    KeptOutShown,
}

/// <summary>A prompt with the mal-rule behind its last turn.</summary>
/// <param name="Messages">The default preset's prompt.</param>
/// <param name="Gold">The rule that made the distractor.</param>
/// <param name="IsShown">Whether a demonstration is labelled with it.</param>
internal sealed record EvaluationPrompt(IReadOnlyList<ChatMessage> Messages, MalRule Gold, bool IsShown);

/// <summary>
/// Prompts as the miner sends them on a bank, to measure a model in training: parameters are the banks' own, three demonstrations are of
/// the same construct, and three in ten misconceptions are never labelled. Each prompt is a function of (seed, index).
/// </summary>
internal sealed class EvaluationGenerator(long seed, EvaluationSet set)
{
    private const int Demonstrations = 3;

    public EvaluationPrompt Generate(long index)
    {
        var random = new SeededRandom(seed, index);
        while (true)
        {
            if (Draw(random) is { } prompt)
                return prompt;
        }
    }

    private EvaluationPrompt? Draw(SeededRandom random)
    {
        MalRule gold = random.Pick(Curriculum.Rules);
        if (gold.IsKeptOut != (set is EvaluationSet.KeptOut or EvaluationSet.KeptOutShown))
            return null;
        Construct construct = gold.Construct;
        int focus = construct.Rules.ToList().IndexOf(gold);
        var labelled = new HashSet<MalRule>(construct.Rules.Where(rule => rule == gold ? Labels(random) : random.Chance(0.7)));
        var writer = new QuestionWriter(random) { Pool = Pool.Banks, WritesKeptOutRules = true };
        var shown = new List<WrittenQuestion>();
        for (int attempt = 0; attempt < 20 && shown.Count < Demonstrations; attempt++)
        {
            if (writer.Write(construct, [], labelled.Contains(gold) && shown.Count == 0 ? focus : null) is not { } question)
                return null;
            question.KeepLabels(cause => labelled.Contains((MalRule)cause));
            if (question.Causes.Any(cause => cause is not null))
                shown.Add(question);
        }
        random.Shuffle(shown);
        writer.HeldOutWordings = set == EvaluationSet.Wordings;
        if (writer.Write(construct, [], focus) is not { } target)
            return null;
        int letter = Array.IndexOf(target.Causes, gold);
        if (letter < 0)
            return null;
        bool isShown = shown.Any(question => question.Causes.Contains(gold));
        if (set == EvaluationSet.KeptOutShown && !isShown)
            return null;
        var builder = new PromptBuilder(new PromptOptions(), new MisconceptionCatalogue([.. construct.Rules.Select(rule => new Misconception(rule.Id, rule.Name))]));
        Question[] demonstrations = [.. shown.Select((question, place) => question.ToQuestion(place, IdOf))];
        var distractor = new Distractor(target.ToQuestion(shown.Count, IdOf), Question.Letters[letter]);
        return new EvaluationPrompt(builder.Build(distractor, demonstrations), gold, isShown);

        static int IdOf(object cause) => ((MalRule)cause).Id;
    }

    private bool Labels(SeededRandom random) => set switch
    {
        EvaluationSet.KeptOut => false,
        EvaluationSet.KeptOutShown => true,
        _ => random.Chance(0.7),
    };
}
