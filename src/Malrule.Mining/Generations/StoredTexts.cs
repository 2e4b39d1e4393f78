using Malrule.Inference;
using Malrule.Mining.Questions;

namespace Malrule.Mining.Generations;

/// <summary>Texts read from a file in place of generating any: those about the distractors to mine and, from which the hybrid learns, about labelled ones.</summary>
internal sealed class StoredTexts
{
    private const int Named = 3;

    private readonly string _path;
    private readonly Dictionary<string, Generation> _byId;

    private StoredTexts(string path, Dictionary<string, Generation> byId, IReadOnlyList<string> unused) => (_path, _byId, Unused) = (path, byId, unused);

    /// <summary>What is known, in the order of the distractors.</summary>
    public IReadOnlyDictionary<string, Generation> ById => _byId;

    /// <summary>Ids of lines about nothing that is ranked or learnt from.</summary>
    public IReadOnlyList<string> Unused { get; }

    /// <summary>Whether there is a text about a distractor.</summary>
    public bool Has(Distractor distractor) => _byId.TryGetValue(distractor.Id, out Generation? generation) && generation.Texts.Count > 0;

    /// <summary>Reads a file.</summary>
    /// <param name="path">One JSON object a line.</param>
    /// <param name="bank">The questions.</param>
    /// <param name="distractors">Those to mine.</param>
    /// <param name="learns">Whether texts about other labelled distractors are of use.</param>
    /// <exception cref="InvalidInputException">The file cannot be read, a line is wrong, or none is about a distractor to mine.</exception>
    public static StoredTexts Read(string path, QuestionBank bank, IReadOnlyList<Distractor> distractors, bool learns)
    {
        IReadOnlyDictionary<string, Generation> all = GenerationFile.Read(path);
        IEnumerable<Distractor> labelled = learns ? bank.Labelled.SelectMany(question => question.LabelledDistractors) : [];
        var byId = new Dictionary<string, Generation>();
        foreach (Distractor distractor in distractors.Concat(labelled))
        {
            if (all.TryGetValue(distractor.Id, out Generation? generation))
                byId.TryAdd(distractor.Id, generation);
        }
        var stored = new StoredTexts(path, byId, [.. all.Keys.Where(id => !byId.ContainsKey(id))]);
        if (!distractors.Any(stored.Has))
            throw new InvalidInputException($"{path}: none of its {all.Count} lines has a text about one of the {distractors.Count} distractors to rank, such as {distractors[0].Id}{(all.Count > 0 ? $"; the first is about {all.Keys.First()}" : "")}. Name the questions it was made from with --data and --questions.");
        stored.CheckDemonstrations(bank);
        return stored;
    }

    /// <summary>Names some of the lines that are of no use; null where there are none.</summary>
    public string? Remark() => Unused.Count == 0 ? null
        : $"{_path} has lines about no distractor of these questions: {string.Join(", ", Unused.Take(Named))}{(Unused.Count > Named ? ", ..." : "")}.";

    private void CheckDemonstrations(QuestionBank bank)
    {
        HashSet<int> known = [.. bank.Labelled.Select(question => question.Id)];
        foreach (Generation generation in _byId.Values)
        {
            foreach (int id in generation.Demonstrations ?? [])
            {
                if (!known.Contains(id))
                    throw new InvalidInputException($"{_path}: {generation.Id} names question {id} as a demonstration, which train.csv does not hold. Use the data the texts were made with, or leave \"demonstrations\" out.");
            }
        }
    }
}
